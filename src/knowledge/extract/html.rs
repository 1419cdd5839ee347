//! Text of a web page: what a reader sees, a line for each block. Tags are read one after the other, so that nesting
//! costs nothing.

use html5gum::{DefaultEmitter, Token, Tokenizer};

/// What stands within is not for readers.
const HIDDEN: [&[u8]; 10] = [
    b"script",
    b"style",
    b"template",
    b"noscript",
    b"svg",
    b"head",
    b"nav",
    b"iframe",
    b"select",
    b"title",
];
/// They stand within a line.
const INLINE: [&[u8]; 19] = [
    b"a", b"abbr", b"b", b"bdi", b"cite", b"code", b"em", b"font", b"i", b"kbd", b"label", b"mark",
    b"q", b"s", b"small", b"span", b"strong", b"sub", b"sup",
];
/// They keep the cells of a row apart.
const CELLS: [&[u8]; 2] = [b"td", b"th"];

pub fn text(page: &str) -> String {
    let mut emitter = DefaultEmitter::default();
    // Scripts and styles are read to their end, whatever they hold.
    emitter.naively_switch_states(true);
    let mut text = String::new();
    // The element that hides what is within, and how often it was opened.
    let mut hidden: Option<(Vec<u8>, usize)> = None;
    for token in Tokenizer::new_with_emitter(page, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => {
                let name: &[u8] = &tag.name;
                match &mut hidden {
                    Some((within, depth)) if within.as_slice() == name && !tag.self_closing => {
                        *depth += 1;
                    }
                    Some(_) => (),
                    None if HIDDEN.contains(&name) && !tag.self_closing => {
                        hidden = Some((name.to_vec(), 1));
                    }
                    None => separate(&mut text, name),
                }
                // A page that leaves its head open begins its body all the same.
                if name == b"body" && hidden.as_ref().is_some_and(|(within, _)| within == b"head") {
                    hidden = None;
                }
            }
            Token::EndTag(tag) => {
                let name: &[u8] = &tag.name;
                match &mut hidden {
                    Some((within, depth)) if within.as_slice() == name => {
                        *depth -= 1;
                        if *depth == 0 {
                            hidden = None;
                        }
                    }
                    Some(_) => (),
                    None => separate(&mut text, name),
                }
            }
            Token::String(string) if hidden.is_none() => {
                let string: &[u8] = &string;
                // A line of the source is no line of the page.
                text.push_str(&String::from_utf8_lossy(string).replace(['\n', '\r'], " "));
            }
            Token::String(_) | Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => (),
        }
    }
    text
}

fn separate(text: &mut String, name: &[u8]) {
    if CELLS.contains(&name) {
        text.push(' ');
    } else if !INLINE.contains(&name) {
        text.push('\n');
    }
}
