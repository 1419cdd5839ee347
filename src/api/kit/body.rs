//! JSON bodies as values: read within their limit, checked against their schema, then parsed.

use std::sync::Arc;

use actix_web::{
    FromRequest, HttpMessage, HttpRequest, dev::Payload, error::PayloadError,
    http::header::CONTENT_TYPE, web,
};
use futures_util::{StreamExt, future::LocalBoxFuture};
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::{
    api::{
        error::ApiError,
        gate::auth::still_good,
        kit::{
            check::{Findings, bounds::Bound, check, tidy},
            describe::{DescribeArg, Operation, shape},
            large_bodies::{LargeBodies, Room},
        },
    },
    domain::{Error, ErrorCode, Timestamp},
    services::Services,
};

/// Bytes of a body without a file or a long text.
pub const SMALL: usize = 256 * 1024;
/// A text of a message, each of its characters written as two `\u` escapes.
pub const WITH_LONG_TEXT: usize = 1024 * 1024;
/// A file in base64 and its envelope.
pub const WITH_FILE: usize = 24 * 1024 * 1024;
/// Characters of a text from which on a body needs more room than a small one, and as much as one with a file.
const SHORT_TEXT: usize = 32 * 1024;
const LONG_TEXT: usize = 1024 * 1024;
/// A larger body is read elsewhere than on the thread that serves other callers too.
const READ_HERE: usize = 64 * 1024;

/// Characters of a field's name that are shown.
const LONGEST_PATH: usize = 200;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let read = read(request, payload.take(), Bound::of::<T>());
        Box::pin(async move { Ok(Self(read.await?.parse()?)) })
    }
}

/// Reads a body within its limit and checks it. It knows no type, so it is there once for all bodies.
fn read(
    request: &HttpRequest,
    mut payload: Payload,
    bound: Arc<Bound>,
) -> LocalBoxFuture<'static, Result<Checked, ApiError>> {
    let limit = request.extensions().get::<BodyLimit>().map_or(SMALL, |limit| (limit.0)());
    let content_type = request.headers().get(CONTENT_TYPE).cloned();
    let request = request.clone();
    Box::pin(async move {
        let mut bytes = web::BytesMut::new();
        let bodies = request.app_data::<web::Data<LargeBodies>>();
        // Held until the body has become values.
        let mut room = Room::default();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(broken_off)?;
            if limit < bytes.len() + chunk.len() {
                return Err(too_large(limit).into());
            }
            if let Some(bodies) = bodies {
                bodies.make_room(&mut room, bytes.len() + chunk.len())?;
            }
            bytes.extend_from_slice(&chunk);
        }
        // A body may take minutes: what its key could do at the beginning says nothing of its end.
        if let Some(services) = request.app_data::<web::Data<Services>>() {
            still_good(services, &request).await?;
        }
        let named = content_type.as_ref().and_then(|value| value.to_str().ok());
        let is_json = named.is_some_and(|value| {
            let essence = value.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case("application/json")
        });
        // A client that sends nothing need not name its type.
        let is_empty = bytes.is_empty() && named.is_none();
        if !is_json && !is_empty {
            return Err(
                Error::invalid("the body must be JSON: Content-Type: application/json").into()
            );
        }
        if bytes.is_empty() {
            bytes.extend_from_slice(b"{}");
        }
        let clock = request.app_data::<web::Data<Services>>().map(|data| data.clock.clone());
        let (now, is_small) = (clock.unwrap_or_default().now(), bytes.len() <= READ_HERE);
        let check = move || Checked::of(bytes.freeze(), bound, now, room);
        let checked = if is_small { check() } else { elsewhere(check).await };
        Ok(checked?)
    })
}

impl<T: ToSchema + 'static> DescribeArg for Body<T> {
    fn describe(operation: &mut Operation) {
        operation.body = Some(shape::<T>);
        operation.body_limit = Some(limit_of::<T>);
        operation.may_fail(&[ErrorCode::Invalid, ErrorCode::TooLarge, ErrorCode::NotFound]);
    }
}

/// Bytes of a body whose longest text is the one that its schema allows.
fn limit_of<T: ToSchema + 'static>() -> usize {
    match Bound::of::<T>().longest_text() {
        LONG_TEXT.. => WITH_FILE,
        SHORT_TEXT.. => WITH_LONG_TEXT,
        _ => SMALL,
    }
}

/// Bytes that the body of a request may have.
pub struct BodyLimit(pub fn() -> usize);

pub fn too_large(limit: usize) -> Error {
    let kib = limit / 1024;
    let size = if kib < 1024 { format!("{kib} KiB") } else { format!("{} MiB", kib / 1024) };
    Error::new(ErrorCode::TooLarge, format!("the body is larger than {size}"))
}

/// Why a body did not come to its end.
pub fn broken_off(error: PayloadError) -> Error {
    match error {
        PayloadError::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => {
            Error::invalid("the body came too slowly")
        }
        _ => Error::invalid("the body broke off"),
    }
}

/// Work that would hold up other callers on the thread that serves them.
pub async fn elsewhere<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = web::block(work).await;
    done.unwrap_or_else(|_| Err(Error::internal("the request was cut off")))
}

/// JSON that came in another way than as a body, read as one.
pub fn of_value<T: DeserializeOwned + ToSchema + 'static>(
    value: &serde_json::Value,
    now: Timestamp,
) -> Result<T, Error> {
    let text = value.to_string().into();
    Checked::of(text, Bound::of::<T>(), now, Room::default())?.parse()
}

/// JSON that its schema allows, as far as a schema says.
struct Checked {
    bytes: web::Bytes,
    value: serde_json::Value,
    bound: Arc<Bound>,
    now: Timestamp,
    _room: Room,
}

impl Checked {
    /// The check comes first, so that what is too long never becomes a value and all faults are named.
    fn of(bytes: web::Bytes, bound: Arc<Bound>, now: Timestamp, room: Room) -> Result<Self, Error> {
        let text = text_of(&bytes)?;
        let is_untidy = checked(text, &bound, now)?;
        let mut value = serde_json::from_str(text).map_err(|error| no_json(text, &error))?;
        if is_untidy {
            tidy(&mut value, &bound);
        }
        Ok(Self { bytes, value, bound, now, _room: room })
    }

    fn parse<T: DeserializeOwned>(self) -> Result<T, Error> {
        let Self { bytes, value, bound, now, .. } = self;
        typed(value).map_err(|path| match text_of(&bytes) {
            Ok(text) => unread(text, &bound, now, &path),
            Err(error) => error,
        })
    }
}

/// A value as a type, or the path of what is not as it wants it. Types read from one erased deserializer: from each kind of
/// deserializer, every type would be compiled again.
pub fn typed<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, String> {
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(value, &mut track);
    let read = erased_serde::deserialize(&mut <dyn erased_serde::Deserializer>::erase(tracked));
    read.map_err(|_| track.path().to_string())
}

/// Whether the body must be tidied. A body that breaks its schema is read once more for the formats of
/// its texts: all that is wrong is named at once, and one that is right is read in one go.
fn checked(text: &str, bound: &Bound, now: Timestamp) -> Result<bool, Error> {
    let findings = Findings::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let read = check(bound, &mut json, &findings).and_then(|()| json.end());
    if let Err(error) = &read
        && (error.is_syntax() || error.is_eof())
    {
        return Err(no_json(text, error));
    }
    let is_untidy = findings.is_untidy();
    if !findings.into_faults().is_empty() {
        return Err(Error::invalid_fields(all_faults(text, bound, now)));
    }
    read.map(|()| is_untidy).map_err(|error| no_json(text, &error))
}

/// What is wrong with a body by its schema and by the formats of its texts.
fn all_faults(text: &str, bound: &Bound, now: Timestamp) -> Vec<(String, String)> {
    let findings = Findings::judging(now);
    // Where the reading ends early, the reason is among the faults.
    let _ = check(bound, &mut serde_json::Deserializer::from_str(text), &findings);
    findings.into_faults()
}

/// A body as text. Some clients begin it with a byte order mark.
fn text_of(bytes: &[u8]) -> Result<&str, Error> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to() + 1;
        let message = format!(
            "the body must be JSON in UTF-8: from byte {at} on it is in another encoding, such as Latin-1 or UTF-16"
        );
        Error::invalid(message)
    })
}

fn no_json(text: &str, error: &serde_json::Error) -> Error {
    let (line, column) = (error.line(), error.column());
    let reason = error.to_string();
    let place = format!(" at line {line} column {column}");
    let reason = reason.strip_suffix(&place).unwrap_or(&reason);
    let hint = match () {
        () if text.contains('\0') => ": it must be in UTF-8, and looks like UTF-16",
        () if reason.contains("surrogate") || reason.contains("hex escape") => {
            ": a character is cut in half; write it in UTF-8"
        }
        () => "",
    };
    let place = format!("(line {line}, column {column})");
    Error::invalid(format!("the body is not JSON: {reason} {place}{hint}"))
}

/// A body whose schema takes it and whose type does not. Where a format says more, that is said.
fn unread(text: &str, bound: &Bound, now: Timestamp, path: &str) -> Error {
    let faults = all_faults(text, bound, now);
    if !faults.is_empty() {
        return Error::invalid_fields(faults);
    }
    // Names within it are the caller's own, of any length.
    let path: String = path.chars().take(LONGEST_PATH).collect();
    let field = if matches!(path.as_str(), "." | "?") { "body" } else { path.as_str() };
    Error::invalid_field(field, "is not as the API document describes it")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::domain::clock::from_seconds;

    fn parse<T: DeserializeOwned + ToSchema + 'static>(bytes: &[u8]) -> Result<T, Error> {
        let bytes = web::Bytes::copy_from_slice(bytes);
        Checked::of(bytes, Bound::of::<T>(), from_seconds(0), Room::default())?.parse()
    }

    #[derive(Debug, Deserialize, ToSchema)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "only its reading is tested")]
    struct Example {
        chat_id: String,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize, ToSchema)]
    #[expect(dead_code, reason = "only its reading is tested")]
    struct Inner {
        count: u32,
    }

    #[test]
    fn the_field_at_fault_is_named() {
        let parse = |text: &str| parse::<Example>(text.as_bytes());
        let long = format!(r#"{{"chatId":"{}"}}"#, "x".repeat(2_000));
        let error = parse(&long).unwrap_err();
        assert_eq!(error.details["fields"]["chatId"][0], "must have at most 1,024 characters");
        for (text, field) in [
            ("{}", "chatId"),
            (r#"{"chatId":5}"#, "chatId"),
            (r#"{"chatId":"a","inner":{}}"#, "inner.count"),
            (r#"{"chatId":"a","inner":{"count":"x"}}"#, "inner.count"),
            (r#"{"chatId":"a","inner":{"count":99999999999}}"#, "inner.count"),
            (r#"{"chatId":"a","iner":{}}"#, "iner"),
            (r#"{"chatId":"a","to":"b"}"#, "chatId"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.details["fields"].get(field).is_some(), "{text}: {error:?}");
        }
        for text in ["{", "{} {}", "{\"chatId\":\"\\ud83d\"}", "[", "\u{0}{\u{0}"] {
            let error = parse(text).unwrap_err();
            assert!(error.message.starts_with("the body is not JSON"), "{text}: {error:?}");
        }
    }

    #[test]
    fn all_faults_are_named_at_once() {
        let error = parse::<Example>(br#"{"chatid":5,"inner":{"cont":1}}"#).unwrap_err();
        let fields = error.details["fields"].as_object().unwrap();
        let names: Vec<&str> = fields.keys().map(String::as_str).collect();
        assert_eq!(names, ["chatId", "chatid", "inner.cont", "inner.count"], "{error:?}");
        assert!(error.message.contains("chatId: is required"), "{error:?}");
        assert!(error.message.contains("the nearest is chatId"), "{error:?}");
    }

    #[test]
    fn a_name_of_our_events_is_read_as_the_field() {
        let example: Example = parse(br#"{"from":"a","inner":null}"#).unwrap();
        assert_eq!(example.chat_id, "a");
    }

    #[test]
    fn an_empty_text_is_not_given_unless_it_must_be_filled() {
        #[derive(Debug, PartialEq, Deserialize, ToSchema)]
        struct Form {
            name: String,
            note: Option<String>,
            #[schema(min_length = 1)]
            until: Option<String>,
        }
        let form: Form = parse(br#"{"name":"","note":"","until":null}"#).unwrap();
        assert_eq!(form, Form { name: String::new(), note: None, until: None });
        let error = parse::<Form>(br#"{"name":"","until":""}"#).unwrap_err();
        assert_eq!(error.details["fields"]["until"][0], "must not be empty");
    }

    #[test]
    fn a_byte_order_mark_is_read_over_and_another_encoding_is_named() {
        let example: Example = parse("\u{feff}{\"chatId\":\"a\"}".as_bytes()).unwrap();
        assert_eq!(example.chat_id, "a");
        for bytes in [&b"{\"chatId\":\"caf\xe9\"}"[..], b"\xff\xfe{\0}\0"] {
            let error = parse::<Example>(bytes).unwrap_err();
            assert!(error.message.contains("UTF-8"), "{error:?}");
        }
    }
}
