//! The phone page: for people who act as somebody on the simulated network.
//!
//! Its files are for everybody, since they hold nothing; what the page then asks of the control
//! API needs what the API needs.

use actix_web::HttpResponse;

use crate::api::{
    endpoint::{Bucket, Endpoint, Scope},
    file::unmoved,
    simulator::{TAG, door::Files},
};

/// The page shows what strangers wrote: it may run its own script alone and speak to us alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

pub fn endpoints() -> Vec<Endpoint> {
    let file = |endpoint: Endpoint, summary, content_type| {
        endpoint
            .about(TAG, summary)
            .needs(Scope::Public)
            .limited(Bucket::None)
            .answers_other(200, content_type)
    };
    vec![
        file(Endpoint::get("/_simulator/phone", page), "A page to use a phone with", "text/html"),
        file(
            Endpoint::get("/_simulator/phone.js", script),
            "The script of that page",
            "text/javascript",
        ),
        file(Endpoint::get("/_simulator/phone.css", style), "The style of that page", "text/css"),
    ]
}

async fn page() -> HttpResponse {
    file("phone.html", HTML)
}

async fn script() -> HttpResponse {
    file("phone.js", SCRIPT)
}

async fn style() -> HttpResponse {
    file("phone.css", STYLE)
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
