//! Transcript: what was said in a conversation, for a summary. Pure.

use uuid::Uuid;

use crate::{answers::prompt::history_of, domain::Message, providers::model::Speaker};

/// The newest messages that a summary is made of.
pub const MOST_MESSAGES: usize = 200;
/// Names of transcripts are hashed under this one (RFC 9562, version 5).
const NAMESPACE: Uuid = Uuid::from_u128(0x91d8_6f0a_33c5_4f0b_8f4e_0b5c_a2d7_5e13);

#[derive(Clone, Debug, Default)]
pub struct Transcript {
    /// Oldest first.
    pub lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub is_customer: bool,
    pub text: String,
}

impl Transcript {
    pub fn of(messages: &[Message]) -> Self {
        let line = |message: &Message| {
            let turn = history_of(message)?;
            Some(Line { is_customer: turn.speaker == Speaker::User, text: turn.text })
        };
        Self { lines: messages.iter().filter_map(line).collect() }
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The same for the same words alone.
    pub fn name(&self) -> Uuid {
        let mut all = String::new();
        for line in &self.lines {
            all.push_str(if line.is_customer { "<" } else { ">" });
            all.push_str(&line.text.len().to_string());
            all.push(' ');
            all.push_str(&line.text);
        }
        Uuid::new_v5(&NAMESPACE, all.as_bytes())
    }

    /// The newest lines that have room, oldest first, as one text.
    pub fn newest(&self, room: usize) -> String {
        let (mut kept, mut left) = (Vec::new(), room);
        for line in self.lines.iter().rev() {
            let who = if line.is_customer { "Customer" } else { "Business" };
            let text = format!("{who}: {}", line.text);
            let length = text.chars().count() + 1;
            if left < length {
                // Of a single message that is too long, the beginning says more than nothing.
                if kept.is_empty() {
                    kept.push(text.chars().take(left).collect());
                }
                break;
            }
            left -= length;
            kept.push(text);
        }
        kept.reverse();
        kept.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn lines(all: &[(bool, &str)]) -> Transcript {
        let line = |(is_customer, text): &(bool, &str)| Line {
            is_customer: *is_customer,
            text: (*text).to_owned(),
        };
        Transcript { lines: all.iter().map(line).collect() }
    }

    #[test]
    fn the_name_follows_the_words_and_who_said_them() {
        let one = lines(&[(true, "a"), (false, "b")]);
        assert_eq!(one.name(), one.clone().name());
        for other in [&[(true, "a"), (true, "b")][..], &[(true, "a")], &[(true, "a>1 b")]] {
            assert_ne!(one.name(), lines(other).name());
        }
    }

    #[test]
    fn the_newest_lines_are_kept() {
        let all = lines(&[(true, "first"), (false, "second"), (true, "third")]);
        assert_eq!(all.newest(1_000), "Customer: first\nBusiness: second\nCustomer: third");
        assert_eq!(all.newest(36), "Business: second\nCustomer: third");
        assert_eq!(all.newest(12), "Customer: th");
    }
}
