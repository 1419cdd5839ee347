//! The dashboard: its page at `/` and the files that the page brings in.
//!
//! The files are for everybody, since they hold nothing; what the page then asks of the API needs
//! what the API needs. Files carry a hash in their name and are kept by browsers for ever; the page
//! itself is asked for again each time. Both lie here compressed already.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, X_FRAME_OPTIONS},
};
use rust_embed::RustEmbed;

use crate::{
    api::{
        embedded::{Embedded, begun, listed},
        endpoint::Endpoint,
        error::ApiError,
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
    let file = Embedded::find::<Files>(request, PAGE)
        .ok_or_else(|| missing("this build has no dashboard: run 'make web' first"))?;
    let tag = file.tag();
    let mut response = begun(request, &tag);
    response
        .insert_header((CACHE_CONTROL, ASK_AGAIN))
        .insert_header((ETAG, tag))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        // A foreign page that frames this one could make a person click in it.
        .insert_header((X_FRAME_OPTIONS, "DENY"));
    Ok(file.finish(response, "text/html; charset=utf-8").into())
}

async fn asset(call: Call<Public>, Path(name): Path<AssetName>) -> Result<File<Asset>, ApiError> {
    let request = call.request();
    let path = format!("assets/{name}");
    let found = content_type(&name).zip(Embedded::find::<Files>(request, &path));
    let Some((content_type, file)) = found else {
        return Err(missing(&format!("There is nothing at {}", request.path())));
    };
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, FOR_EVER));
    Ok(file.finish(response, content_type).into())
}

/// Programs that ask for JSON alone get the answer that they would get at any unknown path.
fn takes_html(request: &HttpRequest) -> bool {
    let taken = listed(request, &ACCEPT);
    let html = ["text/html", "text/*", "*/*"];
    taken.is_empty() || taken.iter().any(|one| html.contains(&one.as_str()))
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
    fn who_asks_for_json_alone_does_not_get_a_page() {
        let takes = |accept: &str| {
            takes_html(&TestRequest::default().insert_header((ACCEPT, accept)).to_http_request())
        };
        assert!(takes("text/html,application/xhtml+xml,*/*;q=0.8") && takes("*/*"));
        assert!(!takes("application/json"));
        assert!(takes_html(&TestRequest::default().to_http_request()));
    }
}
