//! Which pages may show a widget: those of the origins that its bot lists, or all where it lists none. Pure.

use url::Url;

/// Whether a page of this origin may. Origins are equal or they are not: no part of one, no other scheme, no other port.
pub fn allows(listed: &[String], origin: &str) -> bool {
    listed.is_empty() || listed.iter().any(|one| serialized(one).as_deref() == Some(origin))
}

/// An origin as browsers write it: the usual port of its scheme is left out.
fn serialized(listed: &str) -> Option<String> {
    Some(Url::parse(listed).ok()?.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_origin_alone_may_and_any_where_none_is_listed() {
        let listed = ["https://shop.example", "http://localhost:5173", "https://a.example:443"];
        let listed = listed.map(str::to_owned);
        for origin in ["https://shop.example", "http://localhost:5173", "https://a.example"] {
            assert!(allows(&listed, origin), "{origin}");
        }
        for origin in [
            "https://shop.example.evil",
            "https://evil.shop.example",
            "http://shop.example",
            "https://shop.example:8443",
            "http://localhost",
            "null",
            "",
            "https://shop.example/",
        ] {
            assert!(!allows(&listed, origin), "{origin}");
        }
        assert!(allows(&[], "https://anybody.example") && allows(&[], "null"));
    }
}
