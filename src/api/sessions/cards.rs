//! Contact cards as callers name them: by id alone, or as an object with what stands on the card.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    api::{body::in_field, sessions::wire::jids},
    domain::{Error, Jid, address, command::ContactCard, vcard},
};

#[derive(Deserialize, ToSchema)]
#[serde(untagged, expecting = "expected an id, or an object with 'name' and 'phone' or 'vcard'")]
pub enum CardDraft {
    Card(CardFields),
    /// A person by id or telephone number, whose card is named as the session knows them.
    Id(String),
}

#[derive(Deserialize, ToSchema)]
pub struct CardFields {
    /// What the card says; else the name that the session knows the person by.
    #[schema(max_length = 256)]
    name: Option<String>,
    /// A telephone number with its country code. Needed unless there is an id, or a vCard with a number.
    phone: Option<String>,
    /// The person's id in place of a number.
    id: Option<String>,
    /// Numbers as events list them: the first counts where no other is given.
    #[schema(max_items = 20)]
    phones: Option<Vec<String>>,
    #[schema(max_length = 256)]
    organization: Option<String>,
    /// A whole vCard, sent as it is.
    #[schema(max_length = 16_384)]
    vcard: Option<String>,
}

/// The cards that are to be sent, each person once where ids alone are given.
pub fn cards(drafts: Vec<CardDraft>) -> Result<Vec<ContactCard>, Error> {
    let (mut cards, mut ids): (Vec<ContactCard>, Vec<Jid>) = (Vec::new(), Vec::new());
    for (place, draft) in drafts.into_iter().enumerate() {
        match draft {
            CardDraft::Id(text) => {
                for id in jids(&[text]).map_err(|error| in_field("contacts", error))? {
                    if !ids.contains(&id) {
                        ids.push(id.clone());
                        cards.push(ContactCard::new(id, None));
                    }
                }
            }
            CardDraft::Card(fields) => cards.push(fields.card(place)?),
        }
    }
    Ok(cards)
}

impl CardFields {
    fn card(self, place: usize) -> Result<ContactCard, Error> {
        let invalid = |field: &str, reason: &str| {
            Error::invalid_field(&format!("contacts[{place}].{field}"), reason)
        };
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let (name, organization) = (given(self.name), given(self.organization));
        let (phone, card) = (given(self.phone).or(given(self.id)), given(self.vcard));
        let phone = phone.or_else(|| self.phones.unwrap_or_default().into_iter().next());
        if card.as_ref().is_some_and(|card| !card.trim_start().starts_with("BEGIN:VCARD")) {
            return Err(invalid("vcard", "must be a vCard, from BEGIN:VCARD to END:VCARD"));
        }
        let on_card = card.as_deref().map(vcard::read).unwrap_or_default();
        let of_phone = |field: &str, text: &str| {
            address::person(text).map_err(|error| invalid(field, &error.about(text)))
        };
        let id = match (phone, on_card.id, on_card.phones.first()) {
            (Some(phone), ..) => of_phone("phone", &phone)?,
            (None, Some(id), _) => id,
            (None, None, Some(phone)) => of_phone("vcard", phone)?,
            (None, None, None) => {
                return Err(invalid("phone", "is required, or a vCard with a number"));
            }
        };
        Ok(ContactCard { id, name, organization, vcard: card })
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
