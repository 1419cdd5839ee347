//! Data of an event in a webhook, of whatever surface.

use serde::Serialize;
use serde_json::Value;

use crate::domain::Error;

/// A view as data.
pub fn written(view: &impl Serialize) -> Result<Option<Value>, Error> {
    let written = serde_json::to_value(view);
    written.map(Some).map_err(|error| Error::internal(format!("an event has no data: {error}")))
}
