//! A row of a CSV file as a contact. Pure.

use serde_json::{Map, Value};

use crate::{
    contacts::{
        checks,
        import::{outcome::RowError, records::Record},
    },
    domain::{Error, shown::shown},
};

/// Characters of a value of one's own fields.
const LONGEST_VALUE: usize = 1_024;

/// The columns that fields are read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// How many the header names.
    pub count: usize,
    pub phone: usize,
    pub name: Option<usize>,
    pub email: Option<usize>,
    pub tags: Option<usize>,
    pub opted_in: Option<usize>,
    pub custom: Vec<(String, usize)>,
}

/// What a row says. Blank fields say nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The digits of the number.
    pub phone: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub tags: Vec<String>,
    pub opted_in: bool,
    pub custom: Map<String, Value>,
}

impl Row {
    /// Reads a record; an error says all that is wrong with it.
    pub fn read(columns: &Columns, record: &Record) -> Result<Self, RowError> {
        record.check_width(columns.count)?;
        let cell = |column: Option<usize>| column.map(|at| record.cell(at)).unwrap_or_default();
        let phone = cell(Some(columns.phone));
        let fault = |error: Error| {
            let phone = (!phone.trim().is_empty()).then(|| shown(phone.trim()));
            RowError { row: record.row, phone, error: error.message }
        };
        let tags: Vec<&str> = cell(columns.tags).split(',').collect();
        let tags: Vec<&str> = tags.into_iter().filter(|tag| !tag.trim().is_empty()).collect();
        let read = Error::both(
            Error::both(number_of(phone), checks::name(cell(columns.name))),
            Error::both(
                Error::both(checks::email(cell(columns.email)), checks::tags(&tags)),
                Error::both(opted_in(cell(columns.opted_in)), custom(columns, record)),
            ),
        );
        let ((phone, name), ((email, tags), (opted_in, custom))) = read.map_err(fault)?;
        Ok(Self { phone, name, email, tags, opted_in, custom })
    }
}

fn number_of(text: &str) -> Result<String, Error> {
    if text.trim().is_empty() {
        return Err(Error::invalid_field("phone", "is required"));
    }
    checks::phone(text)
}

fn opted_in(text: &str) -> Result<bool, Error> {
    match text.trim().to_lowercase().as_str() {
        "true" | "1" | "yes" | "y" => Ok(true),
        "" | "false" | "0" | "no" | "n" => Ok(false),
        _ => Err(Error::invalid_field("optedIn", "must be true or false")),
    }
}

fn custom(columns: &Columns, record: &Record) -> Result<Map<String, Value>, Error> {
    let mut fields = Map::new();
    for (name, column) in &columns.custom {
        let value = record.cell(*column).trim();
        if value.chars().nth(LONGEST_VALUE).is_some() {
            let field = format!("custom.{name}");
            return Err(Error::invalid_field(&field, "must have at most 1,024 characters"));
        }
        if !value.is_empty() {
            fields.insert(name.clone(), value.into());
        }
    }
    Ok(fields)
}
