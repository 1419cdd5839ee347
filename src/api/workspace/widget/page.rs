//! The files of the widget: the script that a page of any site brings in, and the page in the frame that it opens.
//!
//! The frame is of the gateway's own origin. Its script and its style stand within it, and its policy lets it run these alone.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CROSS_ORIGIN_RESOURCE_POLICY, ETAG,
};
use rust_embed::RustEmbed;

use crate::{
    api::{
        embedded::{Embedded, begun},
        endpoint::Endpoint,
        error::ApiError,
        kit::{Bucket, Call, File, FileKind, Public},
        workspace::widget::{
            caller::{Looks, PublicBot},
            views::TAG,
        },
    },
    domain::{Error, ErrorCode},
};

const SCRIPT: &str = "widget.js";
const PAGE: &str = "frame.html";
/// The hashes of the page's script and style, as the build found them.
const HASHES: &str = "policy.txt";
/// A page that brings the script in has the new one five minutes after an upgrade.
const A_WHILE: &str = "public, max-age=300";

/// What `make web` built.
#[derive(RustEmbed)]
#[folder = "web/widget/dist"]
#[allow_missing = true]
struct Files;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/widget.js", script)
            .named("getWidgetScript")
            .about(TAG, "The script that shows the chat of a bot on a page")
            .details("`data-bot` of its script element names the bot by its public token.")
            .limited(Bucket::None),
        Endpoint::get("/widget/{token}", page)
            .named("getWidgetPage")
            .about(TAG, "The page in the frame of the widget")
            .details(
                "Pages of the bot's `allowed_origins` may frame it, or all where there are none.",
            ),
    ]
}

struct Script;

impl FileKind for Script {
    const CONTENT_TYPE: &'static str = "text/javascript";
    const OTHERS: &'static [(u16, &'static str)] =
        &[(304, "The script is the one that If-None-Match names")];
}

struct Html;

impl FileKind for Html {
    const CONTENT_TYPE: &'static str = "text/html";
    const OTHERS: &'static [(u16, &'static str)] =
        &[(304, "The page is the one that If-None-Match names")];
}

async fn script(call: Call<Public>) -> Result<File<Script>, ApiError> {
    let request = call.request();
    let file = Embedded::find::<Files>(request, SCRIPT).ok_or_else(missing)?;
    let tag = file.tag();
    let mut response = begun(request, &tag);
    response
        .insert_header((CACHE_CONTROL, A_WHILE))
        .insert_header((ETAG, tag))
        // It is made for pages of other origins.
        .insert_header((CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"));
    Ok(file.finish(response, "text/javascript; charset=utf-8").into())
}

async fn page(call: Call<Public>, caller: PublicBot<Looks>) -> Result<File<Html>, ApiError> {
    let request = call.request();
    let file = Embedded::find::<Files>(request, PAGE).ok_or_else(missing)?;
    let hashes = Files::get(HASHES).ok_or_else(missing)?;
    let hashes = String::from_utf8_lossy(&hashes.data).into_owned();
    let tag = file.tag();
    let mut response = begun(request, &tag);
    response
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((ETAG, tag))
        .insert_header((CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            policy(hashes.trim(), &caller.bot.web.allowed_origins),
        ));
    Ok(file.finish(response, "text/html; charset=utf-8").into())
}

/// What the page may do, and which pages may frame it.
fn policy(hashes: &str, origins: &[String]) -> String {
    // Origins hold no blank and no semicolon: they are checked when a bot gets them.
    let around =
        if origins.is_empty() { "*".to_owned() } else { format!("'self' {}", origins.join(" ")) };
    format!(
        "default-src 'none'; {hashes}; connect-src 'self'; img-src 'self' https:; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors {around}"
    )
}

fn missing() -> Error {
    Error::new(ErrorCode::NotFound, "this build has no widget: run 'make web' first")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_framed_by_the_origins_of_its_bot_or_by_any() {
        let of = |origins: &[&str]| {
            policy(
                "script-src 'sha256-x'",
                &origins.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>(),
            )
        };
        assert!(of(&[]).ends_with("frame-ancestors *"));
        let some = of(&["https://a.example", "http://localhost:5173"]);
        assert!(some.ends_with("frame-ancestors 'self' https://a.example http://localhost:5173"));
        assert!(some.starts_with("default-src 'none'; script-src 'sha256-x'; connect-src 'self'"));
    }
}
