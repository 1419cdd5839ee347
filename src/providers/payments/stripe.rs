//! Stripe: a price and a payment link for each link, which can be paid once.

use std::time::Duration;

use async_trait::async_trait;

use crate::{
    config::{LiveSecret, Payments, ProviderSecrets},
    domain::{Amount, Currency, Error, ErrorCode, Timestamp},
    egress::{ApiAnswer, ApiClient, Credential, NoAnswer, OwnPorts},
    providers::payments::{
        provider::{NewLink, Payment, PaymentProvider, ProviderKind, ProviderLink},
        stripe_event, stripe_signature,
    },
};

/// Attempts at one request, and the pause before the second; twice as long before each later one.
const MOST_TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Characters of Stripe's own words that a caller sees.
const LONGEST_REASON: usize = 300;
/// Currencies without decimals of which Stripe takes hundredths all the same, and one with decimals of which it takes
/// whole units.
const IN_HUNDREDTHS: [&str; 2] = ["ISK", "UGX"];
const IN_WHOLE_UNITS: [&str; 1] = ["MGA"];

pub struct Stripe {
    client: ApiClient,
    webhook_secret: LiveSecret,
}

impl Stripe {
    pub fn new(settings: &Payments, own: OwnPorts, secrets: &ProviderSecrets) -> Self {
        let credential = Credential::Bearer(secrets.stripe_secret_key.clone());
        Self {
            client: ApiClient::new(&settings.base_url, own, credential),
            webhook_secret: secrets.stripe_webhook_secret.clone(),
        }
    }

    /// Posts a form. What fails for a moment is tried again: the key makes Stripe do it once.
    async fn post(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        key: &str,
    ) -> Result<ApiAnswer, Error> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..MOST_TRIES {
            match self.client.post_form(path, fields, &[("idempotency-key", key)]).await {
                Ok(answer) if !answer.may_be_retried() => return answered(answer),
                Ok(_) | Err(_) => tokio::time::sleep(pause).await,
            }
            pause *= 2;
        }
        match self.client.post_form(path, fields, &[("idempotency-key", key)]).await {
            Ok(answer) => answered(answer),
            Err(reason) => Err(unreachable(reason)),
        }
    }
}

#[async_trait]
impl PaymentProvider for Stripe {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Stripe
    }

    fn check(&self, amount: &Amount, currency: Currency) -> Result<(), Error> {
        unit_amount(amount, currency).map(|_| ())
    }

    async fn create(&self, link: &NewLink) -> Result<ProviderLink, Error> {
        let (id, currency) = (link.id.to_string(), link.currency.code().to_lowercase());
        let amount = unit_amount(&link.amount, link.currency)?.to_string();
        let price = [
            ("currency", currency.as_str()),
            ("unit_amount", amount.as_str()),
            ("product_data[name]", link.description.as_str()),
        ];
        // A key is good for one path alone.
        let price = self.post("/v1/prices", &price, &format!("{id}-price")).await?;
        let price = text_of(&price, "id")?;
        let fields = [
            ("line_items[0][price]", price.as_str()),
            ("line_items[0][quantity]", "1"),
            ("metadata[link_id]", id.as_str()),
            ("metadata[reference]", link.reference.as_str()),
            ("restrictions[completed_sessions][limit]", "1"),
        ];
        let made = self.post("/v1/payment_links", &fields, &id).await?;
        Ok(ProviderLink { id: Some(text_of(&made, "id")?), url: text_of(&made, "url")? })
    }

    async fn deactivate(&self, id: &str) -> Result<(), Error> {
        let path = format!("/v1/payment_links/{id}");
        self.post(&path, &[("active", "false")], &format!("{id}-off")).await.map(|_| ())
    }

    fn read_event(
        &self,
        signature: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Option<Payment>, Error> {
        let secret = self.webhook_secret.now();
        stripe_signature::check(signature, body, secret.expose(), now.as_second())
            .map_err(|fault| Error::new(ErrorCode::Forbidden, fault.to_string()))?;
        Ok(stripe_event::payment(body))
    }
}

/// The amount in what Stripe counts in.
fn unit_amount(amount: &Amount, currency: Currency) -> Result<u64, Error> {
    let (minor, code) = (amount.minor(), currency.code());
    let fault = |why: &str| Error::invalid_field("amount", format!("{why} of {code} by Stripe"));
    if IN_HUNDREDTHS.contains(&code) {
        return Ok(minor * 100);
    }
    if IN_WHOLE_UNITS.contains(&code) {
        return if minor.is_multiple_of(100) {
            Ok(minor / 100)
        } else {
            Err(fault("must be a whole number, which is the smallest unit"))
        };
    }
    if currency.decimals() == 3 && !minor.is_multiple_of(10) {
        return Err(fault("must end with 0, since thousandths are not taken"));
    }
    Ok(minor)
}

fn text_of(answer: &ApiAnswer, name: &str) -> Result<String, Error> {
    let found = answer.body[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    found.ok_or_else(|| {
        let message = format!("Stripe's answer has no '{name}'");
        Error::new(ErrorCode::EngineFailed, message)
    })
}

/// A success, or the failure that the caller gets. Stripe's words are shown where they are about what the caller
/// gave; those about the account may name a part of its key.
fn answered(answer: ApiAnswer) -> Result<ApiAnswer, Error> {
    if answer.is_success() {
        return Ok(answer);
    }
    let (status, error) = (answer.status, &answer.body["error"]);
    let field = match error["param"].as_str() {
        Some("unit_amount") => Some("amount"),
        Some("currency") => Some("currency"),
        Some("product_data[name]") => Some("description"),
        _ => None,
    };
    if let (400, Some(field)) = (status, field) {
        let reason = error["message"].as_str().unwrap_or("is not taken by Stripe");
        let reason: String = reason.chars().take(LONGEST_REASON).collect();
        return Err(Error::invalid_field(field, reason));
    }
    let kind = error["code"].as_str().or_else(|| error["type"].as_str()).unwrap_or("no reason");
    tracing::warn!(status, kind, "Stripe refused a request with {status} ({kind})");
    let message = match status {
        401 | 403 => "Stripe refused the gateway's secret key: check payments.stripe_secret_key",
        429 => "Stripe is asked too often at the moment. Try again later",
        500.. => "Stripe failed. Try again later",
        _ => "Stripe refused to make the payment link; the gateway's log says why",
    };
    Err(Error::new(ErrorCode::EngineFailed, message))
}

fn unreachable(reason: NoAnswer) -> Error {
    Error::new(ErrorCode::EngineFailed, format!("Stripe could not be asked: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_counted_as_stripe_counts_its_currency() {
        let units = |amount: &str, code: &str| {
            let currency = Currency::of(code).unwrap();
            unit_amount(&Amount::read(amount, currency).unwrap(), currency).ok()
        };
        for (amount, code, expected) in [
            ("12.50", "USD", Some(1_250)),
            ("500", "JPY", Some(500)),
            ("5", "ISK", Some(500)),
            ("5", "UGX", Some(500)),
            ("5.12", "KWD", Some(5_120)),
            ("5.124", "KWD", None),
            ("7.00", "MGA", Some(7)),
            ("7.20", "MGA", None),
        ] {
            assert_eq!(units(amount, code), expected, "{amount} {code}");
        }
    }
}
