//! Variables of a text that is written once and sent to many: names of contact, business and agent, date and time.
//! Pure.

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::{
    contacts::Contact,
    content::placeholders,
    domain::{Locale, Timestamp},
};

/// What begins the name of one of a contact's attributes.
const ATTRIBUTE: &str = "contact.attributes.";

/// What the variables stand for.
#[derive(Clone, Debug)]
pub struct Values<'v> {
    /// None for a text to nobody in particular.
    pub contact: Option<&'v Contact>,
    pub business: Option<&'v str>,
    /// Who writes; the business where that is not known.
    pub agent: Option<&'v str>,
    pub now: Timestamp,
    pub zone: TimeZone,
    pub locale: Locale,
}

/// A text with its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    pub text: String,
    /// Names without a value, each once, in the order of the text. They stay in the text as they are written.
    pub missing: Vec<String>,
}

/// The text with the values of its variables.
pub fn render(text: &str, values: &Values<'_>) -> Filled {
    let mut missing: Vec<String> = Vec::new();
    let text = placeholders::fill(text, |name| {
        let value = values.get(name);
        if value.is_none() && !missing.iter().any(|known| known == name) {
            missing.push(name.to_owned());
        }
        value
    });
    Filled { text, missing }
}

impl Values<'_> {
    /// The value of a variable; none where there is no such variable, or nothing is known of it.
    fn get(&self, name: &str) -> Option<String> {
        match name {
            "contact.name" => self.contact.and_then(full_name),
            "contact.firstName" => self.contact.and_then(first_name),
            "contact.email" => self.contact?.email.clone(),
            "contact.phone" => self.contact.and_then(phone),
            "org.name" => self.business.map(str::to_owned),
            "agent.name" => self.agent.or(self.business).map(str::to_owned),
            "date" => Some(self.locale.long_date(self.now.to_zoned(self.zone.clone()).date())),
            "time" => {
                let now = self.now.to_zoned(self.zone.clone());
                Some(format!("{:02}:{:02}", now.hour(), now.minute()))
            }
            name => written(self.contact?.attributes.get(name.strip_prefix(ATTRIBUTE)?)?),
        }
    }
}

/// The name of a contact, or its number.
fn full_name(contact: &Contact) -> Option<String> {
    contact.name.clone().or_else(|| phone(contact))
}

fn first_name(contact: &Contact) -> Option<String> {
    contact.first_name().map(str::to_owned).or_else(|| phone(contact))
}

fn phone(contact: &Contact) -> Option<String> {
    contact.phone.as_ref().map(|digits| format!("+{digits}"))
}

/// A value as people write it; none for lists and objects.
fn written(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::domain::clock::from_seconds;

    const DOCUMENTED: [&str; 6] =
        ["contact.name", "contact.firstName", "org.name", "agent.name", "date", "time"];

    fn ada() -> Contact {
        Contact {
            name: Some("Ada Maria Lovelace".to_owned()),
            phone: Some("15550000001".to_owned()),
            ..Contact::new(from_seconds(0))
        }
    }

    /// 24 March 2026, half past eight in the evening in London.
    fn values(contact: Option<&Contact>) -> Values<'_> {
        Values {
            contact,
            business: Some("Acme Corp"),
            agent: Some("Grace"),
            now: "2026-03-24T20:30:59Z".parse().unwrap(),
            zone: TimeZone::UTC,
            locale: Locale::English,
        }
    }

    fn text(written: &str, values: &Values<'_>) -> String {
        render(written, values).text
    }

    #[test]
    fn the_six_variables_have_values_and_others_are_missing() {
        let all = "{{contact.name}} | {{contact.firstName}} | {{org.name}} | {{ agent.name }} | {{date}} | {{time}}";
        let (written, ada) = (format!("{all} | {{{{x}}}} {{{{x}}}} {{{{ y }}}}"), ada());
        let filled = render(&written, &values(Some(&ada)));
        let expected = "Ada Maria Lovelace | Ada | Acme Corp | Grace | March 24, 2026 | 20:30 | {{x}} {{x}} {{ y }}";
        assert_eq!(filled.text, expected);
        assert_eq!(filled.missing, ["x", "y"]);
    }

    #[test]
    fn date_and_time_are_those_of_the_business() {
        let ada = ada();
        let zone = TimeZone::get("Asia/Kolkata").unwrap();
        let there = Values { zone, locale: Locale::German, ..values(Some(&ada)) };
        assert_eq!(text("{{date}}, {{time}}", &there), "25. März 2026, 02:00");
    }

    #[test]
    fn a_contact_without_a_name_is_called_by_its_number() {
        let contact = Contact { name: None, ..ada() };
        let filled = render("{{contact.name}} {{contact.firstName}}", &values(Some(&contact)));
        assert_eq!(filled.text, "+15550000001 +15550000001");
        let hidden = Contact { phone: None, ..contact };
        let filled = render("{{contact.name}}", &values(Some(&hidden)));
        assert_eq!((filled.text.as_str(), filled.missing.len()), ("{{contact.name}}", 1));
    }

    #[test]
    fn what_is_not_known_is_missing_and_the_business_stands_in_for_its_agent() {
        let nobody = Values { agent: None, ..values(None) };
        let filled = render("{{agent.name}} {{contact.name}} {{contact.email}}", &nobody);
        assert_eq!(filled.text, "Acme Corp {{contact.name}} {{contact.email}}");
        assert_eq!(filled.missing, ["contact.name", "contact.email"]);
        assert_eq!(render("{{org.name}}", &Values { business: None, ..nobody }).missing.len(), 1);
    }

    #[test]
    fn attributes_of_a_contact_have_their_names() {
        let attributes = json!({ "plan": "gold", "seats": 4, "list": [1], "none": null });
        let attributes = attributes.as_object().unwrap().clone();
        let contact = Contact { email: Some("ada@example.com".to_owned()), attributes, ..ada() };
        let filled = render(
            "{{contact.attributes.plan}} {{contact.attributes.seats}} {{contact.attributes.list}} \
             {{contact.attributes.none}} {{contact.attributes.x}} {{contact.email}} {{contact.phone}}",
            &values(Some(&contact)),
        );
        assert!(filled.text.starts_with("gold 4 {{contact.attributes.list}}"), "{}", filled.text);
        assert!(filled.text.ends_with("ada@example.com +15550000001"), "{}", filled.text);
        let missing = ["list", "none", "x"].map(|name| format!("{ATTRIBUTE}{name}"));
        assert_eq!(filled.missing, missing);
    }

    proptest! {
        #[test]
        fn a_name_is_never_read_as_a_variable(name in "[{}a-z. ]{1,30}", before in "[^{}]{0,20}") {
            let contact = Contact { name: Some(name.clone()), ..ada() };
            let filled = render(&format!("{before}{{{{contact.name}}}}"), &values(Some(&contact)));
            prop_assert_eq!(filled.text, format!("{before}{name}"));
            prop_assert!(filled.missing.is_empty());
        }

        #[test]
        fn each_name_without_a_value_is_missing_once_and_stays(
            names in prop::collection::vec(
                prop_oneof!["[a-z]{6,8}", prop::sample::select(DOCUMENTED.to_vec()).prop_map(str::to_owned)],
                0..12,
            ),
        ) {
            let ada = ada();
            let written: String = names.iter().map(|name| format!("{{{{{name}}}}};")).collect();
            let filled = render(&written, &values(Some(&ada)));
            let mut expected: Vec<String> = Vec::new();
            for name in &names {
                if !DOCUMENTED.contains(&name.as_str()) && !expected.contains(name) {
                    expected.push(name.clone());
                }
            }
            for name in &names {
                let placeholder = format!("{{{{{name}}}}}");
                prop_assert_eq!(filled.text.contains(&placeholder), expected.contains(name));
            }
            prop_assert_eq!(filled.missing, expected);
        }
    }
}
