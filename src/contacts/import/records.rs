//! CSV reader: the rows of a file one by one, each with the number that a spreadsheet shows for it.
//!
//! A quote that is not closed reads all rows behind it into one cell, so a file with one is refused as a whole. The crate `csv`
//! passes over blank rows and such quotes without a word: with it rows have no such number. A test holds the two together.

use std::io::{BufReader, Bytes, Read, Seek, SeekFrom};

use crate::{
    contacts::import::{
        cell::Place,
        layout::{Layout, fault, not_read},
        outcome::RowError,
    },
    domain::{Error, shown::shown},
};

/// Bytes of a row. A longer one comes of a quote that is not closed.
const LONGEST_ROW: usize = 1024 * 1024;

/// A row that is not blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number in a spreadsheet: blank rows count, line breaks within a cell do not.
    pub row: usize,
    cells: Vec<String>,
}

impl Record {
    /// A cell; blank where the row ends before it.
    pub fn cell(&self, place: usize) -> &str {
        self.cells.get(place).map(String::as_str).unwrap_or_default()
    }

    pub fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(String::as_str)
    }

    /// Refuses a row with more cells than the header has columns, which are those of a comma without quotes.
    pub fn check_width(&self, columns: usize) -> Result<(), RowError> {
        let cells =
            self.cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |at| at + 1);
        if cells <= columns {
            return Ok(());
        }
        let error = format!(
            "has {cells} cells, and the header names {columns} columns: put quotes around a cell with a separator in it"
        );
        let phone = self.cells.first().map(|cell| shown(cell.trim()));
        Err(RowError { row: self.row, phone, error })
    }

    fn is_blank(&self) -> bool {
        match self.cells.as_slice() {
            [] => true,
            [only] => only.trim().is_empty(),
            _ => false,
        }
    }
}

/// The rows of a file that are not blank, the header first. An error is the last item.
pub struct Records<F> {
    bytes: Bytes<BufReader<F>>,
    delimiter: u8,
    /// Rows that were read.
    row: usize,
    /// Behind a carriage return, with which a line feed is one line break.
    is_behind_return: bool,
    is_over: bool,
}

impl<F: Read + Seek> Records<F> {
    pub fn of(mut file: F, layout: Layout) -> Result<Self, Error> {
        file.seek(SeekFrom::Start(layout.start)).map_err(|error| not_read(&error))?;
        let bytes = BufReader::new(file).bytes();
        let (delimiter, row) = (layout.delimiter, 0);
        Ok(Self { bytes, delimiter, row, is_behind_return: false, is_over: false })
    }
}

impl<F: Read> Records<F> {
    fn byte(&mut self) -> Result<Option<u8>, Error> {
        self.bytes.next().transpose().map_err(|error| not_read(&error))
    }

    /// The next row, blank or not; none at the end of the file.
    fn line(&mut self) -> Result<Option<Record>, Error> {
        let row = self.row + 1;
        let mut line = Line::default();
        loop {
            let byte = self.byte()?;
            if std::mem::take(&mut self.is_behind_return) && byte == Some(b'\n') {
                continue;
            }
            let Some(byte) = byte else {
                self.is_over = true;
                return match line.place {
                    Place::Quoted => Err(unclosed(row)),
                    Place::Start if line.cells.is_empty() => Ok(None),
                    Place::Start | Place::Plain | Place::Closed => {
                        line.end_cell();
                        Ok(Some(line.record(row)))
                    }
                };
            };
            match line.take(byte, self.delimiter) {
                Taken::More if line.length <= LONGEST_ROW => (),
                Taken::More | Taken::Broken => return Err(unclosed(row)),
                Taken::End => {
                    self.row = row;
                    self.is_behind_return = byte == b'\r';
                    return Ok(Some(line.record(row)));
                }
            }
        }
    }
}

impl<F: Read> Iterator for Records<F> {
    type Item = Result<Record, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_over {
            match self.line() {
                Ok(Some(record)) if record.is_blank() => (),
                Ok(record) => return record.map(Ok),
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

fn unclosed(row: usize) -> Error {
    fault(format!(
        "has a quote in row {row} that is not closed: close it, or write \"\" for a quote within a cell in quotes"
    ))
}

/// A row while it is read.
#[derive(Default)]
struct Line {
    cells: Vec<String>,
    cell: Vec<u8>,
    place: Place,
    /// The cell has a line break between its quotes.
    has_break: bool,
    length: usize,
}

enum Taken {
    More,
    End,
    /// Behind a cell of several lines comes more text: its quote was closed by the first quote of another cell.
    Broken,
}

impl Line {
    fn take(&mut self, byte: u8, delimiter: u8) -> Taken {
        let former = self.place;
        self.place = former.after(char::from(byte), byte == delimiter);
        self.length += 1;
        match (former, self.place) {
            (_, Place::Start) => {
                self.end_cell();
                return if byte == delimiter { Taken::More } else { Taken::End };
            }
            (Place::Closed, Place::Plain) if self.has_break && !byte.is_ascii_whitespace() => {
                return Taken::Broken;
            }
            // The quotes around a cell are no part of it, and two within it are one.
            (Place::Quoted, Place::Closed) | (Place::Start, Place::Quoted) => (),
            (Place::Quoted, Place::Quoted) => {
                self.has_break |= matches!(byte, b'\n' | b'\r');
                self.cell.push(byte);
            }
            (_, Place::Plain | Place::Quoted | Place::Closed) => self.cell.push(byte),
        }
        Taken::More
    }

    fn end_cell(&mut self) {
        // The whole file was found to be UTF-8 when it was opened.
        let cell = std::mem::take(&mut self.cell);
        self.cells.push(String::from_utf8_lossy(&cell).into_owned());
        self.has_break = false;
    }

    fn record(self, row: usize) -> Record {
        Record { row, cells: self.cells }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Vec<Record>, Error> {
        let layout = Layout { start: 0, delimiter: b',' };
        Records::of(Cursor::new(text), layout)?.collect()
    }

    /// The number of each row with its cells.
    fn rows(text: &str) -> Vec<(usize, Vec<String>)> {
        read(text).unwrap().into_iter().map(|record| (record.row, record.cells)).collect()
    }

    fn row(number: usize, cells: &[&str]) -> (usize, Vec<String>) {
        (number, cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn rows_have_the_numbers_of_a_spreadsheet() {
        let text =
            "phone,name\n\n1,\"Ada\nLovelace\"\n  \n\n2,Grace\n,\n3,\"\"\"Amazing\"\" Grace\"";
        for text in [text.to_owned(), text.replace('\n', "\r\n"), format!("{text}\n\n")] {
            let found = rows(&text.replace("a\r\nL", "a\nL"));
            let expected = [
                row(1, &["phone", "name"]),
                row(3, &["1", "Ada\nLovelace"]),
                row(6, &["2", "Grace"]),
                row(7, &["", ""]),
                row(8, &["3", "\"Amazing\" Grace"]),
            ];
            assert_eq!(found, expected, "{text:?}");
        }
        assert_eq!(rows("\r\r1,2\r3,"), [row(3, &["1", "2"]), row(4, &["3", ""])]);
    }

    #[test]
    fn a_quote_that_is_not_closed_is_named_by_its_row() {
        let end = "1,Ada\n".repeat(3);
        for (text, at) in [
            (format!("phone,name\n1,\"Ada\n{end}"), 2),
            (format!("phone,name\n\n\n1,\"Ada\n{end}"), 4),
            // It is closed by the quote that opens another cell.
            (format!("phone,name\n1,\"Ada\n2,\"Lovelace, Grace\"\n{end}"), 2),
            (format!("\"phone,name\n{end}"), 1),
            ("phone\n1\n\"".to_owned(), 3),
            (format!("phone\n1,\"{}\"\n", "x".repeat(LONGEST_ROW)), 2),
        ] {
            let error = read(&text).unwrap_err();
            let message = format!("row {at} that is not closed");
            assert!(error.message.contains(&message), "{text:.80?}: {error:?}");
        }
        // Text behind a quote in the same line is read as spreadsheets read it.
        assert_eq!(
            rows("1,\"Ada\" L\n2,5\" pipe"),
            [row(1, &["1", "Ada L"]), row(2, &["2", "5\" pipe"])]
        );
    }

    #[test]
    fn a_row_with_more_cells_than_columns_is_found() {
        let wide = read("1,2,,3\n1,2,,\n").unwrap();
        assert!(wide[0].check_width(2).unwrap_err().error.contains("has 4 cells"));
        assert_eq!(wide[1].check_width(2), Ok(()));
    }

    proptest! {
        /// What is taken is read as by another reader of CSV.
        #[test]
        fn another_reader_agrees(text in "[a\", é\n\r]{0,24}") {
            let mut builder = csv::ReaderBuilder::new();
            let reader = builder.flexible(true).has_headers(false).from_reader(text.as_bytes());
            let others: Vec<Vec<String>> = reader
                .into_records()
                .map(|record| record.unwrap().iter().map(str::to_owned).collect())
                .filter(|cells: &Vec<String>| 1 < cells.len() || !cells[0].trim().is_empty())
                .collect();
            if let Ok(records) = read(&text) {
                let own: Vec<_> = records.into_iter().map(|record| record.cells).collect();
                prop_assert_eq!(own, others);
            }
        }
    }
}
