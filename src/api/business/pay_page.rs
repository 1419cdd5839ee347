//! The page of a payment link: what is to be paid, how much, and how. It has no script.

use std::{fmt::Write, sync::LazyLock};

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::CONTENT_SECURITY_POLICY},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Call, File, FileKind, Path, Public, path_value},
    },
    domain::{ErrorCode, Timestamp},
    payments::{LinkStatus, PaymentLink},
    providers::payments::ProviderKind,
    services::Services,
};

const STYLE: &str = "\
:root{color-scheme:light dark}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;\
font:1rem/1.5 system-ui,sans-serif;background:#f4f5f7;color:#16181d}\
main{width:100%;max-width:26rem;background:#fff;border:1px solid #d9dce3;border-radius:.75rem;padding:1.5rem}\
h1{margin:0 0 .25rem;font-size:1.125rem;font-weight:600;overflow-wrap:anywhere}\
.amount{margin:0 0 1rem;font-size:2rem;font-weight:700;line-height:1.2;overflow-wrap:anywhere}\
.state{display:inline-block;margin:0 0 1rem;padding:.125rem .625rem;border:1px solid;border-radius:1rem;font-weight:600}\
.paid{color:#11632f}.ended{color:#8a2318}\
dl{margin:0;display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem}\
dt{color:#555b66}dd{margin:0;overflow-wrap:anywhere}\
h2{margin:1.25rem 0 .25rem;font-size:1rem}\
.how{margin:0;white-space:pre-line;overflow-wrap:anywhere}\
@media(prefers-color-scheme:dark){body{background:#14161a;color:#e8eaee}\
main{background:#1c1f25;border-color:#363b45}dt{color:#a5acb8}.paid{color:#6fd292}.ended{color:#ff9d8f}}";

/// The page may show its own style, and nothing else.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = BASE64.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/pay/{id}", page)
            .named("getPaymentPage")
            .about("Business payments", "The page of a payment link, for the person who pays")
            .details("For links of the provider `page`, and of the simulated one."),
    ]
}

struct Html;

impl FileKind for Html {
    const CONTENT_TYPE: &'static str = "text/html";
    const OTHERS: &'static [(u16, &'static str)] =
        &[(404, "A page that says that there is no such link")];
}

path_value! {
    /// A payment link, by its id; none for what cannot be one.
    enum PageId = "id" as Option<Uuid>;
    about: "The id of the payment link", example: "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e50",
    read: |text| Ok(text.parse().ok())
}

async fn page(call: Call<Public>, Path(id): Path<PageId>) -> Result<File<Html>, ApiError> {
    let found = match id {
        Some(id) => call.payments.get(id).await.map(Some),
        None => Ok(None),
    };
    let link = match found {
        Ok(link) => link.filter(|link| link.provider.has_page()),
        Err(error) if error.code == ErrorCode::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    Ok(match link {
        Some(link) => html(StatusCode::OK, &shown(&call, &link)),
        None => html(StatusCode::NOT_FOUND, &document("Payment link", NOT_FOUND)),
    }
    .into())
}

const NOT_FOUND: &str = "<h1>There is no such payment link</h1>\
<p class=\"how\">Please ask the sender for another one.</p>";

fn html(status: StatusCode, text: &str) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY.as_str()))
        .insert_header(("x-robots-tag", "noindex, nofollow"))
        .body(text.to_owned())
}

fn shown(services: &Services, link: &PaymentLink) -> String {
    let config = &services.config;
    let instructions = match link.provider {
        ProviderKind::Page => config.payments.instructions.trim(),
        _ => "This is a simulated payment: the control of the simulated network pays it.",
    };
    view(link, &services.settings.now().business.name, instructions, services.clock.now())
}

fn view(link: &PaymentLink, business: &str, instructions: &str, now: Timestamp) -> String {
    let (amount, currency) = (&link.amount, link.currency);
    let (description, reference) = (escaped(&link.description), escaped(&link.reference));
    let (state, class) = match link.status {
        LinkStatus::Paid => ("Paid", "paid"),
        LinkStatus::Cancelled => ("Cancelled", "ended"),
        LinkStatus::Expired => ("Expired", "ended"),
        LinkStatus::Active if !link.is_open(now) => ("Expired", "ended"),
        LinkStatus::Active => ("To be paid", "open"),
    };
    let mut body = format!(
        "<h1>{description}</h1><p class=\"amount\">{amount} {currency}</p>\
         <p class=\"state {class}\" role=\"status\">{state}</p><dl>"
    );
    let mut row = |name: &str, value: &str| {
        // Writing to a text cannot fail.
        let _ = write!(body, "<dt>{name}</dt><dd>{value}</dd>");
    };
    if !business.is_empty() {
        row("To", &escaped(business));
    }
    row("Reference", &reference);
    if let Some(end) = link.expires_at.filter(|_| link.is_open(now)) {
        row("Until", &end.strftime("%Y-%m-%d %H:%M UTC").to_string());
    }
    body.push_str("</dl>");
    if link.is_open(now) && !instructions.is_empty() {
        let _ = write!(body, "<h2>How to pay</h2><p class=\"how\">{}</p>", escaped(instructions));
    }
    document(&format!("{description}: {amount} {currency}"), &body)
}

fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    )
}

/// A text in which nothing is read as markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for ch in text.chars() {
        match ch {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            ch => escaped.push(ch),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        contacts::Actor,
        domain::{Amount, Currency, clock::from_seconds},
    };

    fn link(status: LinkStatus) -> PaymentLink {
        let currency = Currency::of("EUR").unwrap();
        PaymentLink {
            id: Uuid::nil(),
            amount: Amount::read("12.5", currency).unwrap(),
            currency,
            description: "<script>alert('1')</script> & \"tea\"".to_owned(),
            reference: "PL-7K2M4QXA".to_owned(),
            status,
            provider: ProviderKind::Page,
            provider_id: None,
            url: String::new(),
            contact: None,
            conversation: None,
            expires_at: Some(from_seconds(100)),
            created_at: from_seconds(0),
            created_by: Actor::GATEWAY,
            paid_at: None,
            cancelled_at: None,
        }
    }

    #[test]
    fn what_somebody_wrote_is_text_and_how_to_pay_is_said_while_it_can_be_paid() {
        let shown = |status, seconds| {
            view(&link(status), "Shop & Sons", "IBAN <1>\nThanks", from_seconds(seconds))
        };
        let open = shown(LinkStatus::Active, 99);
        for part in [
            "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;tea&quot;",
            "12.50 EUR",
            "PL-7K2M4QXA",
            "Shop &amp; Sons",
            "IBAN &lt;1&gt;\nThanks",
            "To be paid",
        ] {
            assert!(open.contains(part), "{part}: {open}");
        }
        assert!(!open.contains("<script"));
        for (status, seconds, state) in [
            (LinkStatus::Active, 100, "Expired"),
            (LinkStatus::Paid, 99, "Paid"),
            (LinkStatus::Cancelled, 99, "Cancelled"),
        ] {
            let ended = shown(status, seconds);
            assert!(ended.contains(state) && !ended.contains("How to pay"), "{ended}");
        }
    }
}
