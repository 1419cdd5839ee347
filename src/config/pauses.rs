//! Lists of pauses in the settings: texts that name their unit, such as `["500ms", "5s", "2h"]`.

use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, de::Error};

/// Longer pauses are taken for a mistake.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

pub fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Duration>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| pause(text).map_err(D::Error::custom)).collect()
}

fn pause(text: &str) -> Result<Duration, String> {
    let fault =
        || format!("'{text}' is not a pause like 500ms, 5s, 30m or 24h, of 30 days at most");
    let pause: SignedDuration = text.parse().map_err(|_| fault())?;
    let pause = Duration::try_from(pause).map_err(|_| fault())?;
    if pause <= LONGEST { Ok(pause) } else { Err(fault()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_names_its_unit() {
        assert_eq!(pause("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(pause("24h"), Ok(Duration::from_secs(86_400)));
        assert_eq!(pause("1h 30m"), Ok(Duration::from_secs(5_400)));
        for wrong in ["5", "", "-5s", "soon", "1000h"] {
            assert!(pause(wrong).is_err(), "{wrong}");
        }
    }
}
