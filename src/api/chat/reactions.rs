//! Reactions as a page shows them: by emoji, with how many there are. Pure.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{Jid, Timestamp, message::Reaction};

/// Asks for the colorful form of a character; the reaction is the same without.
const SELECTOR: char = '\u{FE0F}';

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({ "emoji": "👍", "count": 2, "has_my_reaction": true }))]
pub struct GroupedReaction {
    pub emoji: String,
    /// How many people reacted so.
    pub count: usize,
    /// Whether the account itself is among them.
    pub has_my_reaction: bool,
}

/// The newest reaction of each person, by emoji: the most frequent first, then the earliest. The
/// same for the same reactions, whatever order they stand in.
pub fn grouped(reactions: &[Reaction], me: &[Jid]) -> Vec<GroupedReaction> {
    let mut newest: BTreeMap<&Jid, &Reaction> = BTreeMap::new();
    for reaction in reactions {
        let known = newest.entry(&reaction.sender).or_insert(reaction);
        if (known.timestamp, &known.emoji) < (reaction.timestamp, &reaction.emoji) {
            *known = reaction;
        }
    }
    let mut groups: BTreeMap<String, Vec<&Reaction>> = BTreeMap::new();
    for reaction in newest.into_values().filter(|reaction| !reaction.emoji.is_empty()) {
        groups.entry(plain(&reaction.emoji)).or_default().push(reaction);
    }
    let mut all: Vec<(Timestamp, GroupedReaction)> =
        groups.into_values().filter_map(|group| summary(&group, me)).collect();
    all.sort_by(|(one_at, one), (other_at, other)| {
        let one = (std::cmp::Reverse(one.count), one_at, &one.emoji);
        one.cmp(&(std::cmp::Reverse(other.count), other_at, &other.emoji))
    });
    all.into_iter().map(|(_, group)| group).collect()
}

fn summary(group: &[&Reaction], me: &[Jid]) -> Option<(Timestamp, GroupedReaction)> {
    let first = group.iter().min_by_key(|reaction| (reaction.timestamp, &reaction.emoji))?;
    let has_my_reaction = group.iter().any(|reaction| me.contains(&reaction.sender));
    let (emoji, count) = (first.emoji.clone(), group.len());
    Some((first.timestamp, GroupedReaction { emoji, count, has_my_reaction }))
}

fn plain(emoji: &str) -> String {
    emoji.chars().filter(|ch| *ch != SELECTOR).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::clock::from_seconds;

    fn reaction(who: u8, emoji: &str, at: i64) -> Reaction {
        let sender = format!("1555000000{who}@c.us").parse().unwrap();
        Reaction { sender, emoji: emoji.to_owned(), timestamp: from_seconds(at) }
    }

    #[test]
    fn the_newest_of_each_person_is_counted_by_emoji() {
        let me = ["15550000002@c.us".parse().unwrap()];
        let all = [
            reaction(1, "❤️", 1),
            reaction(2, "👍", 2),
            reaction(3, "👍", 3),
            reaction(1, "😂", 4),
            reaction(4, "❤", 5),
            reaction(5, "❤️", 6),
            reaction(6, "😮", 0),
            reaction(6, "", 7),
        ];
        let groups = grouped(&all, &me);
        let shown: Vec<_> =
            groups.iter().map(|g| (g.emoji.as_str(), g.count, g.has_my_reaction)).collect();
        assert_eq!(shown, [("👍", 2, true), ("❤", 2, false), ("😂", 1, false)]);
    }

    proptest! {
        #[test]
        fn the_order_of_reactions_does_not_matter(
            picks in prop::collection::vec((0u8..5, 0usize..5, 0i64..4), 0..20),
            turn in 0usize..20,
        ) {
            let emoji = ["👍", "❤️", "❤", "😂", ""];
            let all: Vec<Reaction> =
                picks.iter().map(|(who, what, at)| reaction(*who, emoji[*what], *at)).collect();
            let mut turned = all.clone();
            turned.rotate_left(turn.min(all.len()));
            let mut reversed = all.clone();
            reversed.reverse();
            prop_assert_eq!(grouped(&all, &[]), grouped(&turned, &[]));
            prop_assert_eq!(grouped(&all, &[]), grouped(&reversed, &[]));
        }
    }
}
