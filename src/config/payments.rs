//! Settings of payment links.

use serde::Deserialize;
use url::Url;

use crate::{config::Secret, domain::Currency};

/// What a template of an address may hold.
const PLACEHOLDERS: [&str; 5] = ["amount", "amount_minor", "currency", "description", "reference"];
/// Schemes of addresses that run as code in the browser that opens them.
const ACTIVE_SCHEMES: [&str; 3] = ["javascript", "data", "vbscript"];
const LONGEST_TEMPLATE: usize = 1_024;
const LONGEST_INSTRUCTIONS: usize = 4_096;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payments {
    pub provider: PaymentProvider,
    pub currency: String,
    /// Of the provider `url`.
    pub url_template: String,
    /// Of the provider `page`.
    pub instructions: String,
    pub stripe_secret_key: Secret,
    /// What Stripe signs its webhooks with.
    pub stripe_webhook_secret: Secret,
    pub base_url: String,
}

/// Who makes payment links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PaymentProvider {
    None,
    Url,
    Page,
    Stripe,
}

impl Payments {
    /// What is wrong with the settings.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if let Err(error) = Currency::of(&self.currency) {
            faults.push(format!("payments.currency {error}"));
        }
        let is_web = |url: Url| matches!(url.scheme(), "http" | "https");
        if !Url::parse(&self.base_url).is_ok_and(is_web) {
            faults.push("payments.base_url must begin with http:// or https://".to_owned());
        }
        if LONGEST_INSTRUCTIONS < self.instructions.chars().count() {
            faults.push("payments.instructions must have at most 4,096 characters".to_owned());
        }
        match self.provider {
            PaymentProvider::None | PaymentProvider::Page => (),
            PaymentProvider::Url => faults.extend(self.template_fault()),
            PaymentProvider::Stripe => {
                let keys = [&self.stripe_secret_key, &self.stripe_webhook_secret];
                if keys.iter().any(|key| key.is_empty()) {
                    faults.push(
                        "payments.provider = \"stripe\" needs payments.stripe_secret_key and payments.stripe_webhook_secret"
                            .to_owned(),
                    );
                }
            }
        }
        faults
    }

    fn template_fault(&self) -> Option<String> {
        let fault = |why: String| Some(format!("payments.url_template {why}"));
        let template = self.url_template.as_str();
        if LONGEST_TEMPLATE < template.len() {
            return fault("must have at most 1,024 characters".to_owned());
        }
        let filled = PLACEHOLDERS
            .iter()
            .fold(template.to_owned(), |text, name| text.replace(&format!("{{{name}}}"), "0"));
        if filled.contains(['{', '}']) {
            let known = PLACEHOLDERS.map(|name| format!("{{{name}}}")).join(", ");
            return fault(format!("may hold {known} and no other placeholder"));
        }
        match Url::parse(&filled) {
            Ok(url) if !ACTIVE_SCHEMES.contains(&url.scheme()) => None,
            _ => fault("must be an address such as https://pay.example/{reference}".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::config::{Config, Flags};

    fn faults(settings: &[(&str, &str)]) -> String {
        let environment = settings
            .iter()
            .map(|(name, value)| (format!("WAGATE_PAYMENTS__{name}"), (*value).to_owned()));
        let environment: BTreeMap<String, String> = environment.collect();
        let loaded = Config::load(&Flags::default(), &environment);
        loaded.map(|_| String::new()).unwrap_or_else(|faults| faults.to_string())
    }

    #[test]
    fn each_provider_names_the_settings_that_it_lacks() {
        assert_eq!(faults(&[]), "");
        assert_eq!(faults(&[("PROVIDER", "page"), ("CURRENCY", "inr")]), "");
        let keys = [("STRIPE_SECRET_KEY", "sk"), ("STRIPE_WEBHOOK_SECRET", "whsec")];
        assert_eq!(faults(&[&keys[..], &[("PROVIDER", "stripe")]].concat()), "");
        for (settings, expected) in [
            (vec![("PROVIDER", "stripe"), keys[0]], "stripe_webhook_secret"),
            (vec![("PROVIDER", "url")], "url_template"),
            (vec![("CURRENCY", "moon")], "payments.currency"),
            (vec![("BASE_URL", "ftp://x")], "payments.base_url"),
            (vec![("PROVIDER", "moon")], "provider"),
        ] {
            let found = faults(&settings);
            assert!(found.contains(expected), "{settings:?}: {found}");
        }
    }

    #[test]
    fn a_template_is_an_address_with_known_placeholders() {
        let template = |text: &str| faults(&[("PROVIDER", "url"), ("URL_TEMPLATE", text)]);
        for good in [
            "https://pay.example/{reference}?amount={amount}&currency={currency}&note={description}",
            "upi://pay?pa=shop@bank&am={amount}&cu={currency}&tn={reference}",
            "https://paypal.me/shop/{amount}{currency}",
        ] {
            assert_eq!(template(good), "", "{good}");
        }
        for bad in ["", "pay.example", "https://pay.example/{price}", "javascript:pay({amount})"] {
            assert!(template(bad).contains("url_template"), "{bad}");
        }
    }
}
