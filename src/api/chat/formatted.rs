//! The text of a message as a page may show it: safe, with the names of those mentioned. Pure.

use std::fmt::Write;

/// Somebody mentioned: what stands behind the `@`, and their name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    pub user: String,
    pub name: String,
}

/// Nothing becomes HTML but mentions; everything else is text, escaped.
pub fn formatted(text: &str, mentions: &[Mention]) -> String {
    let mut longest_first: Vec<&Mention> =
        mentions.iter().filter(|mention| !mention.user.is_empty()).collect();
    longest_first.sort_by_key(|mention| std::cmp::Reverse(mention.user.len()));
    let mut html = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(ch) = rest.chars().next() {
        let behind = &rest[ch.len_utf8()..];
        let mentioned = if ch == '@' { find(behind, &longest_first) } else { None };
        if let Some(mention) = mentioned {
            let _ = write!(html, "<span class=\"mention\">@{}</span>", escaped(&mention.name));
            rest = &behind[mention.user.len()..];
        } else {
            escape(&mut html, ch);
            rest = behind;
        }
    }
    html
}

/// The first word of a name, by which people are addressed.
pub fn first_word(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or(name)
}

fn find<'a>(text: &str, longest_first: &[&'a Mention]) -> Option<&'a Mention> {
    let stands_here = |mention: &&&Mention| {
        let behind = text.strip_prefix(mention.user.as_str());
        behind.is_some_and(|behind| !behind.starts_with(|ch: char| ch.is_ascii_digit()))
    };
    longest_first.iter().find(stands_here).copied()
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    text.chars().for_each(|ch| escape(&mut html, ch));
    html
}

fn escape(html: &mut String, ch: char) {
    match ch {
        '&' => html.push_str("&amp;"),
        '<' => html.push_str("&lt;"),
        '>' => html.push_str("&gt;"),
        '"' => html.push_str("&quot;"),
        '\'' => html.push_str("&#39;"),
        other => html.push(other),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mention(user: &str, name: &str) -> Mention {
        Mention { user: user.to_owned(), name: name.to_owned() }
    }

    #[test]
    fn those_mentioned_are_named() {
        let john = mention("5521999999999", first_word("John Doe"));
        assert_eq!(
            formatted("Hello @5521999999999!", &[john]),
            "Hello <span class=\"mention\">@John</span>!"
        );
    }

    #[test]
    fn the_longest_number_counts_and_a_longer_one_is_another() {
        let both = [mention("1555", "Ann"), mention("15550", "Bob")];
        assert_eq!(
            formatted("@15550 @1555 @15551 @155509", &both),
            "<span class=\"mention\">@Bob</span> <span class=\"mention\">@Ann</span> @15551 @155509"
        );
    }

    #[test]
    fn a_name_cannot_bring_html_in_nor_mention_anybody() {
        let evil = [mention("1", "<b>@2</b>"), mention("2", "'\"&")];
        assert_eq!(
            formatted("@1<i>@2", &evil),
            "<span class=\"mention\">@&lt;b&gt;@2&lt;/b&gt;</span>&lt;i&gt;<span class=\"mention\">@&#39;&quot;&amp;</span>"
        );
    }

    /// Takes mention spans out and undoes escapes; fails where anything else is HTML.
    fn read(html: &str) -> Result<String, String> {
        let mut text = String::new();
        let mut rest = html;
        while let Some(ch) = rest.chars().next() {
            let entities =
                [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&#39;", '\'')];
            if let Some(inner) = rest.strip_prefix("<span class=\"mention\">@") {
                let (name, behind) = inner.split_once("</span>").ok_or("an open span")?;
                read(name).map_err(|fault| format!("in a name: {fault}"))?;
                text.push('\u{1}');
                rest = behind;
            } else if let Some((entity, meant)) =
                entities.iter().find(|(entity, _)| rest.starts_with(entity))
            {
                text.push(*meant);
                rest = &rest[entity.len()..];
            } else if "<>&\"'".contains(ch) {
                return Err(format!("bare {ch} in {html}"));
            } else {
                text.push(ch);
                rest = &rest[ch.len_utf8()..];
            }
        }
        Ok(text)
    }

    proptest! {
        #[test]
        fn only_text_and_mention_spans_come_out(
            text in "(\\PC|@[0-9]{1,3}|[<>&\"'@]){0,40}",
            users in prop::collection::vec("([0-9]{1,3}|\\PC{0,3})", 0..4),
            names in prop::collection::vec("(\\PC|[<>&\"'@]){0,8}", 4),
        ) {
            let pairs = users.iter().zip(&names);
            let mentions: Vec<Mention> = pairs.map(|(user, name)| mention(user, name)).collect();
            let html = formatted(&text, &mentions);
            let shown = read(&html);
            prop_assert!(shown.is_ok(), "{:?}", shown);
            let no_mentions = formatted(&text, &[]);
            prop_assert_eq!(read(&no_mentions), Ok(text));
        }
    }
}
