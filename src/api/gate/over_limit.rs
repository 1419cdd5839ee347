//! The error of a request beyond its rate limit.

use std::time::Duration;

use crate::domain::{Error, ErrorCode};

/// The answer to one request too many.
pub fn too_many(bucket: &str, limit: u32, wait: Duration) -> Error {
    let seconds = whole_seconds(wait);
    let message = format!("Rate limit exceeded. Retry after {seconds} seconds");
    Error::new(ErrorCode::RateLimited, message)
        .detail("limit", limit)
        .detail("retryAfter", seconds)
        .detail("bucket", bucket)
}

/// Seconds after which a time has surely passed: at least one.
pub fn whole_seconds(time: Duration) -> u64 {
    (time.as_secs() + u64::from(time.subsec_nanos() != 0)).max(1)
}
