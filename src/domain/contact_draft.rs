//! Contact card of a message, put together from what a caller says of the person: names, numbers or a whole vCard. Pure.

use crate::domain::{Error, Jid, JidKind, address, command::ContactCard, vcard};

/// What a caller says of a person. Texts without words count as not given.
#[derive(Debug, Default)]
pub struct ContactDraft {
    pub name: Option<String>,
    /// A telephone number with its country code.
    pub phone: Option<String>,
    pub id: Option<String>,
    pub phones: Vec<String>,
    pub organization: Option<String>,
    /// A whole vCard. It is sent as it is, but for a number or an organization that it lacks.
    pub vcard: Option<String>,
}

/// Whether a text can be a vCard.
pub fn is_vcard(text: &str) -> bool {
    text.trim_start().get(..11).is_some_and(|start| start.eq_ignore_ascii_case("BEGIN:VCARD"))
}

pub fn check_vcard(text: &str) -> Result<(), Error> {
    match is_vcard(text) {
        true => Ok(()),
        false => Err(Error::invalid("must be a vCard, from BEGIN:VCARD to END:VCARD")),
    }
}

impl ContactDraft {
    /// The card. Errors name the fields of the draft behind its place in the request, such as `contacts[0]`.
    pub fn card(self, place: &str) -> Result<ContactCard, Error> {
        let place = Place(place);
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let (name, organization) = (given(self.name), given(self.organization));
        let vcard = given(self.vcard);
        let checked = vcard.as_deref().map_or(Ok(()), check_vcard);
        let checked = checked.map_err(|error| place.fault("vcard", error.message));
        let people = place.people(given(self.phone), given(self.id), self.phones);
        let (people, ()) = Error::both(people, checked)?;
        match vcard {
            None => Ok(ContactCard { id: place.only(people)?, name, organization, vcard: None }),
            Some(vcard) => place.on_vcard(vcard, people, name, organization),
        }
    }
}

/// Each person of a draft with the field that names them.
type Named = Vec<(&'static str, Jid)>;

/// Where a draft is in its request.
struct Place<'a>(&'a str);

impl Place<'_> {
    fn fault(&self, field: &str, reason: impl Into<String>) -> Error {
        Error::invalid_field(&format!("{}.{field}", self.0), reason)
    }

    fn people(
        &self,
        phone: Option<String>,
        id: Option<String>,
        phones: Vec<String>,
    ) -> Result<Named, Error> {
        let of_field = |(field, text): (&'static str, String)| {
            let id = address::person(&text);
            id.map(|id| (field, id)).map_err(|error| self.fault(field, error.about(&text)))
        };
        let texts = [("phone", phone), ("id", id)];
        let texts = texts.into_iter().filter_map(|(field, text)| Some((field, text?)));
        let phones = phones.into_iter().map(|text| ("phones", text));
        Error::all(texts.chain(phones).map(of_field))
    }

    /// The one person of a card that is made from the draft.
    fn only(&self, people: Named) -> Result<Jid, Error> {
        let Some((_, id)) = people.first().cloned() else { return Err(self.no_number()) };
        match people.iter().find(|(_, other)| *other != id) {
            Some((field, _)) => {
                let reason = "is another number than the first, which needs a vCard with both";
                Err(self.fault(field, reason))
            }
            None => Ok(id),
        }
    }

    fn no_number(&self) -> Error {
        self.fault("phone", "is required, or a vCard with a number")
    }

    fn on_vcard(
        &self,
        vcard: String,
        people: Named,
        name: Option<String>,
        organization: Option<String>,
    ) -> Result<ContactCard, Error> {
        let on_card = vcard::read(&vcard);
        let of_card = on_card.id.iter().cloned();
        let of_card = of_card.chain(on_card.phones.iter().filter_map(|p| address::person(p).ok()));
        let of_card: Vec<Jid> = of_card.collect();
        let has_numbers = !on_card.phones.is_empty();
        // A hidden identity stands on no card.
        let is_person = |id: &Jid| id.kind() == JidKind::Person;
        let strange = people.iter().find(|(_, id)| is_person(id) && !of_card.contains(id));
        if let Some((field, _)) = strange
            && has_numbers
        {
            let reason = "is not among the numbers of the vCard: leave it out, or add it there";
            return Err(self.fault(field, reason));
        }
        let mut whole = vcard;
        if !has_numbers {
            let mut added: Vec<&Jid> = Vec::new();
            for (_, id) in people.iter().filter(|(_, id)| is_person(id)) {
                if !added.contains(&id) {
                    whole = vcard::with_number(&whole, id.user());
                    added.push(id);
                }
            }
        }
        match (&organization, &on_card.organization) {
            (Some(given), None) => whole = vcard::with_organization(&whole, given),
            (Some(given), Some(known)) if given.trim() != known => {
                let reason =
                    "is another one than that of the vCard: leave it out, or change it there";
                return Err(self.fault("organization", reason));
            }
            _ => (),
        }
        let named = people.into_iter().next().map(|(_, id)| id);
        let Some(id) = named.or_else(|| of_card.into_iter().next()) else {
            return Err(match on_card.phones.first() {
                Some(phone) => {
                    let fault = address::person(phone).err().map(|error| error.about(phone));
                    self.fault("vcard", fault.unwrap_or_default())
                }
                None => self.no_number(),
            });
        };
        Ok(ContactCard { id, name, organization, vcard: Some(whole) })
    }
}
