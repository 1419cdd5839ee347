//! Search of people by their e-mail address, as the lists of conversations use it.

use crate::{domain::Error, inbox::FoundPeople, services::Services};

/// The contacts and visitors whose e-mail address begins with what is searched for.
pub async fn by_email(services: &Services, search: Option<&str>) -> Result<FoundPeople, Error> {
    let Some(text) = search else { return Ok(FoundPeople::default()) };
    let contacts = services.contacts.with_email(text).await?;
    let visitors = services.web_chats.with_email(text).await?;
    Ok(FoundPeople {
        contacts: contacts.into_iter().collect(),
        visitors: visitors.into_iter().collect(),
    })
}
