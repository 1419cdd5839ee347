//! Faults of a WebSocket client: which close code each gets, and frames that are too large to be read.
//!
//! The decoder of `actix-ws` looks at the length of a frame once all of it has come. A client that
//! announces an endless one would fill the memory: its header is read here first.

use std::io;

use actix_web::{
    FromRequest, HttpRequest, dev,
    error::PayloadError,
    web::{self, Bytes},
};
use actix_ws::{CloseCode, ProtocolError};
use futures_util::{StreamExt, stream::LocalBoxStream};

use crate::domain::Error;

/// Bytes of a frame, and of a message.
pub const LARGEST_FRAME: usize = 64 * 1024;
/// Two bytes, eight of length, four of mask.
const LONGEST_HEADER: usize = 14;

/// The code to close with, as RFC 6455 has it (7.4.1); none when nobody is left to get it.
pub fn close_code(fault: &ProtocolError) -> Option<CloseCode> {
    let ProtocolError::Io(error) = fault else {
        let is_size = matches!(fault, ProtocolError::Overflow);
        return Some(if is_size { CloseCode::Size } else { CloseCode::Protocol });
    };
    let cause = error.get_ref();
    match error.kind() {
        // The decoder has no kind of its own for these two.
        io::ErrorKind::InvalidData if error.to_string().contains("reserved bits") => {
            Some(CloseCode::Protocol)
        }
        io::ErrorKind::InvalidData => Some(CloseCode::Invalid),
        _ if cause.is_some_and(|cause| cause.to_string().contains("maximum continuation size")) => {
            Some(CloseCode::Size)
        }
        _ => match cause.and_then(|cause| cause.downcast_ref::<PayloadError>()) {
            Some(PayloadError::Overflow) => Some(CloseCode::Size),
            _ => None,
        },
    }
}

/// What the client sends, cut off at the header of a frame that is too large.
pub async fn guarded(request: &HttpRequest, payload: web::Payload) -> Result<web::Payload, Error> {
    let mut sizes = Sizes::default();
    let stream = payload.map(move |chunk: Result<Bytes, PayloadError>| {
        let chunk = chunk?;
        if sizes.read(&chunk) { Ok(chunk) } else { Err(PayloadError::Overflow) }
    });
    let stream: LocalBoxStream<'static, _> = stream.boxed_local();
    let taken = web::Payload::from_request(request, &mut dev::Payload::Stream { payload: stream });
    taken.await.map_err(|error| Error::internal(format!("the WebSocket cannot be read: {error}")))
}

/// Follows the frames of a stream of bytes by their headers.
#[derive(Default)]
struct Sizes {
    header: [u8; LONGEST_HEADER],
    known: usize,
    /// Bytes of the present frame that are still to come.
    left: usize,
}

impl Sizes {
    /// False at a frame that is larger than allowed.
    fn read(&mut self, mut bytes: &[u8]) -> bool {
        while let Some((first, rest)) = bytes.split_first() {
            if 0 < self.left {
                let skipped = self.left.min(bytes.len());
                self.left -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            self.header[self.known] = *first;
            self.known += 1;
            bytes = rest;
            if let Some(length) = self.length() {
                let Some(length) = length else { return false };
                (self.known, self.left) = (0, length);
            }
        }
        true
    }

    /// The length of the frame, once its header is whole; within, none when it is too large.
    fn length(&self) -> Option<Option<usize>> {
        let second = *self.header[..self.known].get(1)?;
        let length_bytes = match second & 0x7F {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask_bytes = if second & 0x80 == 0 { 0 } else { 4 };
        if self.known < 2 + length_bytes + mask_bytes {
            return None;
        }
        let extended = self.header[2..2 + length_bytes].iter();
        let length = match length_bytes {
            0 => u64::from(second & 0x7F),
            _ => extended.fold(0, |length, byte| length << 8 | u64::from(*byte)),
        };
        Some(usize::try_from(length).ok().filter(|length| *length <= LARGEST_FRAME))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(length: usize, is_masked: bool) -> Vec<u8> {
        let mask = if is_masked { 0x80 } else { 0 };
        let mut bytes = vec![0x82];
        match length {
            0..126 => bytes.push(mask | u8::try_from(length).unwrap()),
            126..65_536 => {
                bytes.push(mask | 126);
                bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                bytes.push(mask | 127);
                bytes.extend(u64::try_from(length).unwrap().to_be_bytes());
            }
        }
        bytes.extend(vec![0; if is_masked { 4 } else { 0 }]);
        bytes.extend(vec![0xFF; length.min(LARGEST_FRAME + 1)]);
        bytes
    }

    fn passes(bytes: &[u8], chunk: usize) -> bool {
        let mut sizes = Sizes::default();
        bytes.chunks(chunk.max(1)).all(|chunk| sizes.read(chunk))
    }

    #[test]
    fn a_frame_is_refused_at_its_header() {
        let endless = [0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4];
        for chunk in [1, 3, 14] {
            assert!(!passes(&endless, chunk));
            assert!(passes(&endless[..13], chunk), "the header is not whole yet");
        }
        assert!(passes(&frame(LARGEST_FRAME, true), 1_000));
        assert!(!passes(&frame(LARGEST_FRAME + 1, true), 1_000));
    }

    proptest! {
        #[test]
        fn frames_pass_however_they_are_cut(
            lengths in prop::collection::vec((0..70_000_usize, any::<bool>()), 1..6),
            chunk in 1..9_000_usize,
        ) {
            let bytes: Vec<u8> =
                lengths.iter().flat_map(|(length, masked)| frame(*length, *masked)).collect();
            let expected = lengths.iter().all(|(length, _)| *length <= LARGEST_FRAME);
            prop_assert_eq!(passes(&bytes, chunk), expected);
        }
    }
}
