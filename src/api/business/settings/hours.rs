//! Business hours of the settings, as a list of parts for each day.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::opening_hours::{DAYS, OpeningHours, Part};

/// When people work, in the time zone of the settings. A day without parts is closed.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BusinessHours)]
pub struct Hours {
    /// Parts of Monday, each with its beginning and its end.
    #[serde(default)]
    #[schema(value_type = Vec<Vec<String>>, max_items = 6, example = json!([["09:00", "18:00"]]))]
    mon: Vec<[String; 2]>,
    /// Parts of Tuesday.
    #[serde(default)]
    #[schema(value_type = Vec<Vec<String>>, max_items = 6, example = json!([["09:00", "18:00"]]))]
    tue: Vec<[String; 2]>,
    /// Parts of Wednesday.
    #[serde(default)]
    #[schema(value_type = Vec<Vec<String>>, max_items = 6, example = json!([["09:00", "18:00"]]))]
    wed: Vec<[String; 2]>,
    /// Parts of Thursday.
    #[serde(default)]
    #[schema(value_type = Vec<Vec<String>>, max_items = 6, example = json!([["09:00", "18:00"]]))]
    thu: Vec<[String; 2]>,
    /// Parts of Friday.
    #[serde(default)]
    #[schema(value_type = Vec<Vec<String>>, max_items = 6, example = json!([["09:00", "18:00"]]))]
    fri: Vec<[String; 2]>,
    /// Parts of Saturday.
    #[serde(default)]
    #[schema(value_type = Vec<Vec<String>>, max_items = 6, example = json!([]))]
    sat: Vec<[String; 2]>,
    /// Parts of Sunday.
    #[serde(default)]
    #[schema(value_type = Vec<Vec<String>>, max_items = 6, example = json!([]))]
    sun: Vec<[String; 2]>,
}

impl From<OpeningHours> for Hours {
    fn from(hours: OpeningHours) -> Self {
        let [mon, tue, wed, thu, fri, sat, sun] = std::array::from_fn(|day| {
            hours.parts(day).iter().copied().map(Part::times).collect::<Vec<_>>()
        });
        Self { mon, tue, wed, thu, fri, sat, sun }
    }
}

impl Hours {
    /// The same as lines of the configuration.
    pub fn lines(&self) -> Vec<String> {
        let Self { mon, tue, wed, thu, fri, sat, sun } = self;
        let days = [mon, tue, wed, thu, fri, sat, sun];
        let lines = DAYS.iter().zip(days).flat_map(|(day, parts)| {
            parts.iter().map(move |[from, to]| format!("{day} {from}-{to}"))
        });
        lines.collect()
    }
}
