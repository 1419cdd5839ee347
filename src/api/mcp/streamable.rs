//! Streamable HTTP: one message in, its answer out.

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    dev::Payload,
    http::{StatusCode, header::CONTENT_TYPE},
    web,
};
use futures_util::{StreamExt, future::LocalBoxFuture};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        gate::{
            auth::still_good,
            caller::{page, policy::Policy},
        },
        kit::{
            Content, DescribeAnswer, Operation, Repeat,
            body::{broken_off, too_large},
            describe::DescribeArg,
            shape,
        },
        mcp::{
            call::{McpCall, TAG},
            rpc::{self, Answer, Headers},
        },
    },
    domain::{Error, ErrorCode},
    mcp::message::MOST_BYTES,
    services::Services,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/mcp", post)
            .named("callMcp")
            .about(TAG, "Send one message of the Model Context Protocol, and get its answer")
            .details(
                "Streamable HTTP without sessions, in both eras of the protocol: with `initialize`, and by revision \
                 2026-07-28 with `_meta` and the headers `MCP-Protocol-Version`, `Mcp-Method` and `Mcp-Name`. The key \
                 needs the scope `mcp`, and each tool its own.",
            )
            .repeats(Repeat::Unkeyed)
            .may_fail(&[ErrorCode::NotFound]),
    ]
}

/// A message as its bytes.
pub struct RpcMessage(pub web::Bytes);

/// A request, a notification or an answer of JSON-RPC 2.0.
#[derive(ToSchema)]
#[schema(as = McpMessage, example = json!({
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": { "name": "example", "version": "1.0.0" },
    },
}))]
#[expect(dead_code, reason = "only its schema is read")]
struct MessageBody {
    /// Always 2.0.
    #[schema(example = "2.0")]
    jsonrpc: String,
    /// A text or a whole number; left out for a notification.
    #[schema(value_type = Option<Value>, example = 1)]
    id: Option<Value>,
    /// Such as tools/list or tools/call.
    #[schema(example = "tools/list")]
    method: Option<String>,
    /// What the method takes.
    #[schema(value_type = Option<Object>)]
    params: Option<Map<String, Value>>,
}

/// The answer to a request.
#[derive(Serialize, ToSchema)]
#[schema(as = McpAnswer, example = json!({ "jsonrpc": "2.0", "id": 1, "result": {} }))]
struct AnswerBody {
    /// Always 2.0.
    #[schema(example = "2.0")]
    jsonrpc: String,
    /// The id of the request.
    #[schema(value_type = Value, example = 1)]
    id: Value,
    /// What the method answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    result: Option<Map<String, Value>>,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    error: Option<Map<String, Value>>,
}

impl DescribeArg for RpcMessage {
    fn describe(operation: &mut Operation) {
        operation.body = Some(shape::<MessageBody>);
        operation.body_limit = Some(|| MOST_BYTES);
        operation.may_fail(&[ErrorCode::Invalid, ErrorCode::TooLarge]);
    }
}

impl FromRequest for RpcMessage {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (mut payload, request) = (payload.take(), request.clone());
        Box::pin(async move {
            let named = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let essence = named.and_then(|value| value.split(';').next()).unwrap_or_default();
            if !essence.trim().eq_ignore_ascii_case("application/json") {
                let fault = "the message must be JSON: Content-Type: application/json";
                return Err(Error::invalid(fault).into());
            }
            let mut bytes = web::BytesMut::new();
            while let Some(chunk) = payload.next().await {
                let chunk = chunk.map_err(broken_off)?;
                if MOST_BYTES < bytes.len() + chunk.len() {
                    return Err(too_large(MOST_BYTES).into());
                }
                bytes.extend_from_slice(&chunk);
            }
            // A body may take minutes: what its key could do at the beginning says nothing of its end.
            if let Some(services) = request.app_data::<web::Data<Services>>() {
                still_good(services, &request).await?;
            }
            Ok(Self(bytes.freeze()))
        })
    }
}

/// The answer to a message, with the status that the protocol gives it.
struct RpcAnswer(Answer);

impl Responder for RpcAnswer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let Answer { status, body } = self.0;
        let mut response = HttpResponse::build(status);
        match body {
            Some(body) => response.content_type("application/json").body(body),
            None => response.finish(),
        }
    }
}

impl DescribeAnswer for RpcAnswer {
    fn describe(operation: &mut Operation) {
        operation.succeeds(200, "The answer", Content::Data(shape::<AnswerBody>));
        operation.succeeds(202, "A notification was taken", Content::Other("", ""));
        operation.fails_with(StatusCode::NOT_FOUND);
    }
}

async fn post(call: McpCall, RpcMessage(bytes): RpcMessage) -> Result<RpcAnswer, ApiError> {
    is_open(&call)?;
    let headers = Headers::Own(call.request().headers());
    Ok(RpcAnswer(rpc::answer(&call, bytes, headers).await?))
}

/// Whether there are tools at all, and whether the page that asks may have them.
pub fn is_open(call: &McpCall) -> Result<(), Error> {
    if !call.config.mcp.enabled {
        let message = "There are no tools for assistants here: mcp.enabled is false";
        return Err(Error::new(ErrorCode::NotFound, message));
    }
    let policy = call.request().app_data::<web::Data<Policy>>();
    if policy.is_none_or(|policy| !page::is_from_known_page(policy, call.request().headers())) {
        let message = "The page that asks is neither the gateway's own nor in server.cors_origins";
        return Err(Error::new(ErrorCode::Forbidden, message));
    }
    Ok(())
}
