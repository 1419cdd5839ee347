//! A CSV file as a table, read row by row: its header and mapping. Pure but for what it reads from.

use std::{
    collections::{BTreeMap, HashMap},
    io::{Read, Seek},
    iter::Skip,
};

use crate::{
    contacts::import::{
        layout::{Layout, fault, layout_of},
        outcome::{MOST_ERRORS, MOST_ROWS, Mapping, RowError},
        records::{Record, Records},
        row::{Columns, Row},
    },
    domain::{Error, shown::shown},
};

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

pub struct Sheet<F> {
    file: F,
    layout: Layout,
    header: Vec<String>,
    mapping: Mapping,
    /// None where no column has the number.
    columns: Option<Columns>,
}

impl<F: Read + Seek> Sheet<F> {
    /// Reads the header. Fields are found by the names of columns unless the mapping says where they are.
    pub fn open(mut file: F, mapping: &Mapping) -> Result<Self, Error> {
        let layout = layout_of(&mut file)?;
        let header = Records::of(&mut file, layout)?.next().transpose()?;
        let header = header.iter().flat_map(Record::cells);
        let header: Vec<String> = header.map(|name| name.trim().to_owned()).collect();
        if header.iter().all(String::is_empty) {
            return Err(fault("is empty: its first line must name the columns"));
        }
        if MOST_COLUMNS < header.len() {
            return Err(fault("must have at most 100 columns"));
        }
        check_names(&header)?;
        let mut whole = suggested(&header);
        whole.extend(mapping.iter().map(|(field, column)| (field.clone(), column.clone())));
        let columns = columns(&header, &whole)?;
        Ok(Self { file, layout, header, mapping: whole, columns })
    }

    /// The rows in their order, each with its number.
    pub fn into_rows(self) -> Result<Rows<F>, Error> {
        let columns = self.columns.ok_or_else(no_phone)?;
        Rows::of(self.file, self.layout, columns)
    }

    /// The number of the last row with each telephone number, if the file is one that can be imported.
    pub fn last_rows(&mut self) -> Result<LastRows, Error> {
        let columns = self.columns.clone().ok_or_else(no_phone)?;
        let (mut last, mut total) = (LastRows::new(), 0);
        for row in Rows::of(&mut self.file, self.layout, columns)? {
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
        for record in Records::of(&mut self.file, self.layout)?.skip(1) {
            let record = record?;
            total += 1;
            if MOST_ROWS < total {
                return Err(fault("must have at most 50,000 rows"));
            }
            if rows.len() < SHOWN {
                let cells = self.header.iter().zip(record.cells());
                rows.push(cells.map(|(name, cell)| (name.clone(), cell.to_owned())).collect());
            }
            let read = match &self.columns {
                Some(columns) => Row::read(columns, &record).map(drop),
                None => record.check_width(self.header.len()),
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

/// The rows of a file, each with its number. An error is one of the file as a whole and the last item.
pub struct Rows<F> {
    records: Skip<Records<F>>,
    columns: Columns,
}

impl<F: Read + Seek> Rows<F> {
    fn of(file: F, layout: Layout, columns: Columns) -> Result<Self, Error> {
        Ok(Self { records: Records::of(file, layout)?.skip(1), columns })
    }
}

impl<F: Read> Iterator for Rows<F> {
    type Item = Result<(usize, Result<Row, RowError>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = self.records.next()?;
        Some(record.map(|record| (record.row, Row::read(&self.columns, &record))))
    }
}

/// Refuses two columns of one name: which of them is meant, nobody can say.
fn check_names(header: &[String]) -> Result<(), Error> {
    let mut known: HashMap<String, usize> = HashMap::new();
    for (number, name) in (1..).zip(header).filter(|(_, name)| !name.is_empty()) {
        if let Some(first) = known.insert(name.to_lowercase(), number) {
            return Err(fault(format!(
                "has two columns with the name '{}', the columns {first} and {number}: rename one of them",
                shown(name)
            )));
        }
    }
    Ok(())
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
    let mut columns = Columns { count: header.len(), ..Columns::default() };
    let mut has_phone = false;
    for (field, column) in mapping {
        let named = column.trim().to_lowercase();
        let place = header.iter().position(|known| known.to_lowercase() == named);
        let place = place.filter(|_| !named.is_empty());
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
            other => {
                let name = custom_name(other)?;
                if columns.custom.iter().any(|(known, _)| *known == name) {
                    let fault = format!("names the field 'custom.{}' twice", shown(&name));
                    return Err(Error::invalid_field("mapping", fault));
                }
                columns.custom.push((name, place));
            }
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

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor, SeekFrom};

    use proptest::prelude::*;

    use super::*;
    use crate::{
        contacts::import::{SAMPLE, layout::AT_ONCE},
        domain::ErrorCode,
    };

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
    fn two_columns_of_one_name_are_refused_and_those_without_a_name_are_not() {
        let open =
            |text: &str, mapping: &Mapping| Sheet::open(Cursor::new(text.to_owned()), mapping);
        for (header, first, second) in
            [("phone,name,Phone", 1, 3), ("phone,City, city ", 2, 3), ("a;phone;b;B", 3, 4)]
        {
            let error = open(&format!("{header}\n"), &Mapping::new()).map(drop).unwrap_err();
            let message = format!("the columns {first} and {second}");
            assert!(error.message.contains(&message), "{header}: {error:?}");
        }
        assert_eq!(
            rows("phone,,name,\n+12125551234,,Ada,\n")[0].as_ref().unwrap().name.as_deref(),
            Some("Ada")
        );
        let nameless = [("phone".to_owned(), String::new())].into();
        assert!(open("phone,\n", &nameless).is_err());
        let twice = ["custom.a", "custom. a"].map(|field| (field.to_owned(), "phone".to_owned()));
        assert!(open("phone\n", &twice.into()).is_err());
    }

    #[test]
    fn numbers_of_rows_and_delimiters_are_those_of_a_spreadsheet() {
        let text = "\n\n\"Phone, with\ncountry code\";phone;name\n\n\
                    ;12;\"Ada\nLovelace\"\n;+12125551234;B\n\n;13;C;;D\n";
        let errors: Vec<_> = rows(text).into_iter().filter_map(Result::err).collect();
        assert_eq!(errors.iter().map(|error| error.row).collect::<Vec<_>>(), [5, 8]);
        assert!(errors[1].error.contains("has 5 cells"), "{errors:?}");
        let sheet = Sheet::open(Cursor::new(text), &Mapping::new()).unwrap();
        let preview = sheet.preview().unwrap();
        assert_eq!((preview.total, preview.errors), (3, errors));
    }

    #[test]
    fn a_quote_that_is_not_closed_refuses_the_file() {
        let text = "phone,name\n+12125551234,\"Ada\n+12125551235,Grace\n";
        let mut sheet = Sheet::open(Cursor::new(text), &Mapping::new()).unwrap();
        assert!(sheet.last_rows().unwrap_err().message.contains("row 2"));
        assert!(sheet.preview().unwrap_err().message.contains("row 2"));
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
