//! Money: currencies of ISO 4217, and amounts as decimal texts. Pure, and without floating-point numbers.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Digits before the point of the largest amount.
const MOST_DIGITS: usize = 12;

/// Currencies without a smaller unit.
const WITHOUT_DECIMALS: [&str; 16] = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV",
    "XAF", "XOF", "XPF",
];
/// Currencies with a thousandth.
const WITH_THREE: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];
/// Currencies with a hundredth. Funds, metals and codes for tests are left out.
const WITH_TWO: [&str; 134] = [
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT",
    "BGN", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF",
    "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR",
    "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF",
    "IDR", "ILS", "INR", "IRR", "JMD", "KES", "KGS", "KHR", "KPW", "KYD", "KZT", "LAK", "LBP",
    "LKR", "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR",
    "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "PAB", "PEN", "PGK",
    "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD",
    "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TOP",
    "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "UYU", "UZS", "VED", "VES", "WST", "XCD", "XCG",
    "YER", "ZAR", "ZMW", "ZWG",
];

/// A currency that people pay with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Currency {
    code: &'static str,
    decimals: usize,
}

/// Why a text is no currency.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a currency of ISO 4217, such as USD or EUR")]
pub struct NoCurrency;

impl Currency {
    /// A currency by its code, in any case.
    pub fn of(code: &str) -> Result<Self, NoCurrency> {
        let tables: [(&[&'static str], usize); 3] =
            [(&WITH_TWO, 2), (&WITHOUT_DECIMALS, 0), (&WITH_THREE, 3)];
        let code = code.trim();
        let found = tables.iter().find_map(|(codes, decimals)| {
            let code = codes.iter().find(|known| known.eq_ignore_ascii_case(code))?;
            Some(Self { code, decimals: *decimals })
        });
        found.ok_or(NoCurrency)
    }

    pub fn code(self) -> &'static str {
        self.code
    }

    /// Decimals of an amount: 0, 2 or 3.
    pub fn decimals(self) -> usize {
        self.decimals
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// An amount of a currency in major units, more than nothing: `12.50`. It has as many decimals as the currency, and
/// no zeros before its first digit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amount(String);

/// Why a text is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAmount {
    #[error("must be a decimal number such as 12.50, without signs or separators")]
    NotDecimal,
    #[error("must be more than 0")]
    Nothing,
    #[error("must have at most {MOST_DIGITS} digits before the point")]
    TooLarge,
    #[error("{}", too_fine(.0))]
    TooFine(Currency),
}

fn too_fine(currency: &Currency) -> String {
    match currency.decimals {
        0 => format!("must be a whole number: {currency} has no decimals"),
        most => format!("must have at most {most} decimals, as {currency} has"),
    }
}

impl Amount {
    /// Reads an amount in major units.
    pub fn read(text: &str, currency: Currency) -> Result<Self, NoAmount> {
        let text = text.trim();
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let has_point = text.contains('.');
        if whole.is_empty() || has_point && decimals.is_empty() {
            return Err(NoAmount::NotDecimal);
        }
        if !is_number(whole) || !is_number(decimals) {
            return Err(NoAmount::NotDecimal);
        }
        let whole = whole.trim_start_matches('0');
        if MOST_DIGITS < whole.len() {
            return Err(NoAmount::TooLarge);
        }
        if currency.decimals < decimals.len() {
            return Err(NoAmount::TooFine(currency));
        }
        if whole.is_empty() && decimals.bytes().all(|byte| byte == b'0') {
            return Err(NoAmount::Nothing);
        }
        let whole = if whole.is_empty() { "0" } else { whole };
        if currency.decimals == 0 {
            return Ok(Self(whole.to_owned()));
        }
        Ok(Self(format!("{whole}.{decimals:0<places$}", places = currency.decimals)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A sum in the smallest unit of a currency as a text in major units: `12.50` for 1250. It may be nothing.
    pub fn text_of_minor(minor: u64, currency: Currency) -> String {
        if currency.decimals == 0 {
            return minor.to_string();
        }
        let digits = format!("{minor:0>width$}", width = currency.decimals + 1);
        let (whole, decimals) = digits.split_at(digits.len() - currency.decimals);
        format!("{whole}.{decimals}")
    }

    /// In the smallest unit of the currency: 1250 for `12.50`.
    pub fn minor(&self) -> u64 {
        let digits = self.0.bytes().filter(u8::is_ascii_digit);
        digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn read(text: &str, code: &str) -> Result<String, NoAmount> {
        Amount::read(text, Currency::of(code).unwrap()).map(|amount| amount.to_string())
    }

    #[test]
    fn a_currency_is_known_once_and_has_the_decimals_of_the_standard() {
        let all: Vec<&str> = [&WITH_TWO[..], &WITHOUT_DECIMALS, &WITH_THREE].concat();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        for (code, decimals) in [("USD", 2), ("jpy", 0), (" kwd ", 3), ("INR", 2), ("ISK", 0)] {
            assert_eq!(Currency::of(code).unwrap().decimals(), decimals, "{code}");
        }
        for code in ["", "US", "XXX", "XTS", "XAU", "DOLLAR", "US$"] {
            assert_eq!(Currency::of(code), Err(NoCurrency), "{code}");
        }
    }

    #[test]
    fn an_amount_has_the_decimals_of_its_currency() {
        for (text, code, expected) in [
            ("12.5", "USD", "12.50"),
            ("012", "USD", "12.00"),
            ("0.01", "USD", "0.01"),
            ("500", "JPY", "500"),
            ("1.25", "KWD", "1.250"),
            ("999999999999.99", "EUR", "999999999999.99"),
        ] {
            assert_eq!(read(text, code).as_deref(), Ok(expected), "{text}");
        }
        for text in ["", ".", "1.", ".5", "1,50", "1 000", "+1", "-1", "1e3", "NaN", "١٢"] {
            assert_eq!(read(text, "USD"), Err(NoAmount::NotDecimal), "{text}");
        }
        assert_eq!(read("0.00", "USD"), Err(NoAmount::Nothing));
        assert_eq!(read("1000000000000", "USD"), Err(NoAmount::TooLarge));
        for (text, code) in [("1.005", "USD"), ("1.500", "USD"), ("1.0", "JPY"), ("0.0001", "BHD")]
        {
            assert!(matches!(read(text, code), Err(NoAmount::TooFine(_))), "{text} {code}");
        }
    }

    proptest! {
        #[test]
        fn an_amount_in_minor_units_comes_back_as_it_was(
            minor in 1..=999_999_999_999_u64,
            code in prop::sample::select(vec!["JPY", "USD", "EUR", "KWD", "TND"]),
        ) {
            let currency = Currency::of(code).unwrap();
            let places = currency.decimals();
            let digits = format!("{minor:0>width$}", width = places + 1);
            let (whole, decimals) = digits.split_at(digits.len() - places);
            let text = if places == 0 { whole.to_owned() } else { format!("{whole}.{decimals}") };
            let amount = Amount::read(&text, currency).unwrap();
            prop_assert_eq!(amount.minor(), minor);
            prop_assert_eq!(amount.as_str(), text.as_str());
            // What is stored is read as the same again.
            prop_assert_eq!(Amount::read(amount.as_str(), currency).unwrap(), amount);
        }

        #[test]
        fn no_text_is_read_as_another_amount(text in "[0-9.,eE+-]{0,20}") {
            let currency = Currency::of("USD").unwrap();
            if let Ok(amount) = Amount::read(&text, currency) {
                let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
                let whole = whole.trim_start_matches('0');
                let whole = if whole.is_empty() { "0" } else { whole };
                prop_assert_eq!(amount.to_string(), format!("{whole}.{decimals:0<2}"));
            }
        }
    }
}
