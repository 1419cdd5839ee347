//! A CSV file in memory: its encoding, delimiter, header and mapping. Pure.

use std::collections::{BTreeMap, HashMap};

use csv::{Reader, ReaderBuilder, StringRecord};

use crate::{
    contacts::import::{
        outcome::{MOST_ERRORS, MOST_ROWS, Mapping, RowError},
        row::{Columns, Row},
    },
    domain::{Error, shown::shown},
};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
const MOST_COLUMNS: usize = 100;
const MOST_CUSTOM: usize = 50;
const LONGEST_CUSTOM: usize = 64;
/// Rows that a preview shows.
const SHOWN: usize = 10;
const CUSTOM: &str = "custom.";

/// Other names that people give to columns, in small letters and without anything but letters.
const FIELDS: [(&str, &[&str]); 5] = [
    ("phone", &["phone", "phonenumber", "mobile", "mobilephone", "telephone", "tel", "whatsapp"]),
    ("name", &["name", "fullname", "contactname"]),
    ("email", &["email", "emailaddress", "mail"]),
    ("tags", &["tags", "tag", "labels"]),
    ("optedIn", &["optedin", "optin", "consent"]),
];

/// What an import would read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    pub columns: Vec<String>,
    /// The mapping that an import without one has.
    pub mapping: Mapping,
    /// The first ten rows by column.
    pub rows: Vec<BTreeMap<String, String>>,
    pub total: usize,
    pub errors: Vec<RowError>,
}

pub struct Sheet {
    text: String,
    delimiter: u8,
    header: Vec<String>,
    mapping: Mapping,
    /// None where no column has the number.
    columns: Option<Columns>,
}

impl Sheet {
    /// Reads the header. Fields are found by the names of columns unless the mapping says where they are.
    pub fn open(file: Vec<u8>, mapping: &Mapping) -> Result<Self, Error> {
        let text = text_of(file)?;
        let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let delimiter =
            [b',', b';', b'\t'].into_iter().find(|mark| first.as_bytes().contains(mark));
        let delimiter = delimiter.unwrap_or(b',');
        let mut reader = reader(&text, delimiter);
        let header = reader.headers().map_err(|error| fault(error.to_string()))?;
        let header: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
        if header.iter().all(String::is_empty) {
            return Err(fault("is empty: its first line must name the columns"));
        }
        if MOST_COLUMNS < header.len() {
            return Err(fault("must have at most 100 columns"));
        }
        let mut whole = suggested(&header);
        whole.extend(mapping.iter().map(|(field, column)| (field.clone(), column.clone())));
        let columns = columns(&header, &whole)?;
        Ok(Self { text, delimiter, header, mapping: whole, columns })
    }

    /// The rows in their order, each with its number.
    pub fn rows(&self) -> impl Iterator<Item = (usize, Result<Row, RowError>)> + Send {
        let columns = self.columns.clone().unwrap_or_default();
        self.records().map(move |(number, record)| {
            let row = record.and_then(|record| Row::read(&columns, number, &record));
            (number, row)
        })
    }

    fn records(&self) -> impl Iterator<Item = (usize, Result<StringRecord, RowError>)> + Send {
        let records = reader(&self.text, self.delimiter).into_records();
        records.enumerate().map(|(place, record)| {
            let number = place + 2;
            let unread = |error: csv::Error| RowError {
                row: number,
                phone: None,
                error: format!("is no CSV: {error}"),
            };
            (number, record.map_err(unread))
        })
    }

    /// The number of the last row with each telephone number, if the file is one that can be imported.
    pub fn last_rows(&self) -> Result<HashMap<String, usize>, Error> {
        if self.columns.is_none() {
            return Err(no_phone());
        }
        let (mut last, mut total) = (HashMap::new(), 0);
        for (number, row) in self.rows() {
            total += 1;
            if MOST_ROWS < total {
                return Err(fault("must have at most 50,000 rows"));
            }
            if let Ok(row) = row {
                last.insert(row.phone, number);
            }
        }
        Ok(last)
    }

    pub fn preview(&self) -> Result<Preview, Error> {
        let (mut rows, mut errors, mut total) = (Vec::new(), Vec::new(), 0);
        for (number, record) in self.records() {
            total += 1;
            if MOST_ROWS < total {
                return Err(fault("must have at most 50,000 rows"));
            }
            if let Ok(record) = &record
                && rows.len() < SHOWN
            {
                let cells = self.header.iter().zip(record.iter());
                rows.push(cells.map(|(name, cell)| (name.clone(), cell.to_owned())).collect());
            }
            let read = match &self.columns {
                Some(columns) => {
                    record.and_then(|record| Row::read(columns, number, &record)).map(drop)
                }
                None => record.map(drop),
            };
            if let Err(error) = read
                && errors.len() < MOST_ERRORS
            {
                errors.push(error);
            }
        }
        let (columns, mapping) = (self.header.clone(), self.mapping.clone());
        Ok(Preview { columns, mapping, rows, total, errors })
    }
}

fn text_of(file: Vec<u8>) -> Result<String, Error> {
    let file = match file.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => rest.to_vec(),
        None => file,
    };
    String::from_utf8(file)
        .map_err(|_| fault("must be in UTF-8: export it again, and choose UTF-8 as its encoding"))
}

fn reader(text: &str, delimiter: u8) -> Reader<&[u8]> {
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter).flexible(true).from_reader(text.as_bytes())
}

/// The fields that the names of columns tell.
fn suggested(header: &[String]) -> Mapping {
    let plain = |name: &str| -> String {
        name.chars().filter(|ch| ch.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let column = |names: &[&str]| {
        names.iter().find_map(|name| header.iter().find(|column| plain(column) == *name))
    };
    let found = FIELDS.iter().filter_map(|(field, names)| Some((*field, column(names)?)));
    found.map(|(field, column)| (field.to_owned(), column.clone())).collect()
}

fn columns(header: &[String], mapping: &Mapping) -> Result<Option<Columns>, Error> {
    let (mut columns, mut has_phone) = (Columns::default(), false);
    for (field, column) in mapping {
        let named = column.trim().to_lowercase();
        let place = header.iter().position(|known| known.to_lowercase() == named);
        let Some(place) = place else {
            let fault =
                format!("names the column '{}', which the file does not have", shown(column));
            return Err(Error::invalid_field("mapping", fault));
        };
        match field.as_str() {
            "phone" => (columns.phone, has_phone) = (place, true),
            "name" => columns.name = Some(place),
            "email" => columns.email = Some(place),
            "tags" => columns.tags = Some(place),
            "optedIn" => columns.opted_in = Some(place),
            other => columns.custom.push((custom_name(other)?, place)),
        }
    }
    if MOST_CUSTOM < columns.custom.len() {
        return Err(Error::invalid_field("mapping", "must name at most 50 fields of your own"));
    }
    Ok(has_phone.then_some(columns))
}

fn custom_name(field: &str) -> Result<String, Error> {
    let name = field.strip_prefix(CUSTOM).map(str::trim).filter(|name| !name.is_empty());
    let name = name.filter(|name| name.chars().nth(LONGEST_CUSTOM).is_none());
    name.map(str::to_owned).ok_or_else(|| {
        let fields = "phone, name, email, tags, optedIn or custom.<name>";
        let fault = format!("has the field '{}'; a field is {fields}", shown(field));
        Error::invalid_field("mapping", fault)
    })
}

fn no_phone() -> Error {
    fault("has no column for the phone: name one `phone`, or say in `mapping` which it is")
}

fn fault(message: impl Into<String>) -> Error {
    Error::invalid_field("file", message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::contacts::import::SAMPLE;

    fn rows(text: &str) -> Vec<Result<Row, RowError>> {
        let sheet = Sheet::open(text.as_bytes().to_vec(), &Mapping::new()).unwrap();
        sheet.last_rows().unwrap();
        sheet.rows().map(|(_, row)| row).collect()
    }

    #[test]
    fn the_sample_is_read_in_every_form_in_which_programs_write_it() {
        let expected = rows(SAMPLE);
        let first = expected[0].as_ref().unwrap();
        assert_eq!((first.phone.as_str(), first.opted_in), ("919876543210", true));
        assert_eq!(first.tags, ["vip", "retail"]);
        let second = expected[1].as_ref().unwrap();
        assert_eq!(
            (&second.email, second.opted_in, second.tags.as_slice()),
            (&None, false, &["lead".to_owned()][..])
        );
        let by = |mark: &str| {
            SAMPLE
                .replace("\"vip,retail\"", "VIP")
                .replace(',', mark)
                .replace("VIP", "\"vip,retail\"")
        };
        for text in [
            format!("\u{feff}{SAMPLE}"),
            SAMPLE.replace('\n', "\r\n"),
            by(";"),
            by("\t"),
            SAMPLE.trim_end().to_owned(),
            SAMPLE.replace("phone,name", "PHONE, Name"),
            format!("{SAMPLE}\n\n"),
        ] {
            assert_eq!(rows(&text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_row_is_said_with_its_number() {
        let text = "phone,optedIn,email\n12,maybe,x\n+12125551234,Y,\n,,\n";
        let rows = rows(text);
        let error = rows[0].as_ref().unwrap_err();
        assert_eq!((error.row, error.phone.as_deref()), (2, Some("12")));
        for field in ["phone", "optedIn", "email"] {
            assert!(error.error.contains(field), "{error:?}");
        }
        assert!(rows[1].as_ref().unwrap().opted_in);
        assert_eq!(rows[2].as_ref().unwrap_err().error, "phone: is required");
    }

    #[test]
    fn a_mapping_says_where_fields_are_and_may_be_wrong() {
        let text = "Nr,City\n+12125551234,Oslo\n";
        let open = |pairs: &[(&str, &str)]| {
            let pairs =
                pairs.iter().map(|(field, column)| ((*field).to_owned(), (*column).to_owned()));
            Sheet::open(text.as_bytes().to_vec(), &pairs.collect())
        };
        assert!(open(&[]).unwrap().last_rows().is_err());
        let sheet = open(&[("phone", "nr"), ("custom.city", "City")]).unwrap();
        let row = sheet.rows().next().unwrap().1.unwrap();
        assert_eq!(row.custom["city"], "Oslo");
        assert!(open(&[("phone", "number")]).is_err());
        assert!(open(&[("fone", "Nr")]).is_err());
        assert!(open(&[("custom.", "Nr")]).is_err());
    }

    #[test]
    fn a_file_that_is_no_table_is_refused() {
        for file in [&b""[..], b"\n\n", b"phone\n\xff\xfe"] {
            assert!(Sheet::open(file.to_vec(), &Mapping::new()).is_err(), "{file:?}");
        }
        let many = format!("phone\n{}", "+12125551234\n".repeat(MOST_ROWS + 1));
        let sheet = Sheet::open(many.into_bytes(), &Mapping::new()).unwrap();
        assert!(sheet.last_rows().is_err() && sheet.preview().is_err());
    }

    proptest! {
        /// What is written as CSV is read back as it was.
        #[test]
        fn names_and_tags_come_back(
            contacts in prop::collection::vec(("[^\\p{C}]{0,20}", prop::collection::vec("[a-z ]{1,6}", 0..4)), 1..8),
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["phone", "name", "tags"]).unwrap();
            for (place, (name, tags)) in contacts.iter().enumerate() {
                let phone = format!("+1212555{place:04}");
                writer.write_record([&phone, name, &tags.join(",")]).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let rows = rows(&text);
            prop_assert_eq!(rows.len(), contacts.len());
            for (row, (name, tags)) in rows.into_iter().zip(contacts) {
                let row = row.unwrap();
                let name = name.trim();
                prop_assert_eq!(row.name.as_deref(), (!name.is_empty()).then_some(name));
                let tags: Vec<&str> = tags.iter().map(|tag| tag.trim()).filter(|tag| !tag.is_empty()).collect();
                let tags = crate::contacts::checks::tags(&tags).unwrap();
                prop_assert_eq!(row.tags, tags);
            }
        }
    }
}
