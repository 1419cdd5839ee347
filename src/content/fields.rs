//! Reading of objects whose fields their callers choose: each fault names the place of its field. Pure.

use serde_json::{Map, Value};

use crate::domain::Error;

/// An object and its place in the request.
pub struct Object<'v> {
    place: String,
    fields: &'v Map<String, Value>,
}

impl<'v> Object<'v> {
    pub fn read(place: String, value: &'v Value) -> Result<Self, Error> {
        match value.as_object() {
            Some(fields) => Ok(Self { place, fields }),
            None => Err(Error::invalid_field(&place, "must be an object")),
        }
    }

    /// The objects of a list.
    pub fn list(place: &str, values: &'v [Value]) -> Result<Vec<Self>, Error> {
        let read = |(at, value)| Self::read(format!("{place}[{at}]"), value);
        Error::all(values.iter().enumerate().map(read))
    }

    /// That something is wrong with a field.
    pub fn fault(&self, field: &str, fault: impl Into<String>) -> Error {
        Error::invalid_field(&self.within(field), fault)
    }

    /// That something is wrong with the object as a whole.
    pub fn own_fault(&self, fault: impl Into<String>) -> Error {
        Error::invalid_field(&self.place, fault)
    }

    /// A text; none where it is null or not given.
    pub fn optional_text(&self, field: &str, most: usize) -> Result<Option<&'v str>, Error> {
        match self.fields.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.chars().nth(most).is_none() => Ok(Some(text)),
            Some(Value::String(_)) => {
                Err(self.fault(field, format!("must have at most {most} characters")))
            }
            Some(_) => Err(self.fault(field, "must be a text")),
        }
    }

    /// A text that is not blank.
    pub fn text(&self, field: &str, most: usize) -> Result<&'v str, Error> {
        let text = self.optional_text(field, most)?.unwrap_or_default();
        if text.trim().is_empty() {
            return Err(self.fault(field, format!("must have 1 to {most} characters")));
        }
        Ok(text)
    }

    /// A word that stands for one of few things, in small letters.
    pub fn word(&self, field: &str) -> Result<String, Error> {
        Ok(self.text(field, 64)?.to_ascii_lowercase())
    }

    pub fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    pub fn value(&self, field: &str) -> Option<&'v Value> {
        self.fields.get(field)
    }

    pub fn object(&self, field: &str) -> Result<Object<'v>, Error> {
        let value = self.fields.get(field).ok_or_else(|| self.fault(field, "is required"))?;
        Self::read(self.within(field), value)
    }

    /// The objects of a list; none where it is null or not given.
    pub fn objects(&self, field: &str) -> Result<Vec<Object<'v>>, Error> {
        match self.fields.get(field) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(values)) => Self::list(&self.within(field), values),
            Some(_) => Err(self.fault(field, "must be a list")),
        }
    }

    fn within(&self, field: &str) -> String {
        match self.place.is_empty() {
            true => field.to_owned(),
            false => format!("{}.{field}", self.place),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fault_names_its_place() {
        let value =
            json!({ "list": [{ "text": "abc" }, { "text": 5 }], "blank": " ", "none": null });
        let object = Object::read(String::new(), &value).unwrap();
        let list = object.objects("list").unwrap();
        assert_eq!(list[0].text("text", 3).unwrap(), "abc");
        for (fault, place) in [
            (list[0].text("text", 2).map(drop), "list[0].text"),
            (list[1].text("text", 9).map(drop), "list[1].text"),
            (object.text("blank", 9).map(drop), "blank"),
            (object.object("list").map(drop), "list"),
            (object.object("missing").map(drop), "missing"),
            (object.objects("blank").map(drop), "blank"),
        ] {
            let fields = fault.unwrap_err().details["fields"].clone();
            assert!(fields.get(place).is_some(), "{place}: {fields}");
        }
        assert_eq!(object.optional_text("none", 1).unwrap(), None);
        assert!(object.objects("none").unwrap().is_empty());
        assert!(Object::list("x", &[json!(1)]).is_err());
    }
}
