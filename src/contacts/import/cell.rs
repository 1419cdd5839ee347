//! Cell of a CSV file: where in a cell a reader stands, and so what a quote, a delimiter and a line break mean. Pure.

/// Where a reader stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Before the first character of a cell.
    #[default]
    Start,
    Plain,
    /// Between quotes, where delimiters and line breaks are text.
    Quoted,
    /// Behind a quote that closes the cell, unless another one follows.
    Closed,
}

impl Place {
    /// Where the reader stands behind a character.
    pub fn after(self, letter: char, is_delimiter: bool) -> Self {
        match (self, letter) {
            (Self::Quoted, '"') => Self::Closed,
            (Self::Quoted, _) | (Self::Start | Self::Closed, '"') => Self::Quoted,
            (_, '\n' | '\r') => Self::Start,
            _ if is_delimiter => Self::Start,
            _ => Self::Plain,
        }
    }
}
