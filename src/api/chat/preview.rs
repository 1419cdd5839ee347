//! One line that stands for a message in a list of conversations. Pure.

use crate::domain::{Message, MessageKind};

const LONGEST: usize = 200;

/// The words of a message; where it carries something else, a picture of what, with its caption.
pub fn preview(message: &Message) -> String {
    let filename = message.media.as_ref().and_then(|media| media.filename.as_deref());
    let (sign, word) = match message.kind {
        MessageKind::Text | MessageKind::MenuReply => return line(&message.body),
        MessageKind::Image => ("📷", "Photo"),
        MessageKind::Video => ("🎥", "Video"),
        MessageKind::Audio | MessageKind::Voice => ("🎤", "Audio"),
        MessageKind::Document => ("📄", filename.unwrap_or("Document")),
        MessageKind::Sticker => ("💟", "Sticker"),
        MessageKind::Location => ("📍", "Location"),
        MessageKind::ContactCard => ("👤", "Contact"),
        MessageKind::Poll => ("📊", "Poll"),
        MessageKind::Revoked => return String::new(),
        MessageKind::GroupNotice | MessageKind::Unknown => return line(&message.body),
    };
    let is_caption = matches!(message.kind, MessageKind::Image | MessageKind::Video);
    let shown = if is_caption && !message.body.is_empty() { &message.body } else { word };
    line(&format!("{sign} {shown}"))
}

/// The same from what an engine said of a message that is not stored: words, or a kind in brackets.
pub fn of_label(label: &str) -> String {
    let shown = match label {
        "[image]" => "📷 Photo",
        "[video]" => "🎥 Video",
        "[audio]" | "[voice]" => "🎤 Audio",
        "[document]" => "📄 Document",
        "[sticker]" => "💟 Sticker",
        "[location]" => "📍 Location",
        "[contact]" => "👤 Contact",
        "[poll]" => "📊 Poll",
        "[deleted]" | "[notice]" | "[unknown]" => "",
        words => words,
    };
    line(shown)
}

/// On one line, and not too long.
fn line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    line.chars().take(LONGEST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{clock::from_seconds, message::MessageMedia};

    fn message(kind: MessageKind, body: &str) -> Message {
        Message {
            kind,
            media: Some(MessageMedia {
                mime: "application/pdf".to_owned(),
                size: 1,
                filename: Some("a.pdf".to_owned()),
            }),
            ..Message::text(
                "false_15550000001@c.us_K".parse().unwrap(),
                "15550000001@c.us".parse().unwrap(),
                body,
                from_seconds(0),
            )
        }
    }

    #[test]
    fn what_is_not_words_has_a_sign() {
        for (kind, body, shown) in [
            (MessageKind::Text, "Hello!", "Hello!"),
            (MessageKind::Image, "", "📷 Photo"),
            (MessageKind::Image, "us", "📷 us"),
            (MessageKind::Video, "", "🎥 Video"),
            (MessageKind::Voice, "", "🎤 Audio"),
            (MessageKind::Document, "see page 3", "📄 a.pdf"),
            (MessageKind::Location, "London", "📍 Location"),
            (MessageKind::ContactCard, "Ada", "👤 Contact"),
            (MessageKind::Revoked, "", ""),
        ] {
            assert_eq!(preview(&message(kind, body)), shown);
        }
        assert_eq!(of_label("[image]"), "📷 Photo");
    }

    proptest! {
        #[test]
        fn a_preview_is_one_short_line(text in "(\\PC|\\n){0,300}") {
            let shown = preview(&message(MessageKind::Text, &text));
            prop_assert!(shown.chars().count() <= LONGEST && !shown.contains('\n'));
        }
    }
}
