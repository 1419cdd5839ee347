//! The settings of the business as the business API shows them. No view shows a secret.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::business::settings::{
        broadcast::BroadcastView,
        csat::CsatView,
        hours::Hours,
        providers::{PaymentsView, SmsView},
        words::{Assignment, OptIn, Reopen, WindowMode},
    },
    config::{Business, Plan},
    settings::InEffect,
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessSettings)]
pub struct SettingsView {
    /// Name of the business; empty for the name of the account.
    #[schema(example = "Acme Corp")]
    business_name: String,
    /// Time zone of dates and hours, by its IANA name.
    #[schema(example = "Asia/Kolkata")]
    timezone: String,
    /// Language of dates in texts to contacts, as a BCP 47 tag.
    #[schema(example = "en")]
    locale: String,
    /// The session of requests that name none; null for the oldest that is ready.
    #[schema(example = "shop")]
    primary_session_id: Option<String>,
    /// Currency of amounts that name none (ISO 4217).
    #[schema(example = "USD")]
    currency: String,
    /// Who may be written to: contacts who have agreed, all but those who have refused, or anybody.
    optin_policy: OptIn,
    /// What happens to messages other than templates outside of the window.
    window_policy: WindowMode,
    /// Hours of the window after a contact's message. Only the configuration changes it.
    #[schema(example = 24)]
    window_hours: u32,
    /// Minutes before its end at which a window counts as expiring.
    #[schema(example = 120)]
    window_warning_minutes: u32,
    /// Words that opt a contact out.
    #[schema(example = json!(["STOP"]))]
    optout_keywords: Vec<String>,
    /// Words that opt a contact in again.
    #[schema(example = json!(["START"]))]
    optin_keywords: Vec<String>,
    /// Words that ask for help in an SMS.
    #[schema(example = json!(["HELP", "INFO"]))]
    help_keywords: Vec<String>,
    /// Answer to a word that opts out.
    #[schema(example = "You get no more messages. START brings them back.")]
    optout_confirmation: String,
    /// Answer to a word that opts in again.
    #[schema(example = "Welcome back.")]
    optin_confirmation: String,
    /// What a contact's message makes of a resolved conversation: it goes on, or starts again without an assignee.
    reopen_policy: Reopen,
    /// `pro` or `starter`. Only the configuration changes it.
    #[schema(example = "pro")]
    plan: &'static str,
    /// When people work, in `timezone`; null for hours that nobody set.
    business_hours: Option<Hours>,
    /// What a contact who writes outside of them is answered; empty for nothing.
    #[schema(example = "We are back tomorrow at 9.")]
    away_message: String,
    /// Who gets conversations that wait for people: the one who takes them, people who are online in turn, or who of them has
    /// the fewest.
    assignment_strategy: Assignment,
    /// Conversations that a person may have before no more are assigned by themselves.
    #[schema(example = 20)]
    agent_capacity: u32,
    /// The survey after a conversation was resolved.
    csat: CsatView,
    /// The pace of broadcasts.
    broadcast: BroadcastView,
    /// Which secrets of the SMS provider are set.
    sms: SmsView,
    /// Which secrets of the provider of payments are set.
    payments: PaymentsView,
}

impl From<&InEffect> for SettingsView {
    fn from(settings: &InEffect) -> Self {
        let Business {
            name,
            time_zone,
            locale,
            primary_session,
            opt_in,
            window,
            window_hours,
            window_warning_minutes,
            optout_keywords,
            optin_keywords,
            help_keywords,
            optout_confirmation,
            optin_confirmation,
            reopen,
            plan,
            away_message,
            assignment,
            agent_capacity,
            ..
        } = settings.business.clone();
        Self {
            business_name: name,
            timezone: time_zone,
            locale,
            primary_session_id: Some(primary_session).filter(|id| !id.is_empty()),
            currency: settings.payments.currency.clone(),
            optin_policy: opt_in.into(),
            window_policy: window.into(),
            window_hours,
            window_warning_minutes,
            optout_keywords,
            optin_keywords,
            help_keywords,
            optout_confirmation,
            optin_confirmation,
            reopen_policy: reopen.into(),
            plan: match plan {
                Plan::Starter => "starter",
                Plan::Pro => "pro",
            },
            business_hours: settings.opening_hours().map(Hours::from),
            away_message,
            assignment_strategy: assignment.into(),
            agent_capacity,
            csat: settings.into(),
            broadcast: settings.into(),
            sms: settings.into(),
            payments: settings.into(),
        }
    }
}
