//! Reading what a caller sent: JSON bodies, path segments and query parameters, each with a clear
//! error of its own.

use std::{collections::HashMap, str::FromStr};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header::CONTENT_TYPE, web,
};
use futures_util::{StreamExt, future::LocalBoxFuture};
use serde::de::DeserializeOwned;

use crate::{
    api::error::ApiError,
    domain::{Error, ErrorCode, Jid, MessageId, SessionId, Subject},
};

/// Media in base64 and its envelope.
const LIMIT: usize = 24 * 1024 * 1024;

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let own = request.extensions().get::<BodyLimit>().map(|limit| limit.0);
        let whole = || request.app_data::<web::Data<BodyLimit>>().map_or(LIMIT, |limit| limit.0);
        let limit = own.unwrap_or_else(whole);
        let content_type = request.headers().get(CONTENT_TYPE).cloned();
        let mut payload = payload.take();
        Box::pin(async move {
            let mut bytes = web::BytesMut::new();
            while let Some(chunk) = payload.next().await {
                let chunk = chunk.map_err(|_| Error::invalid("the body broke off"))?;
                if limit < bytes.len() + chunk.len() {
                    let message = format!("the body is larger than {} MiB", limit / 1024 / 1024);
                    return Err(Error::new(ErrorCode::TooLarge, message).into());
                }
                bytes.extend_from_slice(&chunk);
            }
            let named = content_type.as_ref().and_then(|value| value.to_str().ok());
            let is_json = named.is_some_and(|value| {
                let essence = value.split(';').next().unwrap_or_default().trim();
                essence.eq_ignore_ascii_case("application/json")
            });
            // A client that sends nothing need not name its type.
            let is_empty = bytes.is_empty() && named.is_none();
            if !is_json && !is_empty {
                return Err(Error::invalid(
                    "the body must be JSON: Content-Type: application/json",
                )
                .into());
            }
            let bytes = if bytes.is_empty() { b"{}".as_slice() } else { &bytes };
            parse(bytes).map(Self).map_err(ApiError::from)
        })
    }
}

/// How large a body may be, when it is not the usual size.
pub struct BodyLimit(pub usize);

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let reason = error.inner().to_string();
        // serde names a missing field in its message alone.
        let missing =
            reason.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        let field = match (missing, path.as_str()) {
            (Some(field), ".") => field.to_owned(),
            (Some(field), path) => format!("{path}.{field}"),
            (None, "." | "?") => return Error::invalid(format!("the body is not right: {reason}")),
            (None, path) => path.to_owned(),
        };
        let reason = if missing.is_some() { "is required".to_owned() } else { reason };
        Error::invalid_field(&field, reason)
    })
}

/// A segment of the path as text; the framework has decoded it.
pub fn segment<'a>(request: &'a HttpRequest, name: &str) -> &'a str {
    request.match_info().get(name).unwrap_or_default()
}

pub fn session_id(request: &HttpRequest) -> Result<SessionId, ApiError> {
    let text = decoded(segment(request, "sessionId"));
    // What cannot be the name of a session is not one.
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(64).collect();
        Error::not_found(Subject::Session, format!("Session with ID '{shown}' not found")).into()
    })
}

pub fn uuid(request: &HttpRequest, name: &str, subject: Subject) -> Result<uuid::Uuid, ApiError> {
    let text = segment(request, name);
    text.parse().map_err(|_| Error::not_found(subject, format!("there is no '{text}'")).into())
}

/// An address in the path.
pub fn path_jid(request: &HttpRequest, name: &str) -> Result<Jid, ApiError> {
    Ok(jid(&decoded(segment(request, name)))?)
}

pub fn path_message(request: &HttpRequest) -> Result<MessageId, ApiError> {
    let text = decoded(segment(request, "messageId"));
    text.parse().map_err(|_| {
        Error::not_found(Subject::Message, "there is no such message")
            .detail("messageId", text)
            .into()
    })
}

pub fn jid(text: &str) -> Result<Jid, Error> {
    text.parse().map_err(|error: crate::domain::id::IdError| {
        let shown: String = text.chars().take(100).collect();
        Error::invalid(format!("'{shown}' is {error}"))
            .about(Subject::ChatId)
            .detail("chatId", shown)
    })
}

/// A group's address.
pub fn path_group(request: &HttpRequest) -> Result<Jid, ApiError> {
    let group = path_jid(request, "groupId")?;
    if group.is_group() {
        return Ok(group);
    }
    let error = Error::invalid(format!("'{group}' is not a group")).about(Subject::ChatId);
    Err(error.detail("chatId", group.as_str()).into())
}

/// A segment of the path as it is meant.
pub fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The query of a request.
pub struct Query(HashMap<String, String>);

impl Query {
    pub fn of(request: &HttpRequest) -> Self {
        let pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
        Self(pairs.into_owned().collect())
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub fn flag(&self, name: &str, default: bool) -> Result<bool, ApiError> {
        match self.text(name).map(str::to_lowercase).as_deref() {
            None => Ok(default),
            Some("true" | "1" | "yes" | "on") => Ok(true),
            Some("false" | "0" | "no" | "off") => Ok(false),
            Some(_) => Err(Error::invalid_field(name, "must be true or false").into()),
        }
    }

    pub fn number<N>(&self, name: &str, default: N, least: N, most: N) -> Result<N, ApiError>
    where
        N: FromStr + PartialOrd + std::fmt::Display,
    {
        let Some(text) = self.text(name) else { return Ok(default) };
        match text.parse::<N>() {
            Ok(number) if least <= number && number <= most => Ok(number),
            _ => {
                let message = format!("must be a whole number from {least} to {most}");
                Err(Error::invalid_field(name, message).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "only its reading is tested")]
    struct Example {
        chat_id: String,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its reading is tested")]
    struct Inner {
        count: u32,
    }

    #[test]
    fn the_field_at_fault_is_named() {
        for (text, field) in [
            ("{}", "chatId"),
            (r#"{"chatId":5}"#, "chatId"),
            (r#"{"chatId":"a","inner":{}}"#, "inner.count"),
            (r#"{"chatId":"a","inner":{"count":"x"}}"#, "inner.count"),
        ] {
            let error = parse::<Example>(text.as_bytes()).unwrap_err();
            assert!(error.details["fields"].get(field).is_some(), "{text}: {error:?}");
        }
        assert_eq!(parse::<Example>(b"{").unwrap_err().code, ErrorCode::Invalid);
    }
}
