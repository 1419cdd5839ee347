//! Quiet hours: a part of each day, in a time zone, in which nothing is sent in bulk. Pure.

use jiff::{ToSpan, civil::Time, tz::TimeZone};

use crate::domain::Timestamp;

/// From a time of day up to another one, which may lie on the next day.
#[derive(Clone, Debug, PartialEq)]
pub struct QuietHours {
    from: Time,
    to: Time,
    zone: TimeZone,
}

impl QuietHours {
    /// Reads `21:00-08:00` in a time zone by its IANA name. An error says what is wrong.
    pub fn read(text: &str, zone: &str) -> Result<Self, String> {
        let time = |text: &str| Time::strptime("%H:%M", text.trim()).ok();
        let hours = text.split_once('-').and_then(|(from, to)| time(from).zip(time(to)));
        let (from, to) =
            hours.ok_or_else(|| format!("'{text}' is not a part of a day such as 21:00-08:00"))?;
        if from == to {
            return Err(format!("'{text}' begins and ends at the same time"));
        }
        let zone = TimeZone::get(zone)
            .map_err(|_| format!("'{zone}' is not a time zone such as Europe/Berlin"))?;
        Ok(Self { from, to, zone })
    }

    /// The end of the quiet hours that a moment lies in; none outside of them.
    pub fn end(&self, now: Timestamp) -> Option<Timestamp> {
        let local = now.to_zoned(self.zone.clone());
        let time = local.time();
        let (is_quiet, is_over_midnight) = if self.from < self.to {
            (self.from <= time && time < self.to, false)
        } else {
            (self.from <= time || time < self.to, self.from <= time)
        };
        if !is_quiet {
            return None;
        }
        let day =
            if is_over_midnight { local.date().checked_add(1.day()).ok()? } else { local.date() };
        // A time that a change of the clock skips is the one behind the gap.
        let end = day.to_datetime(self.to).to_zoned(self.zone.clone()).ok()?.timestamp();
        Some(end.max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_night_ends_in_the_morning_of_its_time_zone() {
        let night = QuietHours::read("21:00-08:00", "Europe/Berlin").unwrap();
        let morning = Some(at("2026-01-02T07:00:00Z"));
        assert_eq!(night.end(at("2026-01-01T20:00:00Z")), morning);
        assert_eq!(night.end(at("2026-01-02T06:59:59Z")), morning);
        assert_eq!(night.end(at("2026-01-02T07:00:00Z")), None);
        assert_eq!(night.end(at("2026-01-01T19:59:59Z")), None);
        let noon = QuietHours::read(" 12:00 - 13:00 ", "UTC").unwrap();
        assert_eq!(noon.end(at("2026-01-01T12:30:00Z")), Some(at("2026-01-01T13:00:00Z")));
        assert_eq!(noon.end(at("2026-01-01T13:00:00Z")), None);
    }

    #[test]
    fn a_time_that_is_skipped_in_spring_ends_the_night_behind_the_gap() {
        let night = QuietHours::read("22:00-02:30", "Europe/Berlin").unwrap();
        let end = night.end(at("2026-03-29T00:30:00Z")).unwrap();
        assert_eq!(end, at("2026-03-29T01:30:00Z"));
    }

    #[test]
    fn what_is_no_part_of_a_day_is_refused() {
        for text in ["", "21:00", "25:00-08:00", "21:00-21:00", "a-b"] {
            assert!(QuietHours::read(text, "UTC").is_err(), "{text:?}");
        }
        assert!(QuietHours::read("21:00-08:00", "Europe/Nowhere").is_err());
    }
}
