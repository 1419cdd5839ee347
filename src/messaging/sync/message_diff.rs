//! Diff of two versions of a message: the events that lead from the mirror's to the engine's. Pure.

use crate::domain::{
    Ack, EventBody, Jid, Message, MessageKind,
    details::{Poll, Vote},
};

/// The events that lead from the mirror's message to the engine's. A deleted message has no other events.
pub fn message_diff(known: &Message, now: &Message) -> Vec<EventBody> {
    let id = || known.id.clone();
    let mut events = Vec::new();
    if known.from_me() && known.ack < now.ack && Ack::Sent < now.ack {
        events.push(EventBody::Ack { message: id(), ack: now.ack, participant: None });
    }
    if known.kind == MessageKind::Revoked {
        return events;
    }
    if now.kind == MessageKind::Revoked {
        events.push(EventBody::MessageRevoked { message: id(), by: known.author.clone() });
        return events;
    }
    // Without an edit, engines merely render a body differently.
    if now.edited && now.body != known.body {
        events.push(EventBody::MessageEdited { message: id(), text: now.body.clone() });
    }
    events.extend(votes(known, now));
    if now.reactions_unknown {
        return events;
    }
    let reaction = |sender: &Jid, emoji: &str| EventBody::Reaction {
        message: id(),
        sender: sender.clone(),
        emoji: emoji.to_owned(),
    };
    let gone = known
        .reactions
        .iter()
        .filter(|before| now.reactions.iter().all(|reaction| reaction.sender != before.sender));
    events.extend(gone.map(|before| reaction(&before.sender, "")));
    let is_new = |sender, emoji| {
        known.reactions.iter().all(|before| (&before.sender, &before.emoji) != (sender, emoji))
    };
    let new = now.reactions.iter().filter(|one| is_new(&one.sender, &one.emoji));
    events.extend(new.map(|one| reaction(&one.sender, &one.emoji)));
    events
}

/// Votes that were added, changed or withdrawn, where the engine knows all votes.
fn votes(known: &Message, now: &Message) -> Vec<EventBody> {
    let Some(now) = now.details().poll.as_ref().and_then(|poll| poll.votes.as_ref()) else {
        return Vec::new();
    };
    let before = known.details().poll.as_ref().map(Poll::all_votes).unwrap_or_default();
    let chose = |sender: &Jid, options: &[String]| EventBody::PollVote {
        message: known.id.clone(),
        sender: sender.clone(),
        options: options.to_vec(),
    };
    let is_gone = |vote: &&Vote| now.iter().all(|other| other.sender != vote.sender);
    let gone = before.iter().filter(is_gone).map(|vote| chose(&vote.sender, &[]));
    let is_new = |vote: &&Vote| {
        before.iter().all(|one| (&one.sender, &one.options) != (&vote.sender, &vote.options))
    };
    let new = now.iter().filter(is_new).map(|vote| chose(&vote.sender, &vote.options));
    gone.chain(new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Details, clock::from_seconds, message::Reaction};

    fn message(reactions: &[(u64, &str)]) -> Message {
        let reaction = |(number, emoji): &(u64, &str)| Reaction {
            sender: format!("1555000000{number}@c.us").parse().unwrap(),
            emoji: (*emoji).to_owned(),
            timestamp: from_seconds(1),
        };
        Message {
            reactions: reactions.iter().map(reaction).collect(),
            ..Message::text(
                "true_15550000001@c.us_K".parse().unwrap(),
                "15557654321@c.us".parse().unwrap(),
                "words",
                from_seconds(1),
            )
        }
    }

    fn names(known: &Message, now: &Message) -> Vec<String> {
        let name = |event: EventBody| match event {
            EventBody::Reaction { sender, emoji, .. } => format!("{} {emoji}", sender.user()),
            EventBody::MessageEdited { text, .. } => format!("edited {text}"),
            other => other.name().to_owned(),
        };
        message_diff(known, now).into_iter().map(name).collect()
    }

    #[test]
    fn what_is_the_same_or_only_worded_otherwise_is_no_change() {
        let known = message(&[(1, "👍")]);
        assert_eq!(message_diff(&known, &known), []);
        let worded = Message { body: "other words".to_owned(), ..known.clone() };
        assert_eq!(message_diff(&known, &worded), []);
        let behind = Message { ack: Ack::Pending, ..known.clone() };
        assert_eq!(message_diff(&known, &behind), []);
        let unsure = Message { reactions_unknown: true, ..message(&[]) };
        assert_eq!(message_diff(&known, &unsure), []);
    }

    #[test]
    fn edits_receipts_and_reactions_that_came_went_or_changed_are_events() {
        let known = message(&[(1, "👍"), (2, "👍"), (3, "👍")]);
        let now = Message {
            body: "other words".to_owned(),
            edited: true,
            ack: Ack::Read,
            ..message(&[(1, "👍"), (3, "❤️"), (4, "🎉")])
        };
        let expected =
            ["ack", "edited other words", "15550000002 ", "15550000003 ❤️", "15550000004 🎉"];
        assert_eq!(names(&known, &now), expected);
    }

    #[test]
    fn votes_that_came_changed_or_were_taken_back_are_events_where_the_engine_knows_them() {
        let poll = |votes: Option<&[(u64, &str)]>| {
            let vote = |(number, option): &(u64, &str)| Vote {
                sender: format!("1555000000{number}@c.us").parse().unwrap(),
                options: vec![(*option).to_owned()],
                timestamp: from_seconds(1),
            };
            let votes = votes.map(|votes| votes.iter().map(vote).collect());
            let (question, options) = ("Tea?".to_owned(), Vec::new());
            let poll = Poll { question, options, selectable: 1, votes };
            let details = Details { poll: Some(poll), ..Details::default() };
            Message { details: details.some(), ..message(&[]) }
        };
        let votes = |known: &Message, now: &Message| -> Vec<String> {
            let vote = |event: EventBody| match event {
                EventBody::PollVote { sender, options, .. } => {
                    format!("{} {}", sender.user(), options.join(","))
                }
                other => other.name().to_owned(),
            };
            message_diff(known, now).into_iter().map(vote).collect()
        };
        let known = poll(Some(&[(1, "yes"), (2, "yes"), (3, "no")]));
        let now = poll(Some(&[(1, "yes"), (3, "yes"), (4, "no")]));
        assert_eq!(votes(&known, &now), ["15550000002 ", "15550000003 yes", "15550000004 no"]);
        assert_eq!(votes(&known, &known), Vec::<String>::new());
        assert_eq!(votes(&known, &poll(None)), Vec::<String>::new());
        assert_eq!(votes(&poll(None), &poll(Some(&[(1, "no")]))), ["15550000001 no"]);
    }

    #[test]
    fn of_a_deleted_message_only_that_is_an_event_and_only_once() {
        let known = message(&[(1, "👍")]);
        let now = Message { kind: MessageKind::Revoked, body: String::new(), ..message(&[]) };
        assert_eq!(names(&known, &now), ["message_revoked"]);
        assert_eq!(names(&now, &now), Vec::<String>::new());
        assert_eq!(names(&now, &known), Vec::<String>::new());
    }
}
