//! Files that the build embeds: found in the best encoding that a caller takes, with the headers of each.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header::{
        ACCEPT_ENCODING, CONTENT_ENCODING, HeaderName, HeaderValue, IF_NONE_MATCH, REFERRER_POLICY,
        VARY, X_CONTENT_TYPE_OPTIONS,
    },
};
use data_encoding::HEXLOWER;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::api::file::unmoved;

/// What browsers take, best first, and the ending of the files that are written so.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// A file with its encoding; none for one as it is.
pub struct Embedded {
    file: EmbeddedFile,
    encoding: Option<&'static str>,
}

impl Embedded {
    /// A file in the first encoding that the caller takes and that there is.
    pub fn find<Files: RustEmbed>(request: &HttpRequest, path: &str) -> Option<Self> {
        let taken = listed(request, &ACCEPT_ENCODING);
        let encoded = ENCODINGS.iter().find_map(|(encoding, ending)| {
            let is_taken = taken.iter().any(|one| one == encoding);
            let file = is_taken.then(|| Files::get(&format!("{path}{ending}")))??;
            Some(Self { file, encoding: Some(*encoding) })
        });
        encoded.or_else(|| Some(Self { file: Files::get(path)?, encoding: None }))
    }

    /// Unlike that of any other file, and of any other encoding.
    pub fn tag(&self) -> String {
        format!("\"{}\"", HEXLOWER.encode(&self.file.metadata.sha256_hash()))
    }

    /// The answer that is this file.
    pub fn finish(self, mut response: HttpResponseBuilder, content_type: &str) -> HttpResponse {
        if let Some(encoding) = self.encoding {
            response.insert_header((CONTENT_ENCODING, HeaderValue::from_static(encoding)));
        }
        response
            .content_type(content_type)
            .insert_header((VARY, "accept, accept-encoding"))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((REFERRER_POLICY, "no-referrer"))
            .body(unmoved(self.file.data))
    }
}

/// An answer begun: that the caller knows the file of this tag, or that the file follows.
pub fn begun(request: &HttpRequest, tag: &str) -> HttpResponseBuilder {
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| holds(known, tag)) {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    }
}

/// What a header lists, without what is refused by a weight of zero.
pub fn listed(request: &HttpRequest, name: &HeaderName) -> Vec<String> {
    let value = request.headers().get(name).and_then(|value| value.to_str().ok());
    let items = value.unwrap_or_default().split(',').filter_map(|item| {
        let (word, weight) = item.split_once(';').unwrap_or((item, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|text| text.parse::<f32>().ok());
        let word = word.trim().to_ascii_lowercase();
        (!word.is_empty() && weight.is_none_or(|weight| 0.0 < weight)).then_some(word)
    });
    items.collect()
}

/// Whether an `If-None-Match` names this tag. One that a proxy weakened is the same file.
fn holds(known: &str, tag: &str) -> bool {
    known.split(',').map(str::trim).any(|one| {
        let one = one.strip_prefix("W/").unwrap_or(one);
        one == "*" || one == tag
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn what_is_refused_is_not_taken() {
        let request = TestRequest::default()
            .insert_header((ACCEPT_ENCODING, "gzip;q=0, BR , zstd;q=0.5"))
            .to_http_request();
        assert_eq!(listed(&request, &ACCEPT_ENCODING), ["br", "zstd"]);
    }

    #[test]
    fn a_tag_is_known_however_it_is_listed() {
        for known in ["\"a\"", "W/\"a\"", "\"x\", \"a\"", "*"] {
            assert!(holds(known, "\"a\""), "{known}");
        }
        assert!(!holds("\"b\"", "\"a\""));
    }
}
