//! Phone numbers in place of hidden ids (LIDs) in cards and mentions.
//!
//! Cards and mentions contain phone numbers. The digits of a hidden id would be the number of a stranger or of
//! nobody: a card of it calls a stranger, and a mention of it notifies nobody.

use crate::{
    domain::{Content, Error, ErrorCode, Jid, JidKind, SessionId},
    messaging::{directory::Directory, outbound::send_request::SendRequest},
};

/// Replaces each hidden id in cards and mentions by the person's number. An unknown number is an error.
pub async fn with_numbers(
    directory: &Directory,
    session: &SessionId,
    mut request: SendRequest,
) -> Result<SendRequest, Error> {
    if let Content::ContactCards { contacts } = &mut request.content {
        for card in contacts.iter_mut().filter(|card| card.id.kind() == JidKind::Lid) {
            card.id = known_number(directory, session, &card.id).await?;
        }
    }
    for at in 0..request.mentions.len() {
        let lid = request.mentions[at].clone();
        if lid.kind() != JidKind::Lid {
            continue;
        }
        let phone = known_number(directory, session, &lid).await?;
        if let Some(text) = text_of(&mut request.content) {
            *text = renamed(text, lid.user(), phone.user());
        }
        request.mentions[at] = phone;
    }
    Ok(request)
}

async fn known_number(directory: &Directory, session: &SessionId, lid: &Jid) -> Result<Jid, Error> {
    let known = directory.identities(session, [lid]).await?;
    known.other(lid).cloned().ok_or_else(|| {
        let message = format!(
            "the phone number of '{lid}' is not known, and a card or mention needs it; name the person by number"
        );
        let refused = Error::new(ErrorCode::Conflict, message);
        refused.detail("reason", "number_unknown").detail("id", lid.as_str())
    })
}

/// The text of a message in which people can be mentioned.
fn text_of(content: &mut Content) -> Option<&mut String> {
    match content {
        Content::Text { body } => Some(body),
        Content::Media(media) => media.caption.as_mut(),
        Content::Poll { question, .. } => Some(question),
        Content::Location { .. } | Content::ContactCards { .. } => None,
    }
}

/// Replaces the mention `@one` by `@other`, unless more digits follow.
fn renamed(text: &str, one: &str, other: &str) -> String {
    let mention = format!("@{one}");
    let mut renamed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(&mention) {
        renamed.push_str(before);
        let is_longer = behind.starts_with(|ch: char| ch.is_ascii_digit());
        renamed.push('@');
        renamed.push_str(if is_longer { one } else { other });
        rest = behind;
    }
    renamed + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_is_renamed_where_it_stands_alone() {
        let text = "@100 and @1001, again @100: a@100";
        assert_eq!(renamed(text, "100", "1555"), "@1555 and @1001, again @1555: a@1555");
    }
}
