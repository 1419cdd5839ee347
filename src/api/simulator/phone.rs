//! The phone page: for people who act as somebody on the simulated network.
//!
//! Its files are for everybody, since they hold nothing; what the page then asks of the control
//! API needs what the API needs.

use actix_web::HttpResponse;

use crate::api::{
    endpoint::Endpoint,
    file::unmoved,
    kit::{Call, File, FileKind, Public},
    simulator::{door::Files, shared::TAG},
};

/// The page shows what strangers wrote: it may run its own script alone and speak to us alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/_simulator/phone", page)
            .named("getPhonePage")
            .about(TAG, "A page to use a phone with"),
        Endpoint::get("/_simulator/phone.js", script)
            .named("getPhoneScript")
            .about(TAG, "The script of that page"),
        Endpoint::get("/_simulator/phone.css", style)
            .named("getPhoneStyle")
            .about(TAG, "The style of that page"),
    ]
}

macro_rules! kinds {
    ($($name:ident: $content_type:literal),*) => {$(
        struct $name;

        impl FileKind for $name {
            const CONTENT_TYPE: &'static str = $content_type;
        }
    )*};
}
kinds! { Html: "text/html", Script: "text/javascript", Style: "text/css" }

async fn page(_: Call<Public>) -> File<Html> {
    file("phone.html", HTML).into()
}

async fn script(_: Call<Public>) -> File<Script> {
    file("phone.js", SCRIPT).into()
}

async fn style(_: Call<Public>) -> File<Style> {
    file("phone.css", STYLE).into()
}

fn file(name: &str, content_type: &str) -> HttpResponse {
    let Some(file) = Files::get(name) else {
        return HttpResponse::NotFound().body("this build has no page: run 'make web' first");
    };
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header(("content-security-policy", POLICY))
        // A foreign page that frames this one could make a person click in it.
        .insert_header(("x-frame-options", "DENY"))
        .insert_header(("x-content-type-options", "nosniff"))
        .insert_header(("referrer-policy", "no-referrer"))
        .insert_header(("cache-control", "no-store"))
        .body(unmoved(file.data))
}
