//! SMS providers: who takes a text message on, and who vouches for what comes in.
//!
//! | provider | messages go to | what comes in |
//! |---|---|---|
//! | `twilio` | Twilio | Twilio's webhooks, which are signed |
//! | `simulated` | a list in memory | the control of the simulated network |

mod provider;
mod simulated;
mod twilio;
mod twilio_signature;

use std::sync::Arc;

use self::twilio::Twilio;
pub use self::{
    provider::{Accepted, FetchedFile, FileFault, LONGEST_TEXT, SmsMessage, SmsProvider, Webhook},
    simulated::SimulatedSms,
};
use crate::{
    config::{self, Config, NetworkKind, ProviderSecrets},
    egress::OwnPorts,
};

/// The digits of the simulated number.
const SIMULATED_NUMBER: &str = "15559990000";

/// The provider of the settings.
#[derive(Clone)]
pub struct Configured {
    pub provider: Arc<dyn SmsProvider>,
    /// The digits of the number.
    pub number: String,
    /// Only on the simulated network.
    pub simulated: Option<SimulatedSms>,
}

/// None where SMS is not configured.
pub fn of_settings(
    config: &Config,
    own: &OwnPorts,
    secrets: &ProviderSecrets,
) -> Option<Configured> {
    let settings = &config.sms;
    match settings.provider {
        config::SmsProvider::None if config.network == NetworkKind::Simulated => {
            let simulated = SimulatedSms::default();
            let (provider, number) = (Arc::new(simulated.clone()), SIMULATED_NUMBER.to_owned());
            Some(Configured { provider, number, simulated: Some(simulated) })
        }
        config::SmsProvider::None => None,
        config::SmsProvider::Twilio => {
            let url = &config.server.public_url;
            let provider = Twilio::new(settings, url, own.clone(), secrets);
            let (provider, number) = (Arc::new(provider), settings.digits());
            Some(Configured { provider, number, simulated: None })
        }
    }
}
