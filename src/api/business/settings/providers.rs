//! Secrets of providers in the settings: they are written and never shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::business::{
        contact_view::given,
        settings::words::{Nullable, within},
    },
    settings::{InEffect, Patch},
};

/// Which secrets of the SMS provider are set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessSmsSettings)]
pub struct SmsView {
    /// Whether the secret of the account is set.
    #[schema(example = true)]
    auth_token_set: bool,
    /// Whether the shared key of webhooks that are signed with SHA-256 is set.
    #[schema(example = false)]
    shared_key_set: bool,
}

impl From<&InEffect> for SmsView {
    fn from(settings: &InEffect) -> Self {
        let sms = &settings.sms;
        Self {
            auth_token_set: !sms.auth_token.is_empty(),
            shared_key_set: !sms.shared_key.is_empty(),
        }
    }
}

/// Which secrets of the provider of payments are set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessPaymentSettings)]
pub struct PaymentsView {
    /// Whether Stripe's secret key is set.
    #[schema(example = true)]
    stripe_secret_key_set: bool,
    /// Whether the secret that Stripe signs its webhooks with is set.
    #[schema(example = true)]
    stripe_webhook_secret_set: bool,
}

impl From<&InEffect> for PaymentsView {
    fn from(settings: &InEffect) -> Self {
        let payments = &settings.payments;
        Self {
            stripe_secret_key_set: !payments.stripe_secret_key.is_empty(),
            stripe_webhook_secret_set: !payments.stripe_webhook_secret.is_empty(),
        }
    }
}

/// Secrets of the SMS provider. Who sends is chosen in the configuration.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessSmsSettingsChange)]
pub struct SmsChange {
    /// The secret of the account at Twilio. It is never shown.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256)]
    #[schema(example = "a-token-of-twilio")]
    auth_token: Nullable<String>,
    /// The shared key of webhooks that are signed with SHA-256. It is never shown.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256)]
    #[schema(example = "a-shared-key")]
    shared_key: Nullable<String>,
}

/// Secrets of the provider of payments. Who makes links is chosen in the configuration.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessPaymentSettingsChange)]
pub struct PaymentsChange {
    /// Stripe's secret key. It is never shown.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256)]
    #[schema(example = "a-key-of-stripe")]
    stripe_secret_key: Nullable<String>,
    /// The secret that Stripe signs its webhooks with. It is never shown.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256)]
    #[schema(example = "a-signing-secret")]
    stripe_webhook_secret: Nullable<String>,
}

pub fn set(patch: &mut Patch, sms: &Nullable<SmsChange>, payments: &Nullable<PaymentsChange>) {
    patch.set(("sms.authToken", "sms.auth_token"), within(sms, |one| &one.auth_token));
    patch.set(("sms.sharedKey", "sms.shared_key"), within(sms, |one| &one.shared_key));
    let key = within(payments, |one| &one.stripe_secret_key);
    patch.set(("payments.stripeSecretKey", "payments.stripe_secret_key"), key);
    let secret = within(payments, |one| &one.stripe_webhook_secret);
    patch.set(("payments.stripeWebhookSecret", "payments.stripe_webhook_secret"), secret);
}
