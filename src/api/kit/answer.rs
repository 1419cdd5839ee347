//! Answers: each type has its statuses and its content, and speaks in the dialect of its route.

use std::marker::PhantomData;

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::{StatusCode, header::ContentType},
};
use serde::Serialize;
use serde_json::value::to_raw_value;
use utoipa::ToSchema;

use crate::{
    api::{
        dialects,
        error::ApiError,
        kit::{
            describe::{Content, DescribeAnswer, Operation, list, shape},
            dialect::{Json, Reply},
        },
    },
    domain::Error,
};

/// An answer whose data can be taken without an envelope.
pub trait Written {
    fn written(self) -> Json;
}

/// Says a success in the dialect of the route.
fn say(
    request: &HttpRequest,
    status: StatusCode,
    data: Option<Json>,
    message: Option<&'static str>,
) -> HttpResponse {
    let body =
        data.transpose().and_then(|data| dialects::of(request).success(Reply { data, message }));
    match body {
        Ok(body) => {
            let body = String::from(Box::<str>::from(body));
            HttpResponse::build(status).content_type(ContentType::json()).body(body)
        }
        Err(error) => {
            let error = Error::internal(format!("the answer cannot be written: {error}"));
            HttpResponse::from_error(ApiError::from(error))
        }
    }
}

macro_rules! answers_with_data {
    ($($(#[$doc:meta])* $name:ident: $status:ident, $about:literal;)*) => {$(
        $(#[$doc])*
        pub struct $name<T> {
            data: Json,
            message: Option<&'static str>,
            of: PhantomData<T>,
        }

        impl<T> $name<T> {
            pub fn of(data: T) -> Self
            where
                T: Serialize,
            {
                Self::borrowed(&data)
            }

            /// Of a view that borrows what it shows, where `T` is the same view without a borrow.
            pub fn borrowed<V: Serialize>(view: &V) -> Self {
                debug_assert_eq!(std::any::type_name::<V>(), std::any::type_name::<T>());
                Self { data: to_raw_value(view), message: None, of: PhantomData }
            }

            /// With a sentence for a person beside it.
            pub fn saying(self, message: &'static str) -> Self {
                Self { message: Some(message), ..self }
            }
        }

        impl<T> Written for $name<T> {
            fn written(self) -> Json {
                self.data
            }
        }

        impl<T> Responder for $name<T> {
            type Body = BoxBody;

            fn respond_to(self, request: &HttpRequest) -> HttpResponse {
                say(request, StatusCode::$status, Some(self.data), self.message)
            }
        }

        impl<T: ToSchema> DescribeAnswer for $name<T> {
            fn describe(operation: &mut Operation) {
                let content = Content::Data(shape::<T>);
                operation.succeeds(StatusCode::$status.as_u16(), $about, content);
            }
        }
    )*};
}
answers_with_data! {
    /// 200 with data.
    Data: OK, "Done";
    /// 201 with what was made.
    Created: CREATED, "Created";
}

impl<T> Data<T> {
    /// Of data that was written before, or could not be.
    pub fn written(data: Json) -> Self {
        Self { data, message: None, of: PhantomData }
    }
}

/// 200 with a sentence alone.
pub struct Message(&'static str);

impl Message {
    pub fn of(message: &'static str) -> Self {
        Self(message)
    }
}

impl Responder for Message {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        say(request, StatusCode::OK, None, Some(self.0))
    }
}

impl DescribeAnswer for Message {
    fn describe(operation: &mut Operation) {
        operation.succeeds(200, "Done", Content::Message);
    }
}

/// 200 with a whole list.
pub struct Listed<T> {
    items: Json,
    of: PhantomData<T>,
}

impl<T: Serialize> Listed<T> {
    pub fn of(items: &[T]) -> Self {
        Self { items: to_raw_value(items), of: PhantomData }
    }
}

impl<T> Listed<T> {
    /// Of views that borrow what they show, where `T` is the same view without a borrow.
    pub fn borrowed<V: Serialize>(items: &[V]) -> Self {
        debug_assert_eq!(std::any::type_name::<V>(), std::any::type_name::<T>());
        Self { items: to_raw_value(items), of: PhantomData }
    }
}

impl<T: Serialize> FromIterator<T> for Listed<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::of(&items.into_iter().collect::<Vec<T>>())
    }
}

impl<T> Responder for Listed<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        say(request, StatusCode::OK, Some(self.items), None)
    }
}

impl<T: ToSchema> DescribeAnswer for Listed<T> {
    fn describe(operation: &mut Operation) {
        operation.succeeds(200, "Done", Content::Data(list::<T>));
    }
}

/// The same data with one status or another.
struct Either<T> {
    data: T,
    status: StatusCode,
}

impl<T: Serialize> Responder for Either<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        say(request, self.status, Some(to_raw_value(&self.data)), None)
    }
}

/// 200 for what was sent, 202 for what waits in the outbox.
pub struct Sent<T>(Either<T>);

impl<T> Sent<T> {
    pub fn now(data: T) -> Self {
        Self(Either { data, status: StatusCode::OK })
    }

    pub fn queued(data: T) -> Self {
        Self(Either { data, status: StatusCode::ACCEPTED })
    }
}

impl<T: Serialize> Written for Sent<T> {
    fn written(self) -> Json {
        to_raw_value(&self.0.data)
    }
}

impl<T: Serialize> Responder for Sent<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        self.0.respond_to(request)
    }
}

impl<T: ToSchema> DescribeAnswer for Sent<T> {
    fn describe(operation: &mut Operation) {
        let content = Content::Data(shape::<T>);
        operation.succeeds(200, "WhatsApp has the message", content);
        operation.succeeds(202, "The message waits in the outbox", content);
    }
}

/// 201 for what was made, 200 for what was there already.
pub struct CreatedOrKnown<T>(Either<T>);

impl<T> CreatedOrKnown<T> {
    pub fn created(data: T) -> Self {
        Self(Either { data, status: StatusCode::CREATED })
    }

    pub fn known(data: T) -> Self {
        Self(Either { data, status: StatusCode::OK })
    }
}

impl<T: Serialize> Responder for CreatedOrKnown<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        self.0.respond_to(request)
    }
}

impl<T: ToSchema> DescribeAnswer for CreatedOrKnown<T> {
    fn describe(operation: &mut Operation) {
        let content = Content::Data(shape::<T>);
        operation.succeeds(201, "Created", content);
        operation.succeeds(200, "It was there already", content);
    }
}

/// What kind of bytes an answer holds, as a type.
pub trait FileKind: 'static {
    const CONTENT_TYPE: &'static str;
    /// What such bytes look like, where they are text for programs.
    const EXAMPLE: &'static str = "";
    /// Statuses beside 200, with their meaning.
    const OTHERS: &'static [(u16, &'static str)] = &[];
}

/// Bytes instead of JSON, whose headers the handler chose.
pub struct File<K>(HttpResponse, PhantomData<K>);

impl<K> From<HttpResponse> for File<K> {
    fn from(response: HttpResponse) -> Self {
        Self(response, PhantomData)
    }
}

impl<K> Responder for File<K> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.0
    }
}

impl<K: FileKind> DescribeAnswer for File<K> {
    fn describe(operation: &mut Operation) {
        operation.succeeds(200, "Done", Content::Other(K::CONTENT_TYPE, K::EXAMPLE));
        for &(status, about) in K::OTHERS {
            operation.succeeds(status, about, Content::Other("", ""));
        }
    }
}
