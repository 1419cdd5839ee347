//! The dashboard: its page at `/` and the files that the page brings in.
//!
//! The files are for everybody, since they hold nothing; what the page then asks of the API needs
//! what the API needs. Files bear a hash in their name and are kept by browsers for ever; the page
//! itself is asked for anew each time. Both lie here compressed already.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{
        ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, ETAG,
        HeaderName, HeaderValue, IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
        X_FRAME_OPTIONS,
    },
};
use data_encoding::HEXLOWER;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        file::unmoved,
        kit::{Bucket, Call, File, FileKind, Path, Public, path_value},
    },
    domain::{Error, ErrorCode},
};

const TAG: &str = "Server";
/// The page shows what strangers wrote: it may run its own scripts alone and speak to us alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; font-src 'none'; \
base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
require-trusted-types-for 'script'; trusted-types svelte-trusted-html";
const PAGE: &str = "index.html";
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

/// What browsers take, best first, and the ending of the files that are written so.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// The page's files, built by `make web`.
#[derive(RustEmbed)]
#[folder = "web/dashboard/dist"]
#[allow_missing = true]
struct Files;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/", page)
            .named("getDashboard")
            .about(TAG, "The dashboard, for those who take HTML")
            .details("Programs that accept JSON alone get 404.")
            .limited(Bucket::None),
        Endpoint::get("/assets/{file}", asset)
            .named("getDashboardFile")
            .about(TAG, "The files of the dashboard")
            .limited(Bucket::None),
    ]
}

/// The page.
struct Html;

impl FileKind for Html {
    const CONTENT_TYPE: &'static str = "text/html";
    const OTHERS: &'static [(u16, &'static str)] =
        &[(304, "The page is the one that If-None-Match names")];
}

/// What the page brings in.
struct Asset;

impl FileKind for Asset {
    const CONTENT_TYPE: &'static str = "";
}

path_value! {
    /// A file of the dashboard.
    enum AssetName = "file" as String;
    about: "The name of the file, as the page names it", example: "index.js",
    read: |text| Ok(text.to_owned())
}

async fn page(call: Call<Public>) -> Result<File<Html>, ApiError> {
    let request = call.request();
    if !takes_html(request) {
        return Err(missing("There is nothing at / but the dashboard, which is HTML"));
    }
    let (file, encoding) = find(request, PAGE)
        .ok_or_else(|| missing("this build has no dashboard: run 'make web' first"))?;
    let tag = format!("\"{}\"", HEXLOWER.encode(&file.metadata.sha256_hash()));
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let mut response = if known.is_some_and(|known| holds(known, &tag)) {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((CACHE_CONTROL, ASK_AGAIN))
        .insert_header((ETAG, tag))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        // A foreign page that frames this one could make a person click in it.
        .insert_header((X_FRAME_OPTIONS, "DENY"));
    Ok(finished(response, file, encoding, "text/html; charset=utf-8").into())
}

async fn asset(call: Call<Public>, Path(name): Path<AssetName>) -> Result<File<Asset>, ApiError> {
    let request = call.request();
    let path = format!("assets/{name}");
    let found = content_type(&name).zip(find(request, &path));
    let Some((content_type, (file, encoding))) = found else {
        return Err(missing(&format!("There is nothing at {}", request.path())));
    };
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, FOR_EVER));
    Ok(finished(response, file, encoding, content_type).into())
}

fn finished(
    mut response: actix_web::HttpResponseBuilder,
    file: EmbeddedFile,
    encoding: Option<&'static str>,
    content_type: &str,
) -> HttpResponse {
    if let Some(encoding) = encoding {
        response.insert_header((CONTENT_ENCODING, HeaderValue::from_static(encoding)));
    }
    response
        .content_type(content_type)
        .insert_header((VARY, "accept, accept-encoding"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .body(unmoved(file.data))
}

/// The file in the first encoding that the caller takes and that there is.
fn find(request: &HttpRequest, path: &str) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let taken = listed(request, &ACCEPT_ENCODING);
    let encoded = ENCODINGS.iter().find_map(|(encoding, ending)| {
        let is_taken = taken.iter().any(|one| one == encoding);
        let file = is_taken.then(|| Files::get(&format!("{path}{ending}")))??;
        Some((file, Some(*encoding)))
    });
    encoded.or_else(|| Some((Files::get(path)?, None)))
}

/// Programs that ask for JSON alone get the answer that they would get at any unknown path.
fn takes_html(request: &HttpRequest) -> bool {
    let taken = listed(request, &ACCEPT);
    let html = ["text/html", "text/*", "*/*"];
    taken.is_empty() || taken.iter().any(|one| html.contains(&one.as_str()))
}

/// What a header lists, without what is refused by a weight of nought.
fn listed(request: &HttpRequest, name: &HeaderName) -> Vec<String> {
    let value = request.headers().get(name).and_then(|value| value.to_str().ok());
    let items = value.unwrap_or_default().split(',').filter_map(|item| {
        let (word, weight) = item.split_once(';').unwrap_or((item, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|text| text.parse::<f32>().ok());
        let word = word.trim().to_ascii_lowercase();
        (!word.is_empty() && weight.is_none_or(|weight| 0.0 < weight)).then_some(word)
    });
    items.collect()
}

/// Whether an `If-None-Match` names this tag. One that a proxy weakened is the same page.
fn holds(known: &str, tag: &str) -> bool {
    known.split(',').map(str::trim).any(|one| {
        let one = one.strip_prefix("W/").unwrap_or(one);
        one == "*" || one == tag
    })
}

fn content_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "js" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

fn missing(message: &str) -> ApiError {
    Error::new(ErrorCode::NotFound, message).into()
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
    fn who_asks_for_json_alone_does_not_get_a_page() {
        let takes = |accept: &str| {
            takes_html(&TestRequest::default().insert_header((ACCEPT, accept)).to_http_request())
        };
        assert!(takes("text/html,application/xhtml+xml,*/*;q=0.8") && takes("*/*"));
        assert!(!takes("application/json"));
        assert!(takes_html(&TestRequest::default().to_http_request()));
    }

    #[test]
    fn a_tag_is_known_however_it_is_listed() {
        for known in ["\"a\"", "W/\"a\"", "\"x\", \"a\"", "*"] {
            assert!(holds(known, "\"a\""), "{known}");
        }
        assert!(!holds("\"b\"", "\"a\""));
    }
}
