//! Webhooks of Twilio: text messages that come in, and what became of those that were sent.

use actix_web::HttpResponse;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Call, File, FileKind, Path, Public, Query, Repeat, Signed, SignedKind, path_value},
    },
    providers::sms::Webhook,
};

const TAG: &str = "Business messages";
const SIGNATURE: &str = "x-twilio-signature";
const SETTINGS: &str = "x-twilio-webhooks-signature-settings";
const SIGNED: &str = "Signed in `X-Twilio-Signature` over `server.public_url`, the path and the fields, with `sms.auth_token`; or \
with `sms.shared_key` and SHA-256 where `X-Twilio-Webhooks-Signature-Settings` says so. 403 otherwise.";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/api/webhooks/twilio/sms", receive)
            .named("receiveTwilioSms")
            .about(TAG, "Take in a text message from Twilio")
            .details(SIGNED)
            .repeats(Repeat::Unkeyed),
        Endpoint::post("/api/webhooks/twilio/sms/{id}", receive_for)
            .named("receiveTwilioSmsFor")
            .about(TAG, "Take in a text message from Twilio, at an address with an id")
            .details(SIGNED)
            .repeats(Repeat::Unkeyed),
        Endpoint::post("/api/webhooks/twilio/status", report)
            .named("receiveTwilioStatus")
            .about(TAG, "Take in what became of a text message at Twilio")
            .details(SIGNED)
            .repeats(Repeat::Unkeyed),
    ]
}

path_value! {
    /// Whom a webhook is for. A gateway has one business, so any id is its own.
    enum OrganizationId = "id" as String;
    about: "Any id, such as the `organizationId` of this gateway's webhooks",
    example: "550e8400-e29b-41d4-a716-446655440000",
    read: |text| Ok(text.to_owned())
}

/// The fields of a webhook.
struct TwilioForm;

impl SignedKind for TwilioForm {
    const CONTENT_TYPE: &'static str = "application/x-www-form-urlencoded";
    const EXAMPLE: &'static str =
        "MessageSid=SM1&From=%2B15550000001&To=%2B15559990000&Body=Hello&MessageStatus=delivered";
}

/// An answer that sends nothing back.
struct Nothing;

impl FileKind for Nothing {
    const CONTENT_TYPE: &'static str = "text/xml";
    const EXAMPLE: &'static str = EMPTY;
}

const EMPTY: &str = "<Response/>";

#[derive(Deserialize, ToSchema)]
struct StatusQuery {
    /// The key of the message, as the gateway named it when it was sent.
    #[serde(default)]
    #[schema(max_length = 64, example = "3EB0A1B2C3D4E5F6A7B8C9")]
    message: String,
}

async fn receive(call: Call<Public>, form: Signed<TwilioForm>) -> Result<File<Nothing>, ApiError> {
    let fields = fields_of(&form);
    call.sms.receive_webhook(webhook(&call, &fields)).await?;
    Ok(nothing())
}

/// The same at an address with an id, which is part of what is signed.
async fn receive_for(
    call: Call<Public>,
    Path(_): Path<OrganizationId>,
    form: Signed<TwilioForm>,
) -> Result<File<Nothing>, ApiError> {
    receive(call, form).await
}

async fn report(
    call: Call<Public>,
    Query(query): Query<StatusQuery>,
    form: Signed<TwilioForm>,
) -> Result<File<Nothing>, ApiError> {
    let fields = fields_of(&form);
    call.sms.report_webhook(&query.message, webhook(&call, &fields)).await?;
    Ok(nothing())
}

fn fields_of(form: &Signed<TwilioForm>) -> Vec<(String, String)> {
    url::form_urlencoded::parse(&form.bytes).into_owned().collect()
}

fn webhook<'a>(call: &'a Call<Public>, fields: &'a [(String, String)]) -> Webhook<'a> {
    let request = call.request();
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let path = request.uri().path_and_query().map(|path| path.as_str());
    Webhook {
        path: path.unwrap_or_default(),
        fields,
        signature: header(SIGNATURE).unwrap_or_default(),
        settings: header(SETTINGS),
    }
}

fn nothing() -> File<Nothing> {
    HttpResponse::Ok().content_type("text/xml; charset=utf-8").body(EMPTY).into()
}
