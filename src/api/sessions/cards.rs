//! Contact cards as callers name them: by id alone, or as an object with what stands on the card.

use std::collections::HashSet;

use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::texts::{in_field, person},
    domain::{
        Error,
        command::ContactCard,
        contact_draft::{ContactDraft, is_vcard},
        shown::shown,
    },
};

#[derive(Deserialize, ToSchema)]
#[serde(untagged, expecting = "expected an id, or an object with 'name' and 'phone' or 'vcard'")]
pub enum CardDraft {
    Card(CardFields),
    /// A person by id or telephone number, whose card is named as the session knows them.
    Id(CardText),
}

/// A person by id or telephone number, or a whole vCard.
#[derive(Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(max_length = 16_384, format = "contact")]
pub struct CardText(String);

#[derive(Deserialize, ToSchema)]
pub struct CardFields {
    /// What the card says; else the name that the session knows the person by.
    #[schema(max_length = 256)]
    #[schema(example = "Ada")]
    name: Option<String>,
    /// A telephone number with its country code. Needed unless there is an id, or a vCard with a number.
    #[schema(format = "person")]
    phone: Option<String>,
    /// The person's id in place of a number.
    #[schema(format = "person")]
    #[schema(example = "15550000001@c.us")]
    id: Option<String>,
    /// Numbers as events list them: the first counts where no other is given.
    #[schema(max_items = 20, format = "person")]
    #[schema(example = json!(["+15550000001"]))]
    phones: Option<Vec<String>>,
    #[schema(max_length = 256)]
    organization: Option<String>,
    /// A whole vCard. It is sent as it is; one without a number gets that of `phone`.
    #[schema(max_length = 16_384, format = "vcard")]
    vcard: Option<String>,
}

/// The cards that are to be sent, each person once where ids alone are given.
pub fn cards(drafts: Vec<CardDraft>) -> Result<Vec<ContactCard>, Error> {
    let cards = drafts.into_iter().enumerate().map(|(place, draft)| match draft {
        CardDraft::Id(CardText(text)) if is_vcard(&text) => CardFields::of(text).card(place),
        CardDraft::Id(CardText(text)) => {
            let id = person(&text).map_err(|error| error.detail("invalid", vec![shown(&text)]));
            id.map(|id| ContactCard::new(id, None))
        }
        CardDraft::Card(fields) => fields.card(place),
    });
    let mut cards = Error::all(cards.map(|card| card.map_err(in_contacts)))?;
    let mut ids = HashSet::new();
    let is_bare = |card: &ContactCard| *card == ContactCard::new(card.id.clone(), None);
    cards.retain(|card| !is_bare(card) || ids.insert(card.id.clone()));
    Ok(cards)
}

/// An error that names no place in the list is about the list.
fn in_contacts(error: Error) -> Error {
    if error.details.contains_key("fields") { error } else { in_field("contacts", error) }
}

impl CardFields {
    /// With a vCard alone.
    fn of(vcard: String) -> Self {
        let vcard = Some(vcard);
        Self { name: None, phone: None, id: None, phones: None, organization: None, vcard }
    }

    fn card(self, place: usize) -> Result<ContactCard, Error> {
        let Self { name, phone, id, phones, organization, vcard } = self;
        let phones = phones.unwrap_or_default();
        let draft = ContactDraft { name, phone, id, phones, organization, vcard };
        draft.card(&format!("contacts[{place}]"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(contacts: Value) -> Result<Vec<ContactCard>, Error> {
        cards(serde_json::from_value(contacts).unwrap())
    }

    #[test]
    fn a_card_is_an_id_or_says_what_stands_on_it() {
        let found = read(json!([
            "15550000011@c.us", "15550000011@c.us",
            { "name": "Ada", "phone": "+1 (555) 000-0012", "organization": "Engines" },
            { "vcard": "BEGIN:VCARD\nFN:Alan\nTEL;waid=15550000013:+1\nEND:VCARD" },
        ]));
        let found = found.unwrap();
        let ids: Vec<&str> = found.iter().map(|card| card.id.user()).collect();
        assert_eq!(ids, ["15550000011", "15550000012", "15550000013"]);
        assert_eq!(found[1].card().organization.as_deref(), Some("Engines"));
        assert_eq!(found[2].card().name, "Alan");
    }

    #[test]
    fn what_a_card_is_given_stands_on_it() {
        let bare = "BEGIN:VCARD\nFN:Ada\nEND:VCARD";
        let full = "BEGIN:VCARD\nFN:Ada\nTEL;waid=15550000011:+1 555 000 0011\nEND:VCARD";
        let found = read(json!([
            { "phone": "15550000011", "vcard": bare, "organization": "Engines" },
            full,
            { "name": "Ada", "phone": "+15550000011", "phones": ["+15550000011"],
              "organization": null, "id": "15550000011@c.us", "vcard": full },
            { "phones": ["+15550000012"] },
        ]));
        let found = found.unwrap();
        let numbers: Vec<Vec<String>> = found.iter().map(|card| card.card().phones).collect();
        let (ada, grace) = (vec!["+15550000011".to_owned()], vec!["+15550000012".to_owned()]);
        assert_eq!(numbers, [ada.clone(), ada.clone(), ada, grace]);
        assert_eq!(found[0].card().organization.as_deref(), Some("Engines"));
        for (contact, field) in [
            (json!({ "phone": "15550000012", "vcard": full }), "contacts[0].phone"),
            (json!({ "phones": ["15550000011", "15550000012"] }), "contacts[0].phones"),
            (json!({ "phone": "15550000011", "id": "15550000012@c.us" }), "contacts[0].id"),
        ] {
            let error = read(json!([contact])).unwrap_err();
            assert!(error.details["fields"].get(field).is_some(), "{error:?}");
        }
        let both = read(json!([{ "phone": "0555" }, { "vcard": "x" }, "nobody"])).unwrap_err();
        let fields = both.details["fields"].as_object().unwrap();
        let mut names: Vec<&str> = fields.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["contacts", "contacts[0].phone", "contacts[1].vcard"]);
    }

    #[test]
    fn what_is_no_card_is_refused_by_its_place() {
        for (contacts, field) in [
            (json!([{ "name": "Ada" }]), "contacts[0].phone"),
            (json!(["15550000011@c.us", { "phone": "0555" }]), "contacts[1].phone"),
            (json!([{ "phone": "15550000011", "vcard": "FN:Ada" }]), "contacts[0].vcard"),
        ] {
            let error = read(contacts).unwrap_err();
            assert!(format!("{error:?}").contains(&format!("\"{field}\"")), "{error:?}");
        }
    }
}
