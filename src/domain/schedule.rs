//! Times of scheduled sends, as callers write them. Pure.

use std::time::Duration;

use crate::domain::{Error, Timestamp};

/// The farthest time from now.
const FARTHEST: Duration = Duration::from_secs(366 * 86_400);

/// The meaning of a time without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unzoned {
    Refused,
    Utc,
}

/// Parses the time in a request's field. None for an empty text.
pub fn send_time(
    field: &'static str,
    text: Option<&str>,
    now: Timestamp,
    unzoned: Unzoned,
) -> Result<Option<Timestamp>, Error> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let parsed: Result<Timestamp, _> = match unzoned {
        Unzoned::Refused => text.parse(),
        Unzoned::Utc => text.parse().or_else(|_| format!("{text}Z").parse()),
    };
    let time = parsed
        .map_err(|_| Error::invalid_field(field, "must be a time such as 2030-01-31T12:00:00Z"))?;
    if now + FARTHEST < time {
        return Err(Error::invalid_field(field, "must be within a year"));
    }
    Ok(Some(time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    #[test]
    fn a_time_without_a_zone_is_utc_or_refused_and_the_far_future_is_refused() {
        let time = |text, unzoned| send_time("at", Some(text), from_seconds(0), unzoned);
        let next_day = Ok(Some(from_seconds(86_400)));
        assert_eq!(time("1970-01-02T00:00:00Z", Unzoned::Refused), next_day);
        assert_eq!(time("1970-01-02 00:00:00", Unzoned::Utc), next_day);
        for (text, unzoned) in [
            ("1970-01-02 00:00:00", Unzoned::Refused),
            ("tomorrow", Unzoned::Utc),
            ("1972-01-01T00:00:00Z", Unzoned::Utc),
        ] {
            assert!(time(text, unzoned).is_err(), "{text}");
        }
        assert_eq!(time(" ", Unzoned::Refused), Ok(None));
    }
}
