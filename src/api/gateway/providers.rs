//! The providers of mail, text messages and payments: which there are, and a test of each by one real request.

use std::time::Instant;

use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Schema};

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        gate::{limits::Counted, own_limit},
        kit::{Admin, Body, Bucket, Call, Data, Listed, Repeat, required_choice},
        texts::{in_field, person},
    },
    domain::{Error, ErrorCode, JidKind},
    providers::{mail::Mail, payments::ProviderKind},
    services::Services,
};

const TAG: &str = "Server";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/providers", list)
            .named("listProviders")
            .about(TAG, "The providers of mail, text messages and payments")
            .details("Which they are is said in the configuration. No answer holds a secret."),
        Endpoint::post("/api/v1/providers/mail/test", mail)
            .named("testMailProvider")
            .about(TAG, "Send a mail to oneself, to test the settings of mail")
            .details("To the address of the person who calls, and to no other. 200 also where it failed.")
            .limited(Bucket::Assistant)
            .repeats(Repeat::Once),
        Endpoint::post("/api/v1/providers/sms/test", sms)
            .named("testSmsProvider")
            .about(TAG, "Send a text message to one's own number, to test the settings of SMS")
            .details(
                "The provider takes its price for it. It belongs to no conversation. The gateway sends at most one in \
                 a minute, for all callers together.",
            )
            .limited(Bucket::Assistant)
            .repeats(Repeat::Once),
        Endpoint::post("/api/v1/providers/payments/test", payments)
            .named("testPaymentProvider")
            .about(TAG, "Make a payment link and end it at once, to test the settings of payments")
            .details("Nothing can be paid by it. 200 also where it failed: `success` says which.")
            .limited(Bucket::Assistant)
            .repeats(Repeat::Once),
    ]
}

/// What a provider is for, and which it is.
#[derive(Serialize, ToSchema)]
#[schema(as = Provider)]
struct ProviderView {
    #[schema(schema_with = service_schema)]
    service: &'static str,
    /// The provider of the configuration; null where there is none.
    #[schema(example = "smtp")]
    provider: Option<&'static str>,
}

fn service_schema() -> Schema {
    required_choice("What it is for.", &["mail", "sms", "payments"])
}

#[derive(Deserialize, ToSchema)]
#[schema(as = SmsTestDraft, example = json!({ "to": "+15550000001" }))]
struct SmsTest {
    /// One's own telephone number with its country code.
    #[schema(min_length = 1, max_length = 64)]
    to: String,
}

/// A test of a provider.
#[derive(Serialize, ToSchema)]
#[schema(as = ProviderTest)]
struct TestView {
    /// Whether the provider took it on.
    #[schema(example = true)]
    success: bool,
    /// The provider of the settings; null where there is none.
    #[schema(example = "smtp")]
    provider: Option<&'static str>,
    /// To whom it went; null for payments, and where nothing is set up.
    #[schema(example = "ada@example.com")]
    to: Option<String>,
    /// How long the provider took, in milliseconds.
    #[schema(example = 210)]
    duration_ms: u64,
    /// Why it failed; null where it did not.
    #[schema(example = json!(null))]
    error: Option<String>,
}

impl TestView {
    fn of(
        provider: &'static str,
        to: Option<String>,
        began: Instant,
        done: Result<(), Error>,
    ) -> Self {
        Self {
            success: done.is_ok(),
            provider: Some(provider),
            to,
            duration_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            error: done.err().map(|error| error.message),
        }
    }

    fn of_none(what: &str) -> Self {
        let error = Some(format!("The settings name no provider for {what}"));
        Self { success: false, provider: None, to: None, duration_ms: 0, error }
    }
}

fn mail_provider(services: &Services) -> Option<&'static str> {
    services.mailer.as_ref()?;
    Some(if services.mailbox.is_some() { "simulated" } else { "smtp" })
}

async fn list(call: Call<Admin>) -> Result<Listed<ProviderView>, ApiError> {
    let payments = call.payments.provider_kind().map(ProviderKind::as_str);
    let all =
        [("mail", mail_provider(&call)), ("sms", call.sms.provider()), ("payments", payments)];
    Ok(all.into_iter().map(|(service, provider)| ProviderView { service, provider }).collect())
}

async fn mail(call: Call<Admin>) -> Result<Data<TestView>, ApiError> {
    let (Some(mailer), Some(provider)) = (&call.mailer, mail_provider(&call)) else {
        return Ok(Data::of(TestView::of_none("mail")));
    };
    let caller = call.principal().person().ok_or_else(|| {
        let message = "A test of mail goes to the person who calls: sign in, or use a key of yours";
        Error::new(ErrorCode::Conflict, message)
    })?;
    let to = call.accounts.user(caller).await?.email;
    let began = Instant::now();
    let sent = mailer.send(&Mail::test(&to, call.clock.now())).await;
    let sent = sent.map_err(|error| Error::new(ErrorCode::EngineFailed, error.to_string()));
    Ok(Data::of(TestView::of(provider, Some(to), began, sent)))
}

async fn sms(call: Call<Admin>, Body(body): Body<SmsTest>) -> Result<Data<TestView>, ApiError> {
    let to = person(&body.to).map_err(|error| in_field("to", error))?;
    if to.kind() != JidKind::Person {
        return Err(Error::invalid_field("to", "must be a telephone number").into());
    }
    if call.sms.provider().is_some() {
        own_limit::count(call.request(), Bucket::SmsTest, Counted::Others)?;
    }
    let began = Instant::now();
    let Some((provider, sent)) = call.sms.test(to.user()).await else {
        return Ok(Data::of(TestView::of_none("text messages")));
    };
    Ok(Data::of(TestView::of(provider, Some(format!("+{}", to.user())), began, sent)))
}

async fn payments(call: Call<Admin>) -> Result<Data<TestView>, ApiError> {
    let began = Instant::now();
    let Some((provider, made)) = call.payments.test(&call.config.payments.currency).await else {
        return Ok(Data::of(TestView::of_none("payments")));
    };
    Ok(Data::of(TestView::of(provider.as_str(), None, began, made)))
}
