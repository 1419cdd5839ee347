//! A CSV file as a table, read row by row: its encoding, delimiter, header and mapping. Pure but for what it reads from.

use std::{
    collections::{BTreeMap, HashMap},
    io::{self, Read, Seek, SeekFrom},
    iter::Enumerate,
};

use csv::{Reader, ReaderBuilder, StringRecord, StringRecordsIntoIter};

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
/// Bytes that are looked at in one go.
const AT_ONCE: usize = 64 * 1024;
/// What may lie between columns; of several in the first line, the first of these counts.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

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

pub struct Sheet<F> {
    file: F,
    layout: Layout,
    header: Vec<String>,
    mapping: Mapping,
    /// None where no column has the number.
    columns: Option<Columns>,
}

/// How a file is read as a table.
#[derive(Clone, Copy)]
struct Layout {
    /// Where its text begins, behind a byte order mark.
    start: u64,
    delimiter: u8,
}

impl<F: Read + Seek> Sheet<F> {
    /// Reads the header. Fields are found by the names of columns unless the mapping says where they are.
    pub fn open(mut file: F, mapping: &Mapping) -> Result<Self, Error> {
        let layout = layout_of(&mut file)?;
        let mut reader = reader(&mut file, layout)?;
        let header = reader.headers().map_err(|error| match error.is_io_error() {
            true => not_read(&error),
            false => fault(error.to_string()),
        })?;
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
        drop(reader);
        Ok(Self { file, layout, header, mapping: whole, columns })
    }

    /// The rows in their order, each with its number.
    pub fn into_rows(self) -> Result<Rows<F>, Error> {
        let columns = self.columns.ok_or_else(no_phone)?;
        Ok(Rows { records: Records::of(self.file, self.layout)?, columns })
    }

    /// The number of the last row with each telephone number, if the file is one that can be imported.
    pub fn last_rows(&mut self) -> Result<LastRows, Error> {
        let columns = self.columns.clone().ok_or_else(no_phone)?;
        let (mut last, mut total) = (LastRows::new(), 0);
        for row in (Rows { records: Records::of(&mut self.file, self.layout)?, columns }) {
            let (number, row) = row?;
            total += 1;
            if MOST_ROWS < total {
                return Err(fault("must have at most 50,000 rows"));
            }
            if let Ok(row) = row {
                last.insert(row.phone.into(), number);
            }
        }
        Ok(last)
    }

    pub fn preview(mut self) -> Result<Preview, Error> {
        let (mut rows, mut errors, mut total) = (Vec::new(), Vec::new(), 0);
        for record in Records::of(&mut self.file, self.layout)? {
            let (number, record) = record?;
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
        let (columns, mapping) = (self.header, self.mapping);
        Ok(Preview { columns, mapping, rows, total, errors })
    }
}

/// The number of the last row with each telephone number.
pub type LastRows = HashMap<Box<str>, usize>;

/// The rows of a file. An error is one of the disk and the last item.
pub struct Rows<F> {
    records: Records<F>,
    columns: Columns,
}

impl<F: Read> Iterator for Rows<F> {
    type Item = Result<(usize, Result<Row, RowError>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = self.records.next()?.map(|(number, record)| {
            (number, record.and_then(|record| Row::read(&self.columns, number, &record)))
        });
        Some(read)
    }
}

struct Records<F>(Enumerate<StringRecordsIntoIter<F>>);

impl<F: Read + Seek> Records<F> {
    fn of(file: F, layout: Layout) -> Result<Self, Error> {
        Ok(Self(reader(file, layout)?.into_records().enumerate()))
    }
}

impl<F: Read> Iterator for Records<F> {
    type Item = Result<(usize, Result<StringRecord, RowError>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let (place, record) = self.0.next()?;
        let number = place + 2;
        Some(match record {
            Ok(record) => Ok((number, Ok(record))),
            Err(error) if error.is_io_error() => Err(not_read(&error)),
            Err(error) => {
                let error = format!("is no CSV: {error}");
                Ok((number, Err(RowError { row: number, phone: None, error })))
            }
        })
    }
}

/// Reads a file once: that all of it is text, where that begins, and what lies between its columns.
fn layout_of(file: &mut (impl Read + Seek)) -> Result<Layout, Error> {
    let unread = |error: io::Error| not_read(&error);
    let mut mark = Vec::new();
    let length = u64::try_from(BYTE_ORDER_MARK.len()).unwrap_or(u64::MAX);
    file.by_ref().take(length).read_to_end(&mut mark).map_err(unread)?;
    let start = if mark == BYTE_ORDER_MARK { length } else { 0 };
    file.seek(SeekFrom::Start(start)).map_err(unread)?;
    let mut first = FirstLine::default();
    // Before what is read next lies the beginning of a character that was cut in two.
    let (mut bytes, mut cut) = (vec![0; AT_ONCE], 0);
    loop {
        let read = file.read(bytes.get_mut(cut..).unwrap_or_default()).map_err(unread)?;
        let whole = bytes.get(..cut + read).unwrap_or_default();
        let text = match std::str::from_utf8(whole) {
            Ok(text) => text,
            Err(error) if error.error_len().is_none() && read != 0 => {
                let valid = whole.get(..error.valid_up_to()).unwrap_or_default();
                std::str::from_utf8(valid).unwrap_or_default()
            }
            Err(_) => {
                let message = "must be in UTF-8: export it again, and choose UTF-8 as its encoding";
                return Err(fault(message));
            }
        };
        first.read(text);
        if read == 0 {
            return Ok(Layout { start, delimiter: first.delimiter() });
        }
        let (done, end) = (text.len(), whole.len());
        bytes.copy_within(done..end, 0);
        cut = end - done;
    }
}

/// The first line that is not blank, of which it is noted which delimiters it has.
#[derive(Default)]
struct FirstLine {
    has: [bool; DELIMITERS.len()],
    has_text: bool,
    is_over: bool,
}

impl FirstLine {
    fn read(&mut self, text: &str) {
        for letter in text.chars() {
            if self.is_over {
                return;
            }
            if letter == '\n' {
                self.is_over = self.has_text;
                if !self.is_over {
                    self.has = Default::default();
                }
            }
            self.has_text |= !letter.is_whitespace();
            for (has, mark) in self.has.iter_mut().zip(DELIMITERS) {
                *has |= letter == char::from(mark);
            }
        }
    }

    fn delimiter(&self) -> u8 {
        let found = self.has.iter().zip(DELIMITERS).find(|(has, _)| **has);
        found.map_or(b',', |(_, mark)| mark)
    }
}

fn reader<F: Read + Seek>(mut file: F, layout: Layout) -> Result<Reader<F>, Error> {
    file.seek(SeekFrom::Start(layout.start)).map_err(|error| not_read(&error))?;
    let mut builder = ReaderBuilder::new();
    Ok(builder.delimiter(layout.delimiter).flexible(true).from_reader(file))
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

fn not_read(error: &dyn std::error::Error) -> Error {
    Error::internal(format!("the file could not be read: {error}"))
}

fn no_phone() -> Error {
    fault("has no column for the phone: name one `phone`, or say in `mapping` which it is")
}

fn fault(message: impl Into<String>) -> Error {
    Error::invalid_field("file", message)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;
    use crate::{contacts::import::SAMPLE, domain::ErrorCode};

    fn rows(text: &str) -> Vec<Result<Row, RowError>> {
        let mut sheet = Sheet::open(Cursor::new(text), &Mapping::new()).unwrap();
        sheet.last_rows().unwrap();
        sheet.into_rows().unwrap().map(|row| row.unwrap().1).collect()
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
            Sheet::open(Cursor::new(text), &pairs.collect())
        };
        assert!(open(&[]).unwrap().last_rows().is_err());
        let sheet = open(&[("phone", "nr"), ("custom.city", "City")]).unwrap();
        let row = sheet.into_rows().unwrap().next().unwrap().unwrap().1.unwrap();
        assert_eq!(row.custom["city"], "Oslo");
        assert!(open(&[("phone", "number")]).is_err());
        assert!(open(&[("fone", "Nr")]).is_err());
        assert!(open(&[("custom.", "Nr")]).is_err());
    }

    #[test]
    fn a_file_that_is_no_table_is_refused() {
        for file in [&b""[..], b"\n\n", b"phone\n\xff\xfe"] {
            assert!(Sheet::open(Cursor::new(file), &Mapping::new()).is_err(), "{file:?}");
        }
        let many = format!("phone\n{}", "+12125551234\n".repeat(MOST_ROWS + 1));
        let mut sheet = Sheet::open(Cursor::new(many), &Mapping::new()).unwrap();
        assert!(sheet.last_rows().is_err() && sheet.preview().is_err());
    }

    #[test]
    fn a_character_may_lie_on_the_border_of_two_reads() {
        for before in AT_ONCE - 20..AT_ONCE + 4 {
            let head = "phone,name\n+12125551234,";
            let text = format!("{head}{}Zoë\n", " ".repeat(before.saturating_sub(head.len())));
            assert_eq!(rows(&text)[0].as_ref().unwrap().name.as_deref(), Some("Zoë"), "{before}");
            let cut = text.as_bytes().get(..text.len() - 2).unwrap();
            assert!(Sheet::open(Cursor::new(cut), &Mapping::new()).is_err(), "{before}");
        }
    }

    #[test]
    fn blank_lines_come_before_the_header() {
        let row = rows("\u{feff}\r\n\n\r\nphone;name\n+12125551234;\"A, B\"\n");
        assert_eq!(row[0].as_ref().unwrap().name.as_deref(), Some("A, B"));
    }

    #[test]
    fn a_disk_that_fails_is_no_fault_of_a_row() {
        /// Fails from so many bytes on.
        struct Failing(Cursor<Vec<u8>>, u64);
        impl Read for Failing {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                if self.1 <= self.0.position() {
                    return Err(io::Error::other("the disk is gone"));
                }
                self.0.read(into)
            }
        }
        impl Seek for Failing {
            fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
                self.0.seek(to)
            }
        }
        let text = format!("phone\n{}", "+12125551234\n".repeat(10_000));
        let file = |fails_at| Failing(Cursor::new(text.clone().into_bytes()), fails_at);
        let opened = Sheet::open(file(0), &Mapping::new()).map(drop);
        assert_eq!(opened.unwrap_err().code, ErrorCode::Internal);
        let mut sheet = Sheet::open(file(u64::MAX), &Mapping::new()).unwrap();
        sheet.file.1 = 20_000;
        assert_eq!(sheet.last_rows().unwrap_err().code, ErrorCode::Internal);
        let rows: Vec<_> = sheet.into_rows().unwrap().collect();
        assert_eq!(rows.iter().filter(|row| row.is_err()).count(), 1);
        assert!(rows.last().unwrap().is_err());
    }

    proptest! {
        /// What is written as CSV is read back as it was.
        #[test]
        fn names_and_tags_come_back(
            contacts in prop::collection::vec(("[^\\p{C}\\p{Zl}\\p{Zp}]{0,20}", prop::collection::vec("[a-z ]{1,6}", 0..4)), 1..8),
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
