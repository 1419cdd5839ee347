//! Files that are text already: their encoding, rows of tables, and values of JSON.

use std::fmt::Write;

use serde_json::Value;

use crate::knowledge::extract::unreadable::{LARGEST_TEXT, Unreadable};

/// A file as text: UTF-8, or UTF-16 with its mark.
pub fn decoded(bytes: &[u8]) -> Result<String, Unreadable> {
    let wide = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units = pairs.iter().map(|pair| read(*pair));
        let text: Result<String, _> = char::decode_utf16(units).collect();
        text.ok().filter(|_| rest.is_empty())
    };
    let text = match bytes {
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes),
        _ => std::str::from_utf8(bytes).ok().map(str::to_owned),
    };
    // A text has no zeros; other files that happen to be valid do.
    text.filter(|text| !text.contains('\0')).ok_or(Unreadable::Encoding)
}

/// The rows of a table as lines: each cell with the name of its column, where the first row has names.
pub fn csv(text: &str) -> Result<String, Unreadable> {
    let first = text.lines().next().unwrap_or_default();
    let count = |mark: char| first.matches(mark).count();
    let marks = [',', ';', '\t'];
    let delimiter =
        marks.into_iter().max_by_key(|mark| (count(*mark), *mark == ',')).unwrap_or(',');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(true)
        .flexible(true)
        .delimiter(u8::try_from(delimiter).unwrap_or(b','))
        .from_reader(text.as_bytes());
    let broken = |_| Unreadable::Broken("CSV");
    let names = reader.headers().map_err(broken)?.clone();
    let mut lines = String::new();
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row).map_err(broken)? {
        let cells = row.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty());
        for (number, (place, cell)) in cells.enumerate() {
            if 0 < number {
                lines.push_str(", ");
            }
            match names.get(place).map(str::trim).filter(|name| !name.is_empty()) {
                Some(name) => _ = write!(lines, "{name}: {}", cell.trim()),
                None => lines.push_str(cell.trim()),
            }
            // Names are repeated in each row, so that the lines may be longer than the file.
            if LARGEST_TEXT < lines.len() {
                return Err(Unreadable::TooLarge);
            }
        }
        lines.push('\n');
    }
    // A single row is no table with names.
    if lines.trim().is_empty() {
        Ok(names.iter().collect::<Vec<_>>().join(", "))
    } else {
        Ok(lines)
    }
}

/// The texts and numbers of a JSON file, a line for each, behind the names that lead to it.
pub fn json(text: &str) -> Result<String, Unreadable> {
    // The parser refuses what is nested too deeply.
    let value: Value = serde_json::from_str(text).map_err(|_| Unreadable::Broken("JSON"))?;
    let mut lines = String::new();
    write_lines(&value, "", &mut lines)?;
    Ok(lines)
}

fn write_lines(value: &Value, name: &str, lines: &mut String) -> Result<(), Unreadable> {
    if LARGEST_TEXT < lines.len() {
        return Err(Unreadable::TooLarge);
    }
    match value {
        Value::Null => (),
        Value::Object(fields) => {
            for (field, value) in fields {
                write_lines(value, field, lines)?;
            }
        }
        Value::Array(values) => {
            for value in values {
                write_lines(value, name, lines)?;
            }
        }
        Value::String(text) if name.is_empty() => _ = writeln!(lines, "{text}"),
        Value::String(text) => _ = writeln!(lines, "{name}: {text}"),
        Value::Bool(_) | Value::Number(_) if name.is_empty() => _ = writeln!(lines, "{value}"),
        Value::Bool(_) | Value::Number(_) => _ = writeln!(lines, "{name}: {value}"),
    }
    Ok(())
}
