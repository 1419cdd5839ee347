//! The settings of the business as the business API shows them. No view shows a secret.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::business::settings::{
        broadcast::BroadcastView,
        csat::CsatView,
        words::{OptIn, Reopen, WindowMode},
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
    /// What a contact's message makes of a resolved conversation: it goes on, or begins anew with nobody.
    reopen_policy: Reopen,
    /// `pro` or `starter`. Only the configuration changes it.
    #[schema(example = "pro")]
    plan: &'static str,
    /// The survey after a conversation was resolved.
    csat: CsatView,
    /// The pace of broadcasts.
    broadcast: BroadcastView,
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
            csat: settings.into(),
            broadcast: settings.into(),
        }
    }
}
