//! Limits that a handler counts by itself, since only it knows whom a request is from.

use actix_web::{HttpMessage, HttpRequest, web};

use crate::{
    api::{
        gate::{
            limits::{Counted, RateLimits, Standing},
            over_limit::too_many,
        },
        kit::terms::Bucket,
    },
    domain::Error,
};

/// Counts a request of somebody. Of several that are counted, the answer tells the one that leaves least.
pub fn count(request: &HttpRequest, bucket: Bucket, who: Counted) -> Result<(), Error> {
    let Some(limits) = request.app_data::<web::Data<RateLimits>>() else { return Ok(()) };
    let Some(standing) = limits.count(bucket, who) else { return Ok(()) };
    let before = request.extensions().get::<Standing>().copied();
    if before.is_none_or(|before| standing.remaining <= before.remaining) {
        request.extensions_mut().insert(standing);
    }
    match standing.retry_after {
        Some(wait) => Err(too_many(bucket.name(), standing.limit, wait)),
        None => Ok(()),
    }
}
