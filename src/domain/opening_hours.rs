//! Opening hours of a business: parts of the days of a week. Pure; the time zone comes in.

use jiff::{
    ToSpan,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};

use crate::domain::Timestamp;

/// Days by their short names, the first of the week first.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// Parts of one day.
const MOST_PARTS: usize = 6;
const MIDNIGHT: &str = "24:00";

/// The parts of each day, from Monday on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpeningHours {
    days: [Vec<Part>; 7],
}

/// From a time of day up to a later one; none for the end of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    from: Time,
    to: Option<Time>,
}

impl Part {
    /// Reads two times such as `09:00` and `18:00`, of which the latter may be `24:00`.
    pub fn read(from: &str, to: &str) -> Result<Self, String> {
        let time = |text: &str| Time::strptime("%H:%M", text.trim()).ok();
        let end = if to.trim() == MIDNIGHT { Some(None) } else { time(to).map(Some) };
        match (time(from), end) {
            (Some(from), Some(to)) if to.is_none_or(|to| from < to) => Ok(Self { from, to }),
            (Some(_), Some(_)) => Err(format!("'{from}-{to}' does not end after it begins")),
            _ => Err(format!("'{from}-{to}' is not a part of a day such as 09:00-18:00")),
        }
    }

    /// The times as texts.
    pub fn times(self) -> [String; 2] {
        let text = |time: Time| time.strftime("%H:%M").to_string();
        [text(self.from), self.to.map_or(MIDNIGHT.to_owned(), text)]
    }

    fn holds(self, time: Time) -> bool {
        self.from <= time && self.to.is_none_or(|to| time < to)
    }

    /// The moment of its end on a day.
    fn end(self, day: Date, zone: &TimeZone) -> Option<Timestamp> {
        let end = match self.to {
            Some(to) => day.to_datetime(to),
            None => day.tomorrow().ok()?.to_datetime(Time::midnight()),
        };
        Some(end.to_zoned(zone.clone()).ok()?.timestamp())
    }
}

impl OpeningHours {
    /// Reads lines such as `mon-fri 09:00-18:00` and `sat 10:00-13:00`; none for hours that nobody set. An error says
    /// what is wrong.
    pub fn read(lines: &[String]) -> Result<Option<Self>, String> {
        let mut hours = Self::default();
        for line in lines {
            let fault = || format!("'{line}' is not one such as mon-fri 09:00-18:00");
            let (days, times) = line.trim().split_once(' ').ok_or_else(fault)?;
            let (first, last) = days.split_once('-').unwrap_or((days, days));
            let place = |name: &str| DAYS.iter().position(|day| day.eq_ignore_ascii_case(name));
            let (first, last) = place(first).zip(place(last)).ok_or_else(fault)?;
            let (from, to) = times.trim().split_once('-').ok_or_else(fault)?;
            let part = Part::read(from, to)?;
            if last < first {
                return Err(fault());
            }
            for day in hours.days.iter_mut().take(last + 1).skip(first) {
                if MOST_PARTS <= day.len() {
                    return Err(format!("a day has more than {MOST_PARTS} parts"));
                }
                day.push(part);
            }
        }
        Ok((!lines.is_empty()).then_some(hours))
    }

    /// The parts of a day, counted from Monday.
    pub fn parts(&self, day: usize) -> &[Part] {
        self.days.get(day).map_or(&[], Vec::as_slice)
    }

    pub fn is_open(&self, now: Timestamp, zone: &TimeZone) -> bool {
        let local = now.to_zoned(zone.clone());
        self.of(local.weekday()).iter().any(|part| part.holds(local.time()))
    }

    /// Since when it is closed: the end of the last part before a moment; none while it is open, and where no part ended
    /// within the week before.
    pub fn closed_since(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        if self.is_open(now, zone) {
            return None;
        }
        let today = now.to_zoned(zone.clone()).date();
        (0..=7_i64).find_map(|back| {
            let day = today.checked_sub(back.days()).ok()?;
            let parts = self.of(day.weekday()).iter();
            parts.filter_map(|part| part.end(day, zone)).filter(|end| *end <= now).max()
        })
    }

    fn of(&self, day: Weekday) -> &[Part] {
        self.parts(usize::try_from(day.to_monday_zero_offset()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(lines: &[&str]) -> OpeningHours {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        OpeningHours::read(&lines).unwrap().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_week_is_open_in_its_parts_and_closed_since_the_end_of_the_last_one() {
        let shop = hours(&["mon-fri 09:00-12:00", "mon-fri 13:00-18:00", "Sat 10:00-24:00"]);
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        // The 5th of January 2026 is a Monday; Berlin is an hour ahead of UTC.
        let closed = |text: &str| shop.closed_since(at(text), &berlin);
        assert!(shop.is_open(at("2026-01-05T08:00:00Z"), &berlin));
        assert_eq!(closed("2026-01-05T08:00:00Z"), None);
        assert_eq!(closed("2026-01-05T11:30:00Z"), Some(at("2026-01-05T11:00:00Z")));
        assert_eq!(closed("2026-01-05T17:00:00Z"), Some(at("2026-01-05T17:00:00Z")));
        assert_eq!(closed("2026-01-06T07:59:59Z"), Some(at("2026-01-05T17:00:00Z")));
        // Saturday ends at midnight, and Sunday has no hours.
        assert!(shop.is_open(at("2026-01-10T22:59:59Z"), &berlin));
        assert_eq!(closed("2026-01-11T12:00:00Z"), Some(at("2026-01-10T23:00:00Z")));
        assert_eq!(closed("2026-01-12T07:00:00Z"), Some(at("2026-01-10T23:00:00Z")));
    }

    #[test]
    fn one_part_a_week_is_looked_for_a_week_back() {
        let rare = hours(&["wed 09:00-10:00"]);
        let since = |text: &str| rare.closed_since(at(text), &TimeZone::UTC);
        assert_eq!(since("2026-01-14T08:59:00Z"), Some(at("2026-01-07T10:00:00Z")));
        assert_eq!(since("2026-01-07T10:00:00Z"), Some(at("2026-01-07T10:00:00Z")));
    }

    #[test]
    fn what_is_no_part_of_a_week_is_refused_and_no_lines_are_no_hours() {
        for line in [
            "",
            "mon",
            "mon 9-18",
            "mon 18:00-09:00",
            "mon 09:00-09:00",
            "monday 09:00-18:00",
            "fri-mon 09:00-18:00",
            "mon 25:00-26:00",
        ] {
            assert!(OpeningHours::read(&[line.to_owned()]).is_err(), "{line:?}");
        }
        assert_eq!(OpeningHours::read(&[]), Ok(None));
        let many = vec!["mon 09:00-10:00".to_owned(); MOST_PARTS + 1];
        assert!(OpeningHours::read(&many).is_err());
        let part = Part::read("09:00", "24:00").unwrap();
        assert_eq!(part.times(), ["09:00".to_owned(), "24:00".to_owned()]);
    }
}
