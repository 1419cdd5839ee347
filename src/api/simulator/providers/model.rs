//! The control of the simulated language model: what it says next, and what it was asked.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Schema};

use crate::{
    api::{
        endpoint::Endpoint,
        kit::{Body, choice},
        simulator::shared::{Control, Shows, TAG, data},
    },
    domain::{Error, ErrorCode},
    providers::model::{MOST_ANSWERS, ModelError, PlannedAnswer, SimulatedModel, SimulatedRequest},
    services::Services,
};

const ALL: &str = "/_simulator/v1/model";
const FAULTS: [&str; 5] = ["unreachable", "busy", "refused", "late", "broken"];

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ALL, show)
            .named("getSimulatedModel")
            .about(TAG, "What the simulated language model was asked, and how many answers wait")
            .may_fail(&[ErrorCode::Unsupported]),
        Endpoint::post(ALL, plan)
            .named("planSimulatedAnswer")
            .about(TAG, "Have the simulated language model say something next")
            .details(
                "It stands in for a model where `assistant.base_url` is `simulated`. Answers are given in order, one for \
                 each request; without any, it repeats what was written.",
            )
            .may_fail(&[ErrorCode::Unsupported, ErrorCode::Conflict]),
        Endpoint::delete(ALL, forget)
            .named("forgetSimulatedAnswers")
            .about(TAG, "Forget the answers that wait")
            .may_fail(&[ErrorCode::Unsupported]),
    ]
}

#[derive(Deserialize, ToSchema)]
#[schema(as = SimulatedAnswerBody, example = json!({ "text": "We are open from nine to five." }))]
struct AnswerBody {
    /// What it says.
    #[schema(max_length = 16384, example = "We are open from nine to five.")]
    text: Option<String>,
    /// Milliseconds before each word (default 0).
    #[schema(minimum = 0, maximum = 10000, example = 0)]
    pause_ms: Option<u64>,
    /// Whether it calls a person then (default false).
    #[schema(example = false)]
    handoff: Option<bool>,
    #[schema(schema_with = fault_choice)]
    fault: Option<String>,
}

fn fault_choice() -> Schema {
    choice("How it fails, in place of an answer.", &FAULTS)
}

#[derive(Serialize, ToSchema)]
#[schema(as = SimulatedModel)]
struct ModelView {
    /// Answers that wait for a request.
    #[schema(example = 0)]
    waiting: usize,
    /// What it was asked, newest first; the newest 100.
    requests: Vec<RequestView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SimulatedModelRequest)]
struct RequestView {
    /// Name of the model that was asked for.
    #[schema(example = "small")]
    model: String,
    /// Its instructions.
    #[schema(example = "You are Desk, and answer customers of a business.")]
    system: String,
    /// What the person wrote last.
    #[schema(example = "When are you open?")]
    question: String,
}

impl From<SimulatedRequest> for RequestView {
    fn from(request: SimulatedRequest) -> Self {
        let SimulatedRequest { model, system, question } = request;
        Self { model, system, question }
    }
}

fn model(services: &Services) -> Result<&SimulatedModel, Error> {
    let none = || {
        let message = "no model is simulated here: set assistant.base_url to simulated";
        Error::new(ErrorCode::Unsupported, message)
    };
    services.assistant.simulated().ok_or_else(none)
}

fn shown(model: &SimulatedModel) -> ModelView {
    let requests = model.requests().into_iter().map(RequestView::from).collect();
    ModelView { waiting: model.waiting(), requests }
}

async fn show(call: Control) -> Shows<ModelView> {
    data(&shown(model(&call)?))
}

fn error_of(fault: &str) -> Result<ModelError, Error> {
    match fault.trim() {
        "unreachable" => Ok(ModelError::Unreachable),
        "busy" => Ok(ModelError::Busy),
        "refused" => Ok(ModelError::Refused(400)),
        "late" => Ok(ModelError::Late),
        "broken" => Ok(ModelError::Broken),
        _ => Err(Error::invalid_field("fault", format!("must be one of {}", FAULTS.join(", ")))),
    }
}

async fn plan(call: Control, Body(body): Body<AnswerBody>) -> Shows<ModelView> {
    let model = model(&call)?;
    let error = body.fault.as_deref().map(error_of).transpose()?;
    let text = body.text.unwrap_or_default();
    let hands_off = body.handoff.unwrap_or(false);
    if text.trim().is_empty() && error.is_none() && !hands_off {
        return Err(Error::invalid_field("text", "is needed, or handoff, or fault").into());
    }
    let pause = Duration::from_millis(body.pause_ms.unwrap_or(0));
    if !model.plan(PlannedAnswer { text, pause, hands_off, error }) {
        let message = format!("{MOST_ANSWERS} answers wait already");
        return Err(Error::new(ErrorCode::Conflict, message).into());
    }
    data(&shown(model))
}

async fn forget(call: Control) -> Shows<ModelView> {
    let model = model(&call)?;
    model.forget();
    data(&shown(model))
}
