//! Menus as callers write them, in the form of Meta's Cloud API: up to three buttons, or a list of up to ten rows. Pure.

use serde_json::Value;

use crate::{
    domain::{Error, line},
    inbox::{MenuDraft, MenuKind, OptionDraft, Section},
};

const MOST_BUTTONS: usize = 3;
const MOST_ROWS: usize = 10;
const LONGEST_BODY: usize = 1_024;
const LONGEST_LINE: usize = 60;

/// Reads a menu. The fields of errors are those within it.
pub fn read(menu: &Value) -> Result<MenuDraft, Error> {
    if !menu.is_object() {
        return Err(Error::invalid_field("type", "is required: button or list"));
    }
    let (kind, sections) = match menu["type"].as_str() {
        Some("button") => (MenuKind::Buttons, buttons(&menu["action"]["buttons"])),
        Some("list") => {
            let label = text(&menu["action"], "action", "button", 20);
            let sections = rows(&menu["action"]["sections"]);
            (MenuKind::List, Error::both(label, sections).map(|(_, sections)| sections))
        }
        _ => return Err(Error::invalid_field("type", "must be button or list")),
    };
    let body = text(&menu["body"], "body", "text", LONGEST_BODY);
    let (body, sections) = Error::both(body, sections)?;
    let header = optional(&menu["header"], "header", "text", LONGEST_LINE);
    let footer = optional(&menu["footer"], "footer", "text", LONGEST_LINE);
    let (header, footer) = Error::both(header, footer)?;
    Ok(MenuDraft { kind, header, body, footer, sections })
}

fn buttons(buttons: &Value) -> Result<Vec<Section>, Error> {
    let all = buttons.as_array().map(Vec::as_slice).unwrap_or_default();
    if all.is_empty() || MOST_BUTTONS < all.len() {
        return Err(Error::invalid_field("action.buttons", "must be 1 to 3 buttons"));
    }
    let button = |(place, button): (usize, &Value)| {
        let place = format!("action.buttons[{place}].reply");
        option(&button["reply"], &place, (256, 20), None)
    };
    let options = distinct(Error::all(all.iter().enumerate().map(button))?, "action.buttons")?;
    Ok(vec![Section { title: None, options }])
}

fn rows(sections: &Value) -> Result<Vec<Section>, Error> {
    let all = sections.as_array().map(Vec::as_slice).unwrap_or_default();
    if all.is_empty() || MOST_ROWS < all.len() {
        return Err(Error::invalid_field("action.sections", "must be 1 to 10 sections"));
    }
    let read = |(place, section): (usize, &Value)| {
        let place = format!("action.sections[{place}]");
        let rows = section["rows"].as_array().map(Vec::as_slice).unwrap_or_default();
        if rows.is_empty() {
            return Err(Error::invalid_field(&format!("{place}.rows"), "must have a row"));
        }
        let row = |(number, row): (usize, &Value)| {
            option(row, &format!("{place}.rows[{number}]"), (200, 24), Some(72))
        };
        let options = Error::all(rows.iter().enumerate().map(row));
        let title = optional(section, &place, "title", 24);
        let (title, options) = Error::both(title, options)?;
        Ok(Section { title, options })
    };
    let sections = Error::all(all.iter().enumerate().map(read))?;
    let count: usize = sections.iter().map(|section| section.options.len()).sum();
    if MOST_ROWS < count {
        return Err(Error::invalid_field("action.sections", "must have at most 10 rows in all"));
    }
    let options = sections.iter().flat_map(|section| section.options.clone()).collect();
    distinct(options, "action.sections")?;
    Ok(sections)
}

fn option(
    value: &Value,
    place: &str,
    (longest_id, longest_title): (usize, usize),
    longest_description: Option<usize>,
) -> Result<OptionDraft, Error> {
    let id = text(value, place, "id", longest_id);
    let title = text(value, place, "title", longest_title).and_then(|title| {
        // A line of the menu is what is answered by its number.
        let fault = || Error::invalid_field(&format!("{place}.title"), line::FAULT);
        if line::is_line(&title) { Ok(title) } else { Err(fault()) }
    });
    let description = match longest_description {
        Some(longest) => optional(value, place, "description", longest),
        None => Ok(None),
    };
    let (id, (title, description)) = Error::both(id, Error::both(title, description))?;
    Ok(OptionDraft { id, title, description })
}

/// A reply is recognized by its id.
fn distinct(options: Vec<OptionDraft>, field: &str) -> Result<Vec<OptionDraft>, Error> {
    let is_twice = |(place, option): (usize, &OptionDraft)| {
        options.iter().skip(place + 1).any(|other| other.id == option.id)
    };
    match options.iter().enumerate().any(is_twice) {
        true => Err(Error::invalid_field(field, "must have different ids")),
        false => Ok(options),
    }
}

fn text(value: &Value, place: &str, name: &str, longest: usize) -> Result<String, Error> {
    let field = format!("{place}.{name}");
    let given = optional(value, place, name, longest)?;
    given.ok_or_else(|| Error::invalid_field(&field, "is required"))
}

fn optional(
    value: &Value,
    place: &str,
    name: &str,
    longest: usize,
) -> Result<Option<String>, Error> {
    let field = format!("{place}.{name}");
    match &value[name] {
        Value::Null => Ok(None),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        Value::String(text) if longest < text.chars().count() => {
            Err(Error::invalid_field(&field, format!("must have at most {longest} characters")))
        }
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(Error::invalid_field(&field, "must be a text")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows(count: usize) -> Value {
        let rows: Vec<Value> = (0..count)
            .map(|n| json!({ "id": n.to_string(), "title": format!("Row {n}") }))
            .collect();
        json!({
            "type": "list", "body": { "text": "Choose" },
            "action": { "button": "Rows", "sections": [{ "title": "All", "rows": rows }] },
        })
    }

    #[test]
    fn buttons_and_rows_are_read_up_to_the_limits_of_the_cloud_api() {
        let menu = read(&rows(10)).unwrap();
        assert_eq!((menu.kind, menu.sections[0].options.len()), (MenuKind::List, 10));
        assert!(read(&rows(11)).is_err() && read(&rows(0)).is_err());
        let button = |id: &str| json!({ "type": "reply", "reply": { "id": id, "title": id } });
        let buttons = |buttons: Vec<Value>| {
            json!({
                "type": "button", "header": { "type": "text", "text": "Hello" },
                "body": { "text": "Choose" }, "action": { "buttons": buttons },
            })
        };
        let menu = read(&buttons(vec![button("a"), button("b"), button("c")])).unwrap();
        assert_eq!(menu.header.as_deref(), Some("Hello"));
        let four = ["a", "b", "c", "d"].map(button).to_vec();
        for wrong in [buttons(four), buttons(Vec::new()), buttons(vec![button("a"), button("a")])] {
            assert!(read(&wrong).is_err());
        }
    }

    #[test]
    fn each_fault_names_its_field() {
        let menu = json!({ "type": "button", "action": { "buttons": [{ "reply": {} }] } });
        let fields = &read(&menu).unwrap_err().details["fields"];
        for field in ["body.text", "action.buttons[0].reply.id", "action.buttons[0].reply.title"] {
            assert!(fields.get(field).is_some(), "{field} in {fields}");
        }
        assert!(read(&json!({ "type": "carousel" })).is_err());
        assert!(read(&Value::Null).is_err());
    }
}
