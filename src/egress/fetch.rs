//! Download of a file from a caller's URL: bounded in size and time, with every redirect checked by the guard.

use std::{path::Path, time::Duration};

use futures_util::StreamExt;
use reqwest::{StatusCode, header};
use tokio::io::AsyncWriteExt;
use url::Url;

use crate::{
    domain::{Error, ErrorCode},
    egress::{credential::Credential, guard::Guard},
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

/// Why a file did not come.
#[derive(Debug)]
pub enum FetchFault {
    /// The guard refuses the URL.
    Refused(Error),
    /// Its host has no address that may be asked, or none that is known at the moment.
    NoAddress(Error),
    /// The server answered with another status than 200.
    Answered(u16),
    /// It has more than so many bytes.
    TooLarge(u64),
    /// It did not come whole, for this reason.
    Broken(String),
    /// The gateway could not keep it.
    NotKept(Error),
}

impl From<FetchFault> for Error {
    fn from(found: FetchFault) -> Self {
        match found {
            FetchFault::Refused(error)
            | FetchFault::NoAddress(error)
            | FetchFault::NotKept(error) => error,
            FetchFault::Answered(status) => fault(format!("answered {status}")),
            FetchFault::Broken(what) => fault(what),
            FetchFault::TooLarge(most) => {
                let message = format!("the file is larger than {} MiB", most / 1024 / 1024);
                Self::new(ErrorCode::TooLarge, message)
            }
        }
    }
}

/// A service's own files: below its address they are asked for with its credential, which goes nowhere else.
pub struct Account<'a> {
    /// The address of the service, which the owner of the gateway named.
    pub base: &'a str,
    pub guard: &'a Guard,
    pub credential: &'a Credential,
}

impl Account<'_> {
    fn owns(&self, url: &str) -> bool {
        let origin = |url: &str| Url::parse(url).ok().map(|url| url.origin());
        origin(url).is_some_and(|of_url| Some(of_url) == origin(self.base))
    }
}

/// Downloads a URL into a file. After a failure the caller removes the file.
pub async fn fetch(url: &str, into: &Path, bounds: &Bounds) -> Result<Fetched, Error> {
    Ok(fetch_as(None, url, into, bounds).await?)
}

/// The same with the credential of a service for what lies there. A redirect that leads elsewhere is followed without.
pub async fn fetch_as(
    account: Option<Account<'_>>,
    url: &str,
    into: &Path,
    bounds: &Bounds,
) -> Result<Fetched, FetchFault> {
    let late = || broken(format!("did not come within {} s", bounds.deadline.as_secs()));
    let fetched = follow(account.as_ref(), url, into, bounds);
    tokio::time::timeout(bounds.deadline, fetched).await.map_err(|_| late())?
}

async fn follow(
    mut account: Option<&Account<'_>>,
    url: &str,
    into: &Path,
    bounds: &Bounds,
) -> Result<Fetched, FetchFault> {
    let mut url = url.to_owned();
    for _ in 0..=MOST_REDIRECTS {
        // Once a redirect leads elsewhere, none brings the credential back.
        account = account.filter(|account| account.owns(&url));
        let guard = account.map_or(&bounds.guard, |account| account.guard);
        guard.check(&url).map_err(FetchFault::Refused)?;
        let target = guard.resolve(&url).await.map_err(FetchFault::NoAddress)?;
        let client = guard.clients().to(&target).map_err(|error| {
            FetchFault::NotKept(Error::internal(format!("no client could be made: {error}")))
        })?;
        let mut request = client.get(target.url.clone());
        if let Some(account) = account {
            request = account.credential.put_on(request);
        }
        let response = request.send().await;
        let response =
            response.map_err(|error| broken(format!("cannot be reached: {}", reason(&error))))?;
        if response.status().is_redirection() {
            let place = response.headers().get(header::LOCATION);
            let place = place.and_then(|place| place.to_str().ok());
            let next = place.and_then(|place| target.url.join(place).ok());
            url = next.ok_or_else(|| broken("leads to a redirect without a target"))?.into();
            continue;
        }
        if response.status() != StatusCode::OK {
            return Err(FetchFault::Answered(response.status().as_u16()));
        }
        return keep(response, target.url, into, bounds.size).await;
    }
    Err(broken(format!("leads through more than {MOST_REDIRECTS} redirects")))
}

async fn keep(
    response: reqwest::Response,
    url: Url,
    into: &Path,
    most: u64,
) -> Result<Fetched, FetchFault> {
    if response.content_length().is_some_and(|size| most < size) {
        return Err(FetchFault::TooLarge(most));
    }
    let named = response.headers().get(header::CONTENT_TYPE);
    let content_type = named.and_then(|value| value.to_str().ok()).map(essence);
    let disposition = response.headers().get(header::CONTENT_DISPOSITION);
    let disposition = disposition.map(|value| value.as_bytes().to_vec());
    let kept = |error: std::io::Error| {
        FetchFault::NotKept(Error::internal(format!("the file cannot be kept: {error}")))
    };
    let mut file = tokio::fs::File::create(into).await.map_err(kept)?;
    let (mut size, mut chunks) = (0_u64, response.bytes_stream());
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| broken(format!("broke off: {}", reason(&error))))?;
        size += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        if most < size {
            return Err(FetchFault::TooLarge(most));
        }
        file.write_all(&chunk).await.map_err(kept)?;
    }
    file.flush().await.map_err(kept)?;
    if size == 0 {
        return Err(broken("leads to an empty file"));
    }
    Ok(Fetched { size, content_type, disposition, url })
}

fn broken(what: impl Into<String>) -> FetchFault {
    FetchFault::Broken(what.into())
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
