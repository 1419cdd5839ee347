//! Patch: settings that a caller changes, each with the caller's name for it. Pure.

use serde::Serialize;
use serde_json::Value;

use crate::{
    domain::Error,
    settings::{
        in_effect::{Fault, InEffect},
        record::Values,
    },
};

/// Built with every setting that the caller might have given, so that each fault has a name.
#[derive(Debug, Default)]
pub struct Patch {
    entries: Vec<Entry>,
    /// What the caller's side found, by the caller's names.
    faults: Vec<(String, String)>,
}

#[derive(Debug)]
struct Entry {
    name: &'static str,
    path: &'static str,
    change: Change,
}

#[derive(Debug)]
enum Change {
    Keep,
    /// Back to what the configuration says.
    Reset,
    Set(Value),
}

impl Patch {
    /// Some(None) gives the setting back to the configuration; None leaves it as it is.
    pub fn set<T: Serialize>(
        &mut self,
        (name, path): (&'static str, &'static str),
        value: Option<Option<T>>,
    ) {
        let change = match value {
            None => Change::Keep,
            Some(None) => Change::Reset,
            // What cannot be written is refused as a value of another type.
            Some(Some(value)) => Change::Set(serde_json::to_value(value).unwrap_or(Value::Null)),
        };
        self.entries.push(Entry { name, path, change });
    }

    /// Carries the changes out.
    pub fn apply(&self, values: &mut Values) {
        for Entry { path, change, .. } in &self.entries {
            match change {
                Change::Keep => (),
                Change::Reset => _ = values.remove(*path),
                Change::Set(value) => _ = values.insert((*path).to_owned(), value.clone()),
            }
        }
    }

    /// Notes a fault that only the caller's side can see.
    pub fn refuse(&mut self, name: &str, fault: &str) {
        self.faults.push((name.to_owned(), fault.to_owned()));
    }

    /// The settings that it leads to, or all faults under the names that the caller knows.
    pub fn judged(&self, settings: Result<InEffect, Vec<Fault>>) -> Result<InEffect, Error> {
        let found = match settings {
            Ok(settings) if self.faults.is_empty() => return Ok(settings),
            Ok(_) => Vec::new(),
            Err(faults) => faults,
        };
        let name = |path: String| {
            // Within a list, the place has a number.
            let setting = path.split('[').next();
            let entry = self.entries.iter().find(|entry| Some(entry.path) == setting);
            entry.map_or(path.clone(), |entry| entry.name.to_owned())
        };
        let found = found.into_iter().map(|(path, fault)| (name(path), fault));
        Err(Error::invalid_fields(self.faults.iter().cloned().chain(found).collect()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_given_stays_and_null_gives_a_setting_back() {
        let mut values = Values::from([
            ("business.locale".to_owned(), json!("de")),
            ("payments.currency".to_owned(), json!("EUR")),
        ]);
        let mut patch = Patch::default();
        patch.set(("locale", "business.locale"), Some(None::<String>));
        patch.set(("currency", "payments.currency"), None::<Option<String>>);
        patch.set(("timezone", "business.time_zone"), Some(Some("UTC")));
        patch.apply(&mut values);
        let expected = [("business.time_zone", "UTC"), ("payments.currency", "EUR")];
        let expected = expected.map(|(path, value)| (path.to_owned(), json!(value)));
        assert_eq!(values, Values::from(expected));
        patch.refuse("currency", "is unknown");
        let found = vec![("business.time_zone".to_owned(), "is wrong".to_owned())];
        let refused = patch.judged(Err(found)).unwrap_err();
        assert_eq!(refused.message, "currency: is unknown; timezone: is wrong");
    }
}
