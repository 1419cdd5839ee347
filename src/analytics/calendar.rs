//! Calendar of the business: which day and which hour of it a moment falls on. Pure.

use jiff::{civil::Date, tz::TimeZone};

use crate::domain::Timestamp;

/// Days and hours in one time zone.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
}

impl Calendar {
    pub fn new(zone: TimeZone) -> Self {
        Self { zone }
    }

    /// The day of a moment, and the hour from 0 to 23.
    pub fn place(&self, at: Timestamp) -> (Date, usize) {
        let local = at.to_zoned(self.zone.clone());
        (local.date(), usize::try_from(local.hour()).unwrap_or_default())
    }

    /// The first moment of a day.
    pub fn begins(&self, day: Date) -> Timestamp {
        day.to_zoned(self.zone.clone()).map_or(Timestamp::MIN, |midnight| midnight.timestamp())
    }

    pub fn day(&self, at: Timestamp) -> Date {
        self.place(at).0
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_begins_at_midnight_of_the_time_zone() {
        let delhi = Calendar::new(TimeZone::get("Asia/Kolkata").unwrap());
        assert_eq!(delhi.place(at("2026-03-01T18:29:59Z")), (date(2026, 3, 1), 23));
        assert_eq!(delhi.place(at("2026-03-01T18:30:00Z")), (date(2026, 3, 2), 0));
        assert_eq!(delhi.begins(date(2026, 3, 2)), at("2026-03-01T18:30:00Z"));
        assert_eq!(Calendar::new(TimeZone::UTC).day(at("2026-03-01T18:30:00Z")), date(2026, 3, 1));
    }
}
