//! Reading a body for its hash and for its handler at once. A small one is read whole before
//! anything is decided; of a larger one the beginning alone is held, and the rest hashed as the
//! handler reads it.

use std::{future::ready, io};

use actix_web::{
    dev::Payload,
    error::PayloadError,
    web::{Bytes, BytesMut},
};
use futures_util::{StreamExt, stream};

use crate::{
    api::{
        gate::idempotency::fingerprint::Fingerprint,
        kit::body::{WITH_FILE, broken_off},
    },
    domain::{Error, ErrorCode},
};

/// Up to this a body is read before its write is claimed, so that one flush is enough.
const SMALL: usize = 64 * 1024;
/// A larger one is not read only to be compared: no route takes more.
const LARGEST: usize = WITH_FILE;

pub enum Reading {
    Whole { body: Bytes, hash: [u8; 32] },
    Begun { beginning: Bytes, rest: Payload, fingerprint: Box<Fingerprint> },
}

impl Reading {
    pub async fn begin(mut rest: Payload, mut fingerprint: Fingerprint) -> Result<Self, Error> {
        let mut beginning = BytesMut::new();
        while beginning.len() <= SMALL {
            let Some(chunk) = rest.next().await else {
                let hash = fingerprint.finish();
                return Ok(Self::Whole { body: beginning.freeze(), hash });
            };
            let chunk = chunk.map_err(broken_off)?;
            fingerprint.update(&chunk);
            beginning.extend_from_slice(&chunk);
        }
        let (beginning, fingerprint) = (beginning.freeze(), Box::new(fingerprint));
        Ok(Self::Begun { beginning, rest, fingerprint })
    }

    /// The hash, where the body has been read to its end.
    pub fn hash(&self) -> Option<[u8; 32]> {
        match self {
            Self::Whole { hash, .. } => Some(*hash),
            Self::Begun { .. } => None,
        }
    }

    /// Reads the rest for its hash alone.
    pub async fn finish(self) -> Result<[u8; 32], Error> {
        let (mut read, mut rest, mut fingerprint) = match self {
            Self::Whole { hash, .. } => return Ok(hash),
            Self::Begun { beginning, rest, fingerprint } => (beginning.len(), rest, fingerprint),
        };
        while let Some(chunk) = rest.next().await {
            let chunk = chunk.map_err(broken_off)?;
            read += chunk.len();
            if LARGEST < read {
                let message = format!("the body is larger than {} MiB", LARGEST / 1024 / 1024);
                return Err(Error::new(ErrorCode::TooLarge, message));
            }
            fingerprint.update(&chunk);
        }
        Ok(fingerprint.finish())
    }

    /// The body for its handler. Where the hash is not known yet, the handler sees the end only
    /// when `at_end` has taken the hash; an error there is a broken body to it.
    pub fn into_payload<F>(self, at_end: impl FnOnce([u8; 32]) -> F + 'static) -> Payload
    where
        F: Future<Output = Result<(), Error>> + 'static,
    {
        let (beginning, rest, fingerprint) = match self {
            Self::Whole { body, .. } => return Payload::from(body),
            Self::Begun { beginning, rest, fingerprint } => (beginning, rest, fingerprint),
        };
        let rest = stream::try_unfold(
            (rest, fingerprint, at_end),
            |(mut rest, mut fingerprint, at_end)| async move {
                if let Some(chunk) = rest.next().await.transpose()? {
                    fingerprint.update(&chunk);
                    return Ok(Some((chunk, (rest, fingerprint, at_end))));
                }
                let refused = |error| PayloadError::Io(io::Error::other(error));
                at_end(fingerprint.finish()).await.map_err(refused)?;
                Ok(None)
            },
        );
        let payload = stream::once(ready(Ok(beginning))).chain(rest);
        Payload::Stream { payload: Box::pin(payload) }
    }
}
