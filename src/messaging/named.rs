//! People whom a message names: cards and mentions carry telephone numbers.
//!
//! A hidden identity (LID) in their place would be a number that nobody has: a card of it calls a
//! stranger, and a mention of it notifies nobody.

use crate::{
    domain::{Content, Error, ErrorCode, Jid, JidKind, SessionId},
    messaging::{Messaging, SendRequest},
};

impl Messaging {
    /// The same message with the number of each person whom it names by hidden identity. A number that
    /// the session does not know is a refusal.
    pub(in crate::messaging) async fn with_numbers(
        &self,
        session: &SessionId,
        mut request: SendRequest,
    ) -> Result<SendRequest, Error> {
        if let Content::ContactCards { contacts } = &mut request.content {
            for card in contacts.iter_mut().filter(|card| card.id.kind() == JidKind::Lid) {
                card.id = self.known_number(session, &card.id).await?;
            }
        }
        for at in 0..request.mentions.len() {
            let lid = request.mentions[at].clone();
            if lid.kind() != JidKind::Lid {
                continue;
            }
            let phone = self.known_number(session, &lid).await?;
            if let Some(text) = text_of(&mut request.content) {
                *text = renamed(text, lid.user(), phone.user());
            }
            request.mentions[at] = phone;
        }
        Ok(request)
    }

    async fn known_number(&self, session: &SessionId, lid: &Jid) -> Result<Jid, Error> {
        let known = self.identities(session, [lid]).await?;
        known.other(lid).cloned().ok_or_else(|| {
            let message = format!(
                "the telephone number of '{lid}' is not known, and a card or mention needs it: name the person by number"
            );
            let refused = Error::new(ErrorCode::Conflict, message);
            refused.detail("reason", "number_unknown").detail("id", lid.as_str())
        })
    }
}

/// The words of a message in which people can be mentioned.
fn text_of(content: &mut Content) -> Option<&mut String> {
    match content {
        Content::Text { body } => Some(body),
        Content::Media(media) => media.caption.as_mut(),
        Content::Poll { question, .. } => Some(question),
        Content::Location { .. } | Content::ContactCards { .. } => None,
    }
}

/// A text in which `@one` has become `@other`, where it stands alone.
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
