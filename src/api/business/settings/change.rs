//! A change of the settings, as callers write it.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::business::{
        contact_view::given,
        settings::{
            broadcast::{self, BroadcastChange},
            csat::{self, CsatChange},
            hours::Hours,
            providers::{self, PaymentsChange, SmsChange},
            words::{Assignment, Nullable, OptIn, Reopen, WindowMode},
        },
    },
    settings::Patch,
};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessSettingsChange, example = json!({
    "businessName": "Acme Corp", "timezone": "Asia/Kolkata", "windowPolicy": "warn",
    "optoutKeywords": ["STOP", "ENOUGH"], "csat": { "minGapHours": 72 },
}))]
pub struct SettingsChange {
    /// Name of the business; empty for the name of the account.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 0, max_length = 120)]
    #[schema(example = "Acme Corp")]
    business_name: Nullable<String>,
    /// An IANA name.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64)]
    #[schema(example = "Asia/Kolkata")]
    timezone: Nullable<String>,
    /// A BCP 47 tag.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 35)]
    #[schema(example = "en")]
    locale: Nullable<String>,
    /// The name of a session.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 64, format = "session-name")]
    #[schema(example = "shop")]
    pub primary_session_id: Nullable<String>,
    /// Three capital letters of ISO 4217.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 3)]
    #[schema(example = "USD")]
    currency: Nullable<String>,
    /// Who may be written to.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<OptIn>)]
    optin_policy: Nullable<OptIn>,
    /// What happens to messages other than templates outside of the window.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<WindowMode>)]
    window_policy: Nullable<WindowMode>,
    /// Minutes before its end at which a window counts as expiring; within the window.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>, maximum = 525_600)]
    window_warning_minutes: Nullable<u32>,
    /// Words that opt a contact out.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>, min_items = 1, max_items = 20)]
    #[schema(example = json!(["STOP", "ENOUGH"]))]
    optout_keywords: Nullable<Vec<String>>,
    /// Words that opt a contact in again.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>, min_items = 1, max_items = 20)]
    #[schema(example = json!(["START"]))]
    optin_keywords: Nullable<Vec<String>>,
    /// Words that ask for help in an SMS.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>, min_items = 1, max_items = 20)]
    #[schema(example = json!(["HELP"]))]
    help_keywords: Nullable<Vec<String>>,
    /// Answer to a word that opts out.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    #[schema(example = "You get no more messages. START brings them back.")]
    optout_confirmation: Nullable<String>,
    /// Answer to a word that opts in again.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    #[schema(example = "Welcome back.")]
    optin_confirmation: Nullable<String>,
    /// What a contact's message makes of a resolved conversation.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Reopen>)]
    reopen_policy: Nullable<Reopen>,
    /// When people work, in the time zone of the settings; without any part, hours that nobody set.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Hours>)]
    business_hours: Nullable<Hours>,
    /// What a contact who writes outside of them is answered, once until the business has been open again.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 0, max_length = 1000)]
    #[schema(example = "We are back tomorrow at 9.")]
    away_message: Nullable<String>,
    /// Who gets conversations that wait for people.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Assignment>)]
    assignment_strategy: Nullable<Assignment>,
    /// Conversations that a person may have before no more are assigned by themselves.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    agent_capacity: Nullable<u32>,
    /// The survey after a conversation was resolved.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<CsatChange>)]
    csat: Nullable<CsatChange>,
    /// The pace of broadcasts.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<BroadcastChange>)]
    broadcast: Nullable<BroadcastChange>,
    /// Secrets of the SMS provider.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<SmsChange>)]
    sms: Nullable<SmsChange>,
    /// Secrets of the provider of payments.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<PaymentsChange>)]
    payments: Nullable<PaymentsChange>,
}

impl From<SettingsChange> for Patch {
    fn from(change: SettingsChange) -> Self {
        let mut patch = Self::default();
        patch.set(("businessName", "business.name"), change.business_name);
        patch.set(("timezone", "business.time_zone"), change.timezone);
        patch.set(("locale", "business.locale"), change.locale);
        patch.set(("primarySessionId", "business.primary_session"), change.primary_session_id);
        patch.set(("currency", "payments.currency"), change.currency);
        patch.set(("optinPolicy", "business.opt_in"), change.optin_policy);
        patch.set(("windowPolicy", "business.window"), change.window_policy);
        let minutes = change.window_warning_minutes;
        patch.set(("windowWarningMinutes", "business.window_warning_minutes"), minutes);
        patch.set(("optoutKeywords", "business.optout_keywords"), change.optout_keywords);
        patch.set(("optinKeywords", "business.optin_keywords"), change.optin_keywords);
        patch.set(("helpKeywords", "business.help_keywords"), change.help_keywords);
        let (out, back) = (change.optout_confirmation, change.optin_confirmation);
        patch.set(("optoutConfirmation", "business.optout_confirmation"), out);
        patch.set(("optinConfirmation", "business.optin_confirmation"), back);
        patch.set(("reopenPolicy", "business.reopen"), change.reopen_policy);
        let hours = change.business_hours.map(|hours| hours.map(|hours| hours.lines()));
        patch.set(("businessHours", "business.hours"), hours);
        patch.set(("awayMessage", "business.away_message"), change.away_message);
        patch.set(("assignmentStrategy", "business.assignment"), change.assignment_strategy);
        patch.set(("agentCapacity", "business.agent_capacity"), change.agent_capacity);
        csat::set(&mut patch, &change.csat);
        broadcast::set(&mut patch, &change.broadcast);
        providers::set(&mut patch, &change.sms, &change.payments);
        patch
    }
}
