//! A body that may come in two ways: as JSON, or as a form with a file.

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::CONTENT_TYPE};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::{
    api::{
        error::ApiError,
        kit::{
            body::Body,
            describe::{DescribeArg, Operation},
            form::Form,
        },
    },
    domain::ErrorCode,
};

/// JSON as `T`, or a form with the fields of `F`; its content type says which.
pub enum BodyOrForm<T, F> {
    Body(T),
    Form(Form<F>),
}

impl<T, F> FromRequest for BodyOrForm<T, F>
where
    T: DeserializeOwned + ToSchema + Send + 'static,
    F: ToSchema + 'static,
{
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let content_type =
            request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_form = content_type.is_some_and(|named| {
            named.trim_start().to_ascii_lowercase().starts_with("multipart/form-data")
        });
        if is_form {
            let form = Form::from_request(request, payload);
            return Box::pin(async move { Ok(Self::Form(form.await?)) });
        }
        let body = Body::from_request(request, payload);
        Box::pin(async move { Ok(Self::Body(body.await?.0)) })
    }
}

impl<T: ToSchema + 'static, F: ToSchema + 'static> DescribeArg for BodyOrForm<T, F> {
    fn describe(operation: &mut Operation) {
        Form::<F>::describe(operation);
        let limit = operation.body_limit;
        Body::<T>::describe(operation);
        // A file is larger than any text.
        operation.body_limit = limit;
        operation.may_fail(&[ErrorCode::Invalid]);
    }
}
