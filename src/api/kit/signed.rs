//! A body that its sender signed: the bytes as they came, for the handler to check and to read.

use std::marker::PhantomData;

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use futures_util::{StreamExt, future::LocalBoxFuture};

use crate::{
    api::{
        error::ApiError,
        kit::{
            body::{SMALL, broken_off, too_large},
            describe::{DescribeArg, Operation},
        },
    },
    domain::ErrorCode,
};

/// What such a body looks like, as a type.
pub trait SignedKind: 'static {
    const CONTENT_TYPE: &'static str;
    const EXAMPLE: &'static str;
}

/// A body of at most 256 KiB, whole. Its content type is not looked at.
pub struct Signed<K> {
    pub bytes: web::Bytes,
    of: PhantomData<K>,
}

impl<K: SignedKind> FromRequest for Signed<K> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(_: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let mut payload = payload.take();
        Box::pin(async move {
            let mut bytes = web::BytesMut::new();
            while let Some(chunk) = payload.next().await {
                let chunk = chunk.map_err(broken_off)?;
                if SMALL < bytes.len() + chunk.len() {
                    return Err(too_large(SMALL).into());
                }
                bytes.extend_from_slice(&chunk);
            }
            Ok(Self { bytes: bytes.freeze(), of: PhantomData })
        })
    }
}

impl<K: SignedKind> DescribeArg for Signed<K> {
    fn describe(operation: &mut Operation) {
        operation.signed = Some((K::CONTENT_TYPE, K::EXAMPLE));
        operation.may_fail(&[ErrorCode::Invalid, ErrorCode::TooLarge, ErrorCode::Forbidden]);
    }
}
