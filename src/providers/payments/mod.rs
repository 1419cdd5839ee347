//! Payment providers: who makes a link that can be paid, and who says that it was.
//!
//! | provider | the link | who says that it was paid |
//! |---|---|---|
//! | `url` | an address made from a template | a person |
//! | `page` | a page of the gateway that says how to pay | a person |
//! | `stripe` | a payment link of Stripe | Stripe's webhook |
//! | `simulated` | a page of the gateway | the control of the simulated network |

mod page;
mod provider;
mod simulated;
mod stripe;
mod stripe_event;
mod stripe_signature;
mod template;

use std::sync::Arc;

pub use self::provider::{NewLink, Payment, PaymentProvider, ProviderKind, ProviderLink};
use self::{page::Page, simulated::Simulated, stripe::Stripe, template::Template};
use crate::{
    config::{self, Config, NetworkKind, ProviderSecrets},
    egress::OwnPorts,
};

/// The provider of the settings; none where payment links are not configured.
pub fn of_settings(
    config: &Config,
    own: &OwnPorts,
    secrets: &ProviderSecrets,
) -> Option<Arc<dyn PaymentProvider>> {
    let settings = &config.payments;
    Some(match settings.provider {
        config::PaymentProvider::None if config.network == NetworkKind::Simulated => {
            Arc::new(Simulated::new(config.server.base_url()))
        }
        config::PaymentProvider::None => return None,
        config::PaymentProvider::Url => Arc::new(Template::new(&settings.url_template)),
        config::PaymentProvider::Page => Arc::new(Page::new(config.server.base_url())),
        config::PaymentProvider::Stripe => Arc::new(Stripe::new(settings, own.clone(), secrets)),
    })
}
