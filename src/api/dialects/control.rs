//! Dialect of the control of the simulated network: as the open-wa API speaks, without limits.

use serde_json::Value;

use crate::{
    api::{
        dialects::open_wa::{self, OpenWa},
        kit::{
            dialect::{Dialect, Failed, Json, Reply},
            terms::Bucket,
        },
    },
    domain::Error,
    webhooks,
};

#[derive(Debug)]
pub struct Control;

impl Dialect for Control {
    fn name(&self) -> &'static str {
        "control"
    }

    fn bucket(&self) -> Bucket {
        Bucket::None
    }

    fn wording(&self) -> &'static str {
        webhooks::OPEN_WA
    }

    fn success(&self, reply: Reply) -> Json {
        open_wa::success(reply)
    }

    fn success_schema(&self, data: Option<Value>) -> Value {
        open_wa::success_schema(data)
    }

    fn failure(&self, error: &Error) -> Failed {
        OpenWa.failure(error)
    }

    fn http_failure(&self, code: &str, message: &str) -> Value {
        OpenWa.http_failure(code, message)
    }

    fn failure_schema(&self) -> (&'static str, Value) {
        OpenWa.failure_schema()
    }
}
