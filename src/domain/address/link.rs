//! Reader of links that open a chat, as people share them. Pure.

use crate::domain::{
    Jid,
    address::number::{AddressError, is_void, number},
};

/// A link that opens a chat, as people share it.
pub struct Link<'t> {
    host: String,
    path: &'t str,
    query: &'t str,
}

impl<'t> Link<'t> {
    /// None for what is no link to WhatsApp.
    pub fn read(text: &'t str) -> Option<Self> {
        let text = text.split('#').next().unwrap_or_default();
        let (place, query) = text.split_once('?').unwrap_or((text, ""));
        let lower = place.to_ascii_lowercase();
        // The form of some other gateways: `whatsapp:+15550000011`.
        let behind = |scheme: &str| lower.starts_with(scheme).then(|| &place[scheme.len()..]);
        let place = match (behind("whatsapp://"), behind("whatsapp:")) {
            (Some(path), _) => return Some(Self { host: String::new(), path, query }),
            (None, Some(path)) => return Some(Self { host: "wa.me".to_owned(), path, query }),
            (None, None) => behind("https://").or_else(|| behind("http://")).unwrap_or(place),
        };
        let (host, path) = place.split_once('/')?;
        let host = host.to_ascii_lowercase();
        let host = host.strip_prefix("www.").unwrap_or(&host);
        let is_ours = host == "wa.me" || host == "whatsapp.com" || host.ends_with(".whatsapp.com");
        is_ours.then(|| Self { host: host.to_owned(), path, query })
    }

    pub fn person(&self) -> Result<Jid, AddressError> {
        if self.host == "chat.whatsapp.com" {
            return Err(AddressError::Invitation);
        }
        let asked = url::form_urlencoded::parse(self.query.as_bytes());
        let phone = asked.into_iter().find(|(name, _)| name == "phone").map(|(_, value)| value);
        let named = match (self.host.as_str(), phone) {
            (_, Some(phone)) => phone.into_owned(),
            ("wa.me", None) => {
                let path = self.path.trim_end_matches('/');
                percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned()
            }
            _ => return Err(AddressError::Link),
        };
        number(named.trim_matches(is_void)).map_err(|error| match error {
            AddressError::Unknown | AddressError::Empty => AddressError::Link,
            error => error,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::address::{chat, phone, recipient};

    const ADA: &str = "15550000011@c.us";

    #[test]
    fn a_link_to_a_chat_is_an_id() {
        for text in [
            "https://wa.me/15550000011",
            "http://WA.me/15550000011/",
            "wa.me/+15550000011",
            "https://www.wa.me/%2B1%20555%20000%200011?text=Hello%20there#x",
            "https://wa.me/?phone=15550000011",
            "https://api.whatsapp.com/send?phone=15550000011",
            "api.whatsapp.com/send/?text=Hi&phone=%2B1-555-000-0011&app_absent=0",
            "https://web.whatsapp.com/send?phone=+15550000011",
            "whatsapp://send?phone=15550000011",
            "whatsapp:+15550000011",
            " WhatsApp:+1 555 000 0011 ",
        ] {
            assert_eq!(chat(text).map(String::from), Ok(ADA.to_owned()), "{text}");
            assert_eq!(recipient(text).map(String::from), Ok(ADA.to_owned()), "{text}");
            assert_eq!(phone(text).map(String::from), Ok(ADA.to_owned()), "{text}");
        }
        for (text, error) in [
            ("https://wa.me/", AddressError::Link),
            ("https://wa.me/message/ABCDEF", AddressError::Link),
            ("https://wa.me/15550000011@c.us", AddressError::Link),
            ("https://wa.me/0555", AddressError::Local),
            ("https://api.whatsapp.com/send?text=Hi", AddressError::Link),
            ("https://whatsapp.com/channel/0029Va", AddressError::Link),
            ("https://chat.whatsapp.com/ABCDEF", AddressError::Invitation),
            ("whatsapp:", AddressError::Link),
            ("https://example.com/15550000011", AddressError::UnknownRecipient),
            ("https://wa.me.example.com/15550000011", AddressError::UnknownRecipient),
        ] {
            assert_eq!(recipient(text), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_link_is_the_number_in_it(number in "[1-9][0-9]{6,14}", text in "[a-zA-Z0-9%&=+ ]{0,20}") {
            let person = Ok(format!("{number}@c.us"));
            prop_assert_eq!(&chat(&format!("https://wa.me/{number}?text={text}")).map(String::from), &person);
            let link = format!("api.whatsapp.com/send?phone={number}&text={text}");
            prop_assert_eq!(&chat(&link).map(String::from), &person);
            prop_assert_eq!(&chat(&format!("whatsapp:+{number}")).map(String::from), &person);
        }
    }
}
