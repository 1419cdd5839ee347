//! Download of a file from a caller's URL: bounded in size and time, with every redirect checked by the guard.

use std::{path::Path, time::Duration};

use futures_util::StreamExt;
use reqwest::{StatusCode, header};
use tokio::io::AsyncWriteExt;
use url::Url;

use crate::{
    domain::{Error, ErrorCode},
    egress::{guard::Guard, request_clients::client_for},
};

const MOST_REDIRECTS: usize = 3;

/// Limits of a download.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Bytes.
    pub size: u64,
    /// For all of it, redirects included.
    pub deadline: Duration,
    /// Which targets the URL and its redirects may have.
    pub guard: Guard,
}

/// A file that was fetched.
#[derive(Debug)]
pub struct Fetched {
    /// Bytes.
    pub size: u64,
    /// The type that the server names.
    pub content_type: Option<String>,
    /// Its `Content-Disposition` as it came.
    pub disposition: Option<Vec<u8>>,
    /// The URL after redirects.
    pub url: Url,
}

/// Downloads a URL into a file. After a failure the caller removes the file.
pub async fn fetch(url: &str, into: &Path, bounds: &Bounds) -> Result<Fetched, Error> {
    let late = || fault(format!("did not come within {} s", bounds.deadline.as_secs()));
    let fetched = tokio::time::timeout(bounds.deadline, follow(url, into, bounds)).await;
    fetched.map_err(|_| late())?
}

async fn follow(url: &str, into: &Path, bounds: &Bounds) -> Result<Fetched, Error> {
    let mut url = url.to_owned();
    for _ in 0..=MOST_REDIRECTS {
        let target = bounds.guard.resolve(&url).await?;
        let client = client_for(&target, bounds.deadline)
            .map_err(|error| Error::internal(format!("no client could be made: {error}")))?;
        let response = client.get(target.url.clone()).send().await;
        let response =
            response.map_err(|error| fault(format!("cannot be reached: {}", reason(&error))))?;
        if response.status().is_redirection() {
            let place = response.headers().get(header::LOCATION);
            let place = place.and_then(|place| place.to_str().ok());
            let next = place.and_then(|place| target.url.join(place).ok());
            url = next.ok_or_else(|| fault("leads to a redirect without a target"))?.into();
            continue;
        }
        if response.status() != StatusCode::OK {
            return Err(fault(format!("answered {}", response.status().as_u16())));
        }
        return keep(response, target.url, into, bounds.size).await;
    }
    Err(fault(format!("leads through more than {MOST_REDIRECTS} redirects")))
}

async fn keep(
    response: reqwest::Response,
    url: Url,
    into: &Path,
    most: u64,
) -> Result<Fetched, Error> {
    let too_large = || {
        let message = format!("the file is larger than {} MiB", most / 1024 / 1024);
        Error::new(ErrorCode::TooLarge, message)
    };
    if response.content_length().is_some_and(|size| most < size) {
        return Err(too_large());
    }
    let named = response.headers().get(header::CONTENT_TYPE);
    let content_type = named.and_then(|value| value.to_str().ok()).map(essence);
    let disposition = response.headers().get(header::CONTENT_DISPOSITION);
    let disposition = disposition.map(|value| value.as_bytes().to_vec());
    let kept = |error: std::io::Error| Error::internal(format!("the file cannot be kept: {error}"));
    let mut file = tokio::fs::File::create(into).await.map_err(kept)?;
    let (mut size, mut chunks) = (0_u64, response.bytes_stream());
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| fault(format!("broke off: {}", reason(&error))))?;
        size += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        if most < size {
            return Err(too_large());
        }
        file.write_all(&chunk).await.map_err(kept)?;
    }
    file.flush().await.map_err(kept)?;
    if size == 0 {
        return Err(fault("leads to an empty file"));
    }
    Ok(Fetched { size, content_type, disposition, url })
}

/// A type without its parameters.
fn essence(text: &str) -> String {
    text.split(';').next().unwrap_or_default().trim().to_lowercase()
}

/// The cause without the URL, which may hold a secret.
fn reason(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "no connection"
    } else {
        "not HTTP as it should be"
    }
}

fn fault(what: impl AsRef<str>) -> Error {
    Error::invalid_field("url", what.as_ref())
}
