//! Identities of people: which of them others see.

use crate::{
    domain::{EventBody, Jid, identity::Pair},
    simulator::{
        Account, IdentityVisibility,
        actions::linking::not_on_whatsapp,
        protocol::{Refusal, RefusalKind},
        state::directory::{Directory, ensure_account},
    },
};

impl Account<'_> {
    /// Sets how others see a person, and a new hidden identity if one is given. Devices are notified of both
    /// identities unless the number is secret.
    pub fn set_visibility(
        &self,
        visibility: Option<IdentityVisibility>,
        lid: Option<Jid>,
    ) -> Result<(), Refusal> {
        let mut world = self.network.writing()?;
        let id = ensure_account(&mut world.state, self.phone).map(|person| person.me.id.clone());
        let id = id.ok_or_else(not_on_whatsapp)?;
        if let Some(owner) =
            lid.as_ref().and_then(|lid| Directory::of(&world.state).phone_identity(lid))
            && owner != id
            && world.state.people().get(&owner).is_some()
        {
            let reason = "another person has this hidden identity";
            return Err(Refusal::new(RefusalKind::Invalid, reason));
        }
        let pair = world.state.change_person(&id, |person| {
            person.visibility = visibility.unwrap_or(person.visibility);
            person.me.lid = lid.or_else(|| person.me.lid.take());
            person
                .me
                .lid
                .as_ref()
                .filter(|_| person.visibility != IdentityVisibility::LidAlone)
                .cloned()
        });
        if let Some(event) =
            pair.flatten().and_then(|lid| Pair::of(&lid, &id)).map(identity_learned)
        {
            let accounts: Vec<Jid> =
                world.state.people().iter().map(|person| person.me.id.clone()).collect();
            for account in accounts {
                world.notify(&account, &event);
            }
        }
        Ok(())
    }
}

/// The event that two identities are one person's.
pub fn identity_learned(pair: Pair) -> EventBody {
    EventBody::IdentityLearned {
        lid: pair.lid().clone(),
        phone: pair.phone().clone(),
        former_phone: None,
        former_lid: None,
        since: None,
    }
}
