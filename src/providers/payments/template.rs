//! Links made from a template of an address: UPI, PayPal.me, and the payment pages of others.

use std::borrow::Cow;

use async_trait::async_trait;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    domain::Error,
    providers::payments::provider::{NewLink, PaymentProvider, ProviderKind, ProviderLink},
};

/// What is written out in a value: all but what no part of an address gives a meaning to.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub struct Template {
    text: String,
}

impl Template {
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned() }
    }

    /// The template with the values of a link in their places. A value is never read as a placeholder.
    fn fill(&self, link: &NewLink) -> String {
        let minor = link.amount.minor().to_string();
        let value = |name: &str| match name {
            "amount" => Some(link.amount.as_str()),
            "amount_minor" => Some(minor.as_str()),
            "currency" => Some(link.currency.code()),
            "description" => Some(link.description.as_str()),
            "reference" => Some(link.reference.as_str()),
            _ => None,
        };
        let (mut url, mut rest) = (String::new(), self.text.as_str());
        while let Some((before, behind)) = rest.split_once('{') {
            url.push_str(before);
            let Some((name, behind)) = behind.split_once('}') else {
                url.push('{');
                rest = behind;
                continue;
            };
            match value(name) {
                Some(value) => url.extend(utf8_percent_encode(value, RESERVED).map(Cow::Borrowed)),
                None => url.extend([Cow::Borrowed("{"), name.into(), "}".into()]),
            }
            rest = behind;
        }
        url.push_str(rest);
        url
    }
}

#[async_trait]
impl PaymentProvider for Template {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Url
    }

    async fn create(&self, link: &NewLink) -> Result<ProviderLink, Error> {
        Ok(ProviderLink { id: None, url: self.fill(link) })
    }

    async fn deactivate(&self, _: &str) -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{Amount, Currency};

    fn filled(template: &str, description: &str) -> String {
        let currency = Currency::of("INR").unwrap();
        let amount = Amount::read("1499.5", currency).unwrap();
        let (description, reference) = (description.to_owned(), "PL-7K2M".to_owned());
        let link = NewLink { id: Uuid::nil(), amount, currency, description, reference };
        Template::new(template).fill(&link)
    }

    #[test]
    fn values_take_their_places_and_change_nothing_else_of_the_address() {
        assert_eq!(
            filled("upi://pay?pa=shop@bank&am={amount}&cu={currency}&tn={reference}", "x"),
            "upi://pay?pa=shop@bank&am=1499.50&cu=INR&tn=PL-7K2M"
        );
        assert_eq!(
            filled("https://pay.example/{amount_minor}?note={description}", "Tea & {amount} #5/é"),
            "https://pay.example/149950?note=Tea%20%26%20%7Bamount%7D%20%235%2F%C3%A9"
        );
    }
}
