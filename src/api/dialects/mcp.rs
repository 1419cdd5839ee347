//! Dialect of the tools for assistants: JSON-RPC for what is wrong with a message, and the failures of the business API
//! for who may not send one.

use actix_web::http::StatusCode;
use serde_json::{Value, json, value::to_raw_value};

use crate::{
    api::{
        dialects::Business,
        kit::{
            dialect::{Dialect, Failed, Json, Reply},
            terms::Bucket,
        },
    },
    domain::{Error, ErrorCode, shown::escaped},
};

/// The beginning of all paths of the tools.
pub const BASE: &str = "/api/mcp";

/// Code of JSON-RPC for a message that is none.
const INVALID_REQUEST: i32 = -32_600;

#[derive(Debug)]
pub struct Mcp;

impl Dialect for Mcp {
    fn name(&self) -> &'static str {
        "mcp"
    }

    fn bucket(&self) -> Bucket {
        Bucket::Business
    }

    fn wording(&self) -> &'static str {
        Business.wording()
    }

    fn needs_credential(&self) -> bool {
        true
    }

    fn success(&self, Reply { data, .. }: Reply) -> Json {
        data.map_or_else(|| to_raw_value(&Value::Null), Ok)
    }

    fn success_schema(&self, data: Option<Value>) -> Value {
        data.unwrap_or(Value::Bool(true))
    }

    fn failure(&self, error: &Error) -> Failed {
        let status = match error.code {
            ErrorCode::Invalid => StatusCode::BAD_REQUEST,
            ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            _ => return Business.failure(error),
        };
        let body = json!({
            "jsonrpc": "2.0",
            "id": null,
            "error": { "code": INVALID_REQUEST, "message": escaped(&error.message) },
        });
        Failed { code: "invalid_request", status, body }
    }

    fn http_failure(&self, code: &str, message: &str) -> Value {
        Business.http_failure(code, message)
    }

    fn failure_schema(&self) -> (&'static str, Value) {
        let schema = json!({
            "type": "object",
            "description": "What is wrong with a message, or who may not send one",
            "required": ["error"],
            "properties": {
                "error": {
                    "description": "A sentence; with `jsonrpc`, the code and the message of JSON-RPC",
                    "oneOf": [
                        { "type": "string", "example": "The API key is not valid" },
                        {
                            "type": "object",
                            "required": ["code", "message"],
                            "properties": {
                                "code": {
                                    "type": "integer", "description": "Code of JSON-RPC or MCP",
                                    "example": INVALID_REQUEST,
                                },
                                "message": {
                                    "type": "string", "description": "What is wrong, in a sentence",
                                    "example": "Batches are not supported",
                                },
                                "data": { "description": "More about it, for programs" },
                            },
                        },
                    ],
                },
                "code": {
                    "type": "string", "description": "Kind of a failure without `jsonrpc`",
                    "example": "unauthorized",
                },
                "limit": { "type": "integer", "description": "How many may be there" },
                "retryAfter": { "type": "integer", "description": "Seconds" },
                "jsonrpc": { "const": "2.0", "description": "That it is a message of JSON-RPC" },
                "id": {
                    "type": ["string", "integer", "null"],
                    "description": "The id of the message; null where none was read", "example": 1,
                },
            },
        });
        ("McpFailure", schema)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_message_is_json_rpc_and_who_may_not_send_one_is_not() {
        for (code, status) in [(ErrorCode::Invalid, 400), (ErrorCode::TooLarge, 413)] {
            let failed = Mcp.failure(&Error::new(code, "why"));
            assert_eq!(failed.status.as_u16(), status);
            assert_eq!(failed.body["error"], json!({ "code": -32_600, "message": "why" }));
        }
        for code in [ErrorCode::Unauthenticated, ErrorCode::Forbidden, ErrorCode::RateLimited] {
            let (own, error) = (Mcp.failure(&Error::new(code, "why")), Error::new(code, "why"));
            assert_eq!(own.body, Business.failure(&error).body);
        }
    }
}
