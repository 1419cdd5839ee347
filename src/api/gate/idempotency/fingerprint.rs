//! What must be the same when an `Idempotency-Key` is used again, as one hash, taken while the
//! request is read.
//!
//! Compared are the query and the body, byte for byte: the same JSON in another order of fields
//! is another request. The parts of a multipart body count with their headers, but not the
//! boundary between them, which programs choose again for each attempt. Nothing is held but what
//! may be the beginning of a boundary.

use sha2::{Digest, Sha256};

/// A hash under way.
pub struct Fingerprint {
    whole: Sha256,
    /// What lies between two boundaries; the whole body where there are none.
    segment: Sha256,
    boundary: Option<Vec<u8>>,
    /// Read, and not hashed yet.
    held: Vec<u8>,
}

impl Fingerprint {
    pub fn new(query: &str, content_type: Option<&str>) -> Self {
        let mut whole = Sha256::new();
        whole.update(Sha256::digest(query));
        let boundary = content_type.and_then(boundary_of);
        Self { whole, segment: Sha256::new(), boundary, held: Vec::new() }
    }

    pub fn update(&mut self, chunk: &[u8]) {
        let Some(boundary) = &self.boundary else {
            self.segment.update(chunk);
            return;
        };
        self.held.extend_from_slice(chunk);
        let mut hashed = 0;
        while let Some(at) = find(&self.held[hashed..], boundary) {
            self.segment.update(&self.held[hashed..hashed + at]);
            self.whole.update(self.segment.finalize_reset());
            hashed += at + boundary.len();
        }
        // No boundary begins before the last bytes, of which there are fewer than it has.
        let sure = self.held.len().saturating_sub(boundary.len() - 1).max(hashed);
        self.segment.update(&self.held[hashed..sure]);
        self.held.drain(..sure);
    }

    pub fn finish(mut self) -> [u8; 32] {
        self.segment.update(&self.held);
        self.whole.update(self.segment.finalize());
        self.whole.finalize().into()
    }
}

/// The line that parts a multipart body.
fn boundary_of(content_type: &str) -> Option<Vec<u8>> {
    let mut parameters = content_type.split(';').map(str::trim);
    let is_multipart =
        parameters.next()?.get(..10).is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/"));
    let named = |parameter: &str| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"').into())
    };
    let boundary: String = parameters.find_map(named)?;
    (is_multipart && !boundary.is_empty()).then(|| format!("--{boundary}").into_bytes())
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = wanted.first()?;
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.iter().position(|byte| byte == first)?;
        if text[at..].starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn of(content_type: Option<&str>, chunks: &[&[u8]]) -> [u8; 32] {
        let mut fingerprint = Fingerprint::new("a=1", content_type);
        for chunk in chunks {
            fingerprint.update(chunk);
        }
        fingerprint.finish()
    }

    fn multipart(boundary: &str, parts: &[Vec<u8>]) -> Vec<u8> {
        let mut body = Vec::new();
        for part in parts {
            body.extend(format!("--{boundary}\r\nContent-Disposition: x\r\n\r\n").into_bytes());
            body.extend(part);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{boundary}--\r\n").into_bytes());
        body
    }

    #[test]
    fn a_boundary_is_found_in_every_way_of_writing_it() {
        for text in [
            "multipart/form-data; boundary=xyz",
            "Multipart/Form-Data;charset=utf-8; BOUNDARY=\"xyz\"",
        ] {
            assert_eq!(boundary_of(text).as_deref(), Some(b"--xyz".as_slice()), "{text}");
        }
        for text in ["application/json; boundary=xyz", "multipart/form-data", "multipart/x; a=b"] {
            assert_eq!(boundary_of(text), None, "{text}");
        }
    }

    #[test]
    fn query_and_body_both_count() {
        let other_query = Fingerprint::new("a=2", None);
        assert_ne!(other_query.finish(), of(None, &[]));
        assert_ne!(of(None, &[b"a"]), of(None, &[b"b"]));
    }

    proptest! {
        #[test]
        fn how_the_body_arrives_does_not_matter(
            body in vec(prop_oneof![Just(b'-'), Just(b'x'), any::<u8>()], 0..200),
            size in 1_usize..20,
        ) {
            for content_type in [None, Some("multipart/form-data; boundary=-x-")] {
                let chunks: Vec<&[u8]> = body.chunks(size).collect();
                prop_assert_eq!(of(content_type, &chunks), of(content_type, &[&body]));
            }
        }

        #[test]
        fn the_boundary_does_not_count_and_the_parts_do(
            parts in vec(vec(any::<u8>(), 0..50), 1..4),
            other in vec(vec(any::<u8>(), 0..50), 1..4),
        ) {
            let hash = |boundary: &str, parts: &[Vec<u8>]| {
                let content_type = format!("multipart/form-data; boundary={boundary}");
                of(Some(&content_type), &[&multipart(boundary, parts)])
            };
            const BOUNDARY: &str = "----FormBoundary7MA4YWxkTrZu0gW";
            let first = hash(BOUNDARY, &parts);
            prop_assert_eq!(first, hash("another-0123456789-boundary", &parts));
            prop_assert_eq!(first == hash(BOUNDARY, &other), parts == other);
        }
    }
}
