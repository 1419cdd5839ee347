//! Period: the days that a figure is about, both ends included. Pure.

use jiff::{ToSpan, civil::Date};

use crate::{
    analytics::calendar::Calendar,
    domain::{Error, Timestamp},
};

/// Days of a period that nobody chose.
const DEFAULT_DAYS: i64 = 30;
/// Most days of a period.
const MOST_DAYS: usize = 366;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub from: Date,
    pub to: Date,
}

impl Period {
    /// Reads the first and the last day: dates such as 2026-03-01, or moments. With one of them alone, the period has
    /// its usual length.
    pub fn read(
        (from, to): (Option<&str>, Option<&str>),
        calendar: &Calendar,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let day = |name: &'static str, text: &str| {
            let text = text.trim();
            let moment = || text.parse().ok().map(|at: Timestamp| calendar.day(at));
            let date = Date::strptime("%Y-%m-%d", text).ok().or_else(moment);
            date.ok_or_else(|| {
                Error::invalid_field(
                    name,
                    "must be a day such as 2026-03-01, or a time in RFC 3339",
                )
            })
        };
        let from = from.map(|text| day("from", text)).transpose()?;
        let to = to.map(|text| day("to", text)).transpose()?;
        let before = |to: Date| to.saturating_sub((DEFAULT_DAYS - 1).days());
        let today = calendar.day(now);
        let period = match (from, to) {
            (None, to) => {
                let to = to.unwrap_or(today);
                Self { from: before(to), to }
            }
            (Some(from), None) => Self { from, to: today.max(from) },
            (Some(from), Some(to)) => Self { from, to },
        };
        if period.to < period.from {
            return Err(Error::invalid_field("to", "must not be before from"));
        }
        if period.days().nth(MOST_DAYS).is_some() {
            let fault = format!("must be at most {MOST_DAYS} days after from");
            return Err(Error::invalid_field("to", fault));
        }
        Ok(period)
    }

    /// Its days in order.
    pub fn days(self) -> impl Iterator<Item = Date> {
        let next = |day: &Date| day.tomorrow().ok();
        std::iter::successors(Some(self.from), next).take_while(move |day| *day <= self.to)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn read(from: Option<&str>, to: Option<&str>) -> Result<Period, Error> {
        let now = "2026-03-30T12:00:00Z".parse().unwrap();
        let delhi = jiff::tz::TimeZone::get("Asia/Kolkata").unwrap();
        Period::read((from, to), &Calendar::new(delhi), now)
    }

    #[test]
    fn a_period_is_two_days_or_the_last_thirty() {
        let march = Period { from: date(2026, 3, 1), to: date(2026, 3, 30) };
        assert_eq!(read(None, None).unwrap(), march);
        assert_eq!(read(None, Some("2026-03-30")).unwrap(), march);
        assert_eq!(read(Some("2026-03-01"), None).unwrap(), march);
        let moments = read(Some("2026-02-28T18:30:00Z"), Some("2026-03-30T18:29:59Z"));
        assert_eq!(moments.unwrap(), march);
        assert_eq!(march.days().count(), 30);
        assert_eq!(read(Some("2026-04-02"), None).unwrap().days().count(), 1);
    }

    #[test]
    fn what_is_no_period_is_refused() {
        for (from, to) in [
            (Some("yesterday"), None),
            (None, Some("2026-02-30")),
            (Some("2026-03-02"), Some("2026-03-01")),
            (Some("2025-01-01"), Some("2026-01-02")),
            (Some("-009999-01-01"), None),
        ] {
            assert!(read(from, to).is_err(), "{from:?} {to:?}");
        }
        assert!(read(Some("2025-01-01"), Some("2026-01-01")).is_ok());
    }
}
