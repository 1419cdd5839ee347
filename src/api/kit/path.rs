//! Path parameters: each is a type with a name, a meaning and an example.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use uuid::Uuid;

use crate::{
    api::{
        error::ApiError,
        kit::describe::{DescribeArg, Operation, Segment},
        texts::{decoded, group, jid, message, segment},
    },
    domain::{self, Error, ErrorCode, Jid, Subject, shown::shown},
};

/// What stands at one place of a path.
pub trait PathValue: 'static {
    type Value: 'static;
    /// Its name in the path.
    const NAME: &'static str;
    const ABOUT: &'static str;
    const EXAMPLE: &'static str;

    /// Reads the decoded text.
    fn read(text: &str) -> Result<Self::Value, Error>;
}

/// Declares a path parameter: its type, its name in the path, its value, and how its text is read.
macro_rules! path_value {
    (
        $(#[$doc:meta])* $vis:vis enum $type:ident = $name:literal as $value:ty;
        about: $about:literal, example: $example:literal, read: $read:expr
    ) => {
        $(#[$doc])*
        $vis enum $type {}

        impl $crate::api::kit::PathValue for $type {
            type Value = $value;
            const NAME: &'static str = $name;
            const ABOUT: &'static str = $about;
            const EXAMPLE: &'static str = $example;

            fn read(text: &str) -> Result<$value, $crate::domain::Error> {
                let read: fn(&str) -> Result<$value, $crate::domain::Error> = $read;
                read(text)
            }
        }
    };
}
pub(crate) use path_value;

/// A path parameter.
pub struct Path<P: PathValue>(pub P::Value);

impl<P: PathValue> FromRequest for Path<P> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = P::read(&decoded(segment(request, P::NAME)));
        ready(read.map(Self).map_err(ApiError::from))
    }
}

impl<P: PathValue> DescribeArg for Path<P> {
    // What is wrong with a body is said before anything is looked up.
    const IS_LAST: bool = true;

    fn describe(operation: &mut Operation) {
        let (name, about, example) = (P::NAME, P::ABOUT, P::EXAMPLE);
        operation.segments.push(Segment { name, about, example });
        operation.may_fail(&[ErrorCode::NotFound, ErrorCode::Invalid]);
    }
}

path_value! {
    /// A chat, by its id with suffix.
    pub enum ChatId = "chatId" as Jid;
    about: "The id of the chat, with its suffix", example: "15550000001@c.us",
    read: jid
}

path_value! {
    /// A group, by its id.
    pub enum GroupId = "groupId" as Jid;
    about: "The id of the group, with its suffix", example: "120363000000000000@g.us",
    read: group
}

path_value! {
    /// A message, by its full id.
    pub enum MessageId = "messageId" as domain::MessageId;
    about: "The full id of the message", example: "true_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9",
    read: message
}

/// A UUID that must be one of these things.
pub fn uuid(text: &str, subject: Subject) -> Result<Uuid, Error> {
    let message = || format!("there is no {} '{}'", subject.as_str(), shown(text));
    text.parse().map_err(|_| Error::not_found(subject, message()))
}
