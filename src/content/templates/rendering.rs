//! Rendering of a template as a message that every phone shows: text, a file, and a numbered menu. Pure.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::json;

use crate::{
    content::templates::{
        numbered,
        parameters::{ButtonParameter, HeaderMedia, HeaderParameter, Parameters},
        record::{Button, Header, MediaFormat, Parts},
    },
    domain::Error,
};

/// Characters of a message, and of a text that goes with a file.
const LONGEST_TEXT: usize = 4_096;
const LONGEST_CAPTION: usize = 1_024;
const ASK: &str = "Reply with a number";
/// What would end an address in the middle of a text.
const UNSAFE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`');

/// A template with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The caption of the file where there is one.
    pub text: String,
    pub media: Option<HeaderMedia>,
    /// What can be replied, numbered in the text from 1. Empty for a message without a menu.
    pub menu: Vec<MenuOption>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuOption {
    /// What a reply is known by.
    pub id: String,
    pub title: String,
}

/// A template with its parameters. There must be as many as the template has variables.
pub fn render(parts: &Parts, given: &Parameters) -> Result<Message, Error> {
    let (title, media) = header(parts.header.as_ref(), &given.header)?;
    same_count("body", numbered::count(&parts.body), given.body.len())?;
    if let Some(at) = given.buttons.keys().find(|at| parts.buttons.len() <= **at) {
        return Err(misfit(format!("Template has no button {at}; they count from 0")));
    }
    let (mut links, mut menu) = (Vec::new(), Vec::new());
    for (at, button) in parts.buttons.iter().enumerate() {
        let given = given.buttons.get(&at).map(Vec::as_slice).unwrap_or_default();
        match button {
            Button::QuickReply { text } => menu.push(option(at, text, given)?),
            Button::Url { text, url } => {
                links.push(format!("{text}: {}", address(at, url, given)?))
            }
            Button::Phone { text, number } => {
                same_count(&format!("button {at}"), 0, given.len())?;
                links.push(format!("{text}: {number}"));
            }
        }
    }
    let mut blocks: Vec<String> = title.into_iter().collect();
    blocks.push(numbered::fill(&parts.body, &given.body));
    blocks.extend(parts.footer.as_ref().map(|footer| format!("_{}_", one_line(footer))));
    blocks.extend((!links.is_empty()).then(|| links.join("\n")));
    if !menu.is_empty() {
        let options = menu.iter().zip(1..);
        let lines: Vec<String> =
            options.map(|(option, number)| format!("{number}. {}", option.title)).collect();
        blocks.extend([lines.join("\n"), ASK.to_owned()]);
    }
    let text = blocks.join("\n\n");
    let most = if media.is_some() { LONGEST_CAPTION } else { LONGEST_TEXT };
    if text.chars().nth(most).is_some() {
        let what = if media.is_some() { "the text beside a file" } else { "a message" };
        return Err(misfit(format!(
            "Template is too long with these parameters: {what} has at most {most} characters"
        )));
    }
    Ok(Message { text, media, menu })
}

/// The title in bold, or the file.
fn header(
    header: Option<&Header>,
    given: &[HeaderParameter],
) -> Result<(Option<String>, Option<HeaderMedia>), Error> {
    match (header, given) {
        (Some(Header::Media(format)), [HeaderParameter::Media(media)])
            if media.format == *format =>
        {
            Ok((None, Some(media.clone())))
        }
        (Some(Header::Media(format)), _) => {
            let (article, format) = match format {
                MediaFormat::Image => ("an", format.as_str()),
                MediaFormat::Video | MediaFormat::Document => ("a", format.as_str()),
            };
            Err(misfit(format!("Template requires {article} {format} as its header parameter")))
        }
        (Some(Header::Text(text)), given) => {
            same_count("header", numbered::count(text), given.len())?;
            let value = |parameter: &HeaderParameter| match parameter {
                HeaderParameter::Text(text) => Ok(text.clone()),
                HeaderParameter::Media(_) => {
                    Err(misfit("Template requires a text as its header parameter".to_owned()))
                }
            };
            let values = Error::all(given.iter().map(value))?;
            Ok((Some(format!("*{}*", one_line(&numbered::fill(text, &values)))), None))
        }
        (None, given) => {
            same_count("header", 0, given.len())?;
            Ok((None, None))
        }
    }
}

/// A button to reply with, which is known by its payload, else by its words.
fn option(at: usize, title: &str, given: &[ButtonParameter]) -> Result<MenuOption, Error> {
    let id = match given {
        [] => title,
        [ButtonParameter::Payload(payload)] => payload,
        _ => return Err(misfit(format!("Template takes one payload for button {at}"))),
    };
    Ok(MenuOption { id: id.to_owned(), title: title.to_owned() })
}

fn address(at: usize, url: &str, given: &[ButtonParameter]) -> Result<String, Error> {
    same_count(&format!("button {at}"), numbered::count(url), given.len())?;
    let value = |parameter: &ButtonParameter| match parameter {
        ButtonParameter::Text(text) => Ok(utf8_percent_encode(text, UNSAFE).to_string()),
        ButtonParameter::Payload(_) => {
            Err(misfit(format!("Template requires a text as the parameter of button {at}")))
        }
    };
    Ok(numbered::fill(url, &Error::all(given.iter().map(value))?))
}

fn same_count(part: &str, wanted: usize, given: usize) -> Result<(), Error> {
    if wanted == given {
        return Ok(());
    }
    let noun = if wanted == 1 { "parameter" } else { "parameters" };
    Err(misfit(format!("Template requires {wanted} {part} {noun}, got {given}")))
}

fn misfit(message: String) -> Error {
    let fields = json!({ "components": [message] });
    Error::invalid(message).detail("fields", fields)
}

/// Bold and italics end with their line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::content::templates::parameters::MediaSource;

    fn parts(body: &str) -> Parts {
        Parts { header: None, body: body.to_owned(), footer: None, buttons: Vec::new() }
    }

    fn body(values: &[&str]) -> Parameters {
        let body = values.iter().map(|value| (*value).to_owned()).collect();
        Parameters { body, ..Parameters::default() }
    }

    fn picture(format: MediaFormat) -> HeaderMedia {
        let source = MediaSource::Link("https://example.com/a".to_owned());
        HeaderMedia { format, source, filename: None }
    }

    fn with_buttons() -> Parts {
        let url = "https://example.com/t/{{1}}".to_owned();
        let reply = |text: &str| Button::QuickReply { text: text.to_owned() };
        Parts {
            header: Some(Header::Text("Order {{1}}".to_owned())),
            footer: Some("Reply STOP to opt out".to_owned()),
            buttons: vec![
                Button::Url { text: "Track".to_owned(), url },
                reply("Thanks"),
                Button::Phone { text: "Call".to_owned(), number: "+15550000001".to_owned() },
                reply("Help"),
            ],
            ..parts("Hi {{1}}, it comes {{2}}.")
        }
    }

    #[test]
    fn all_parts_of_a_template_are_lines_of_its_text() {
        let mut given = body(&["Ada", "today"]);
        given.header = vec![HeaderParameter::Text("7\n8".to_owned())];
        given.buttons.insert(0, vec![ButtonParameter::Text("a 1".to_owned())]);
        given.buttons.insert(3, vec![ButtonParameter::Payload("help-me".to_owned())]);
        let Message { text, media, menu } = render(&with_buttons(), &given).unwrap();
        let expected = "*Order 7 8*\n\nHi Ada, it comes today.\n\n_Reply STOP to opt out_\n\n\
                        Track: https://example.com/t/a%201\nCall: +15550000001\n\n\
                        1. Thanks\n2. Help\n\nReply with a number";
        assert_eq!(text, expected);
        assert_eq!(media, None);
        let ids: Vec<&str> = menu.iter().map(|option| option.id.as_str()).collect();
        assert_eq!(ids, ["Thanks", "help-me"]);
    }

    #[test]
    fn a_count_that_does_not_fit_is_named_with_both_counts() {
        let message = |parts: &Parts, given: &Parameters| render(parts, given).unwrap_err().message;
        let three = parts("{{1}} {{2}} {{3}}");
        let expected = "Template requires 3 body parameters, got 2";
        assert_eq!(message(&three, &body(&["a", "b"])), expected);
        assert_eq!(
            message(&parts("x"), &body(&["a"])),
            "Template requires 0 body parameters, got 1"
        );
        let expected = "Template requires 1 header parameter, got 0";
        assert_eq!(message(&with_buttons(), &body(&["a", "b"])), expected);
        let mut given = body(&["a", "b"]);
        given.header = vec![HeaderParameter::Text("7".to_owned())];
        assert_eq!(
            message(&with_buttons(), &given),
            "Template requires 1 button 0 parameter, got 0"
        );
        given.buttons.insert(4, Vec::new());
        assert!(message(&with_buttons(), &given).starts_with("Template has no button 4"));
        let error = render(&three, &body(&[])).unwrap_err();
        assert!(error.details["fields"].get("components").is_some());
    }

    #[test]
    fn a_file_in_the_header_has_the_text_as_its_caption() {
        let photo = Parts { header: Some(Header::Media(MediaFormat::Image)), ..parts("Look") };
        let with = |media| Parameters {
            header: vec![HeaderParameter::Media(media)],
            ..Parameters::default()
        };
        let image = picture(MediaFormat::Image);
        let message = render(&photo, &with(image.clone())).unwrap();
        assert_eq!((message.text.as_str(), message.media), ("Look", Some(image)));
        let missing = render(&photo, &body(&[])).unwrap_err().message;
        assert_eq!(missing, "Template requires an image as its header parameter");
        assert!(render(&photo, &with(picture(MediaFormat::Video))).is_err());
        assert!(render(&parts("x"), &with(picture(MediaFormat::Image))).is_err());
        let long = Parts { body: "x".repeat(LONGEST_CAPTION + 1), ..photo };
        assert!(render(&long, &with(picture(MediaFormat::Image))).is_err());
    }

    #[test]
    fn a_text_that_no_message_holds_is_refused() {
        let (four, long) = (parts("{{1}}{{2}}{{3}}{{4}}"), "x".repeat(1_024));
        let values = [long.as_str(); 4];
        assert!(render(&four, &body(&values)).is_ok());
        assert!(render(&parts("{{1}}{{2}}{{3}}{{4}}."), &body(&values)).is_err());
    }

    proptest! {
        #[test]
        fn a_value_stands_where_its_number_is(values in prop::collection::vec("[a-z{}0-9 ]{1,20}", 1..9)) {
            let numbers = 1..=values.len();
            let written: Vec<String> = numbers.map(|number| format!("{{{{{number}}}}}")).collect();
            let given = Parameters { body: values.clone(), ..Parameters::default() };
            let message = render(&parts(&written.join("|")), &given).unwrap();
            prop_assert_eq!(message.text, values.join("|"));
        }

        #[test]
        fn only_as_many_parameters_as_variables_are_taken(wanted in 0..9_usize, given in 0..9_usize) {
            let written: String = (1..=wanted).map(|number| format!("x{{{{{number}}}}}")).collect();
            let values = Parameters { body: vec!["v".to_owned(); given], ..Parameters::default() };
            let outcome = render(&parts(&format!(".{written}")), &values);
            prop_assert_eq!(outcome.is_ok(), wanted == given);
        }
    }
}
