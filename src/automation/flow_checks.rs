//! What callers may say of flows, and whether their steps can be gone through. Pure.

use std::collections::HashSet;

use uuid::Uuid;

use crate::{
    automation::{
        flow::{Flow, FlowTrigger, SaveTo, Step, StepKind},
        rule_checks::{
            LONGEST_NAME, LONGEST_TAG, LONGEST_TEXT, MOST_MINUTES, check_conditions, text,
        },
    },
    contacts::READ_ONLY,
    domain::{Error, SessionId, Timestamp},
};

pub const MOST_STEPS: usize = 50;
pub const MOST_KEYWORDS: usize = 50;
pub const LONGEST_KEYWORD: usize = 100;
pub const MOST_OPTIONS: usize = 10;
pub const LONGEST_OPTION: usize = 100;
pub const MOST_TAGS: usize = 10;
pub const LONGEST_ID: usize = 50;
/// Of a text under a file, as WhatsApp takes it.
pub const LONGEST_CAPTION: usize = 1_024;
pub const MOST_RETRIES: u32 = 10;

/// A flow to be made.
#[derive(Clone, Debug)]
pub struct FlowDraft {
    pub name: String,
    pub enabled: bool,
    pub trigger: FlowTrigger,
    pub steps: Vec<Step>,
    pub session: Option<SessionId>,
    pub bot: Option<Uuid>,
}

/// What is given is changed.
#[derive(Clone, Debug, Default)]
pub struct FlowChange {
    pub name: Option<String>,
    pub enabled: Option<bool>,
    pub trigger: Option<FlowTrigger>,
    pub steps: Option<Vec<Step>>,
    /// None within for all sessions, and for no bot.
    pub session: Option<Option<SessionId>>,
    pub bot: Option<Option<Uuid>>,
}

impl FlowDraft {
    pub fn flow(self, now: Timestamp) -> Result<Flow, Error> {
        let Self { name, enabled, trigger, steps, session, bot } = self;
        let id = Uuid::now_v7();
        let (created_at, updated_at) = (now, now);
        checked(Flow { id, name, enabled, trigger, steps, session, bot, created_at, updated_at })
    }
}

impl FlowChange {
    pub fn applied(&self, flow: Flow, now: Timestamp) -> Result<Flow, Error> {
        let Self { name, enabled, trigger, steps, session, bot } = self.clone();
        checked(Flow {
            name: name.unwrap_or(flow.name),
            enabled: enabled.unwrap_or(flow.enabled),
            trigger: trigger.unwrap_or(flow.trigger),
            steps: steps.unwrap_or(flow.steps),
            session: session.unwrap_or(flow.session),
            bot: bot.unwrap_or(flow.bot),
            updated_at: now,
            ..flow
        })
    }
}

/// Checks the name of a flow, and what starts it.
pub fn check_head(name: &str, trigger: Option<&FlowTrigger>) -> Result<(), Error> {
    let trigger = trigger.map_or(Ok(()), check_trigger);
    Error::both(text("name", name, LONGEST_NAME), trigger).map(drop)
}

fn checked(flow: Flow) -> Result<Flow, Error> {
    let name = text("name", &flow.name, LONGEST_NAME);
    let (name, _) =
        Error::both(name, Error::both(check_trigger(&flow.trigger), check_steps(&flow.steps)))?;
    Ok(Flow { name, ..flow })
}

fn check_trigger(trigger: &FlowTrigger) -> Result<(), Error> {
    let FlowTrigger::Keyword { keywords, .. } = trigger else { return Ok(()) };
    let is_good =
        |word: &String| !word.trim().is_empty() && word.chars().nth(LONGEST_KEYWORD).is_none();
    if (1..=MOST_KEYWORDS).contains(&keywords.len()) && keywords.iter().all(is_good) {
        return Ok(());
    }
    let fault = format!("must be 1 to {MOST_KEYWORDS} words of 1 to {LONGEST_KEYWORD} characters");
    Err(Error::invalid_field("trigger.keywords", fault))
}

/// Checks each step, then what they make together.
fn check_steps(steps: &[Step]) -> Result<(), Error> {
    if !(1..=MOST_STEPS).contains(&steps.len()) {
        let fault = format!("must have 1 to {MOST_STEPS} entries");
        return Err(Error::invalid_field("steps", fault));
    }
    let each = steps.iter().enumerate();
    let each = each.map(|(place, step)| check_step(&format!("steps[{place}]"), step));
    Error::all(each)?;
    let mut ids = HashSet::new();
    for (place, step) in steps.iter().enumerate() {
        if !ids.insert(step.id.as_str()) {
            let fault = format!("'{}' is the id of an earlier step", step.id);
            return Err(Error::invalid_field(&format!("steps[{place}].id"), fault));
        }
    }
    let named = steps.iter().enumerate().flat_map(|(place, step)| {
        named_by(step).into_iter().map(move |(field, id)| (place, field, id))
    });
    for (place, field, id) in named {
        if !ids.contains(id.as_str()) {
            let fault = format!("there is no step '{id}'");
            return Err(Error::invalid_field(&format!("steps[{place}].{field}"), fault));
        }
    }
    check_reached(steps)?;
    check_loops(steps)
}

/// The steps that a step names, with the fields that do.
fn named_by(step: &Step) -> Vec<(String, String)> {
    let mut named: Vec<(String, String)> = Vec::new();
    named.extend(step.next.clone().map(|id| ("next".to_owned(), id)));
    match &step.does {
        StepKind::Menu { options, .. } => {
            for (place, option) in options.iter().enumerate() {
                let field = format!("options[{place}].next");
                named.extend(option.next.clone().map(|id| (field, id)));
            }
        }
        StepKind::Condition { otherwise, .. } => {
            named.extend(otherwise.clone().map(|id| ("otherwise".to_owned(), id)));
        }
        _ => (),
    }
    named
}

/// The places of the steps that may follow a step; a place behind the last is the end.
fn following(steps: &[Step], place: usize) -> Vec<usize> {
    let Some(step) = steps.get(place) else { return Vec::new() };
    let of = |id: &Option<String>| match id {
        Some(id) => steps.iter().position(|step| step.id == *id).unwrap_or(steps.len()),
        None => place + 1,
    };
    match &step.does {
        StepKind::Handoff { .. } | StepKind::End { .. } => Vec::new(),
        StepKind::Menu { options, .. } => options
            .iter()
            .map(|option| if option.next.is_some() { of(&option.next) } else { of(&step.next) })
            .collect(),
        StepKind::Condition { otherwise, .. } => vec![of(&step.next), of(otherwise)],
        _ => vec![of(&step.next)],
    }
}

fn check_reached(steps: &[Step]) -> Result<(), Error> {
    let mut reached = HashSet::from([0]);
    let mut open = vec![0];
    while let Some(place) = open.pop() {
        for next in following(steps, place) {
            if next < steps.len() && reached.insert(next) {
                open.push(next);
            }
        }
    }
    match (0..steps.len()).find(|place| !reached.contains(place)) {
        None => Ok(()),
        Some(place) => {
            let fault = "no other step leads to it";
            Err(Error::invalid_field(&format!("steps[{place}]"), fault))
        }
    }
}

/// A circle must have a step that waits for the contact, or the flow would talk on by itself.
fn check_loops(steps: &[Step]) -> Result<(), Error> {
    let waits =
        |step: &Step| matches!(step.does, StepKind::Menu { .. } | StepKind::Question { .. });
    for (start, step) in steps.iter().enumerate() {
        if waits(step) {
            continue;
        }
        let mut seen = HashSet::new();
        let mut open = following(steps, start);
        while let Some(place) = open.pop() {
            if place == start {
                let fault = "leads back to itself without a question or a menu";
                return Err(Error::invalid_field(&format!("steps[{start}]"), fault));
            }
            if steps.get(place).is_some_and(|step| !waits(step)) && seen.insert(place) {
                open.extend(following(steps, place));
            }
        }
    }
    Ok(())
}

/// Checks a step under its place.
pub fn check_step(place: &str, step: &Step) -> Result<(), Error> {
    let at = |name: &str| format!("{place}.{name}");
    let id = text(&at("id"), &step.id, LONGEST_ID).map(drop);
    let does = match &step.does {
        StepKind::Message { text: said, media: None } => {
            text(&at("text"), said, LONGEST_TEXT).map(drop)
        }
        StepKind::Message { text: said, media: Some(_) } if said.is_empty() => Ok(()),
        StepKind::Message { text: said, media: Some(_) } => {
            text(&at("text"), said, LONGEST_CAPTION).map(drop)
        }
        StepKind::Menu { text: asked, options, retry, on_invalid } => {
            let asked = text(&at("text"), asked, LONGEST_TEXT).map(drop);
            let again = check_again(&at, *retry, on_invalid.as_deref());
            let options = check_options(&at("options"), options);
            Error::both(asked, Error::both(again, options)).map(drop)
        }
        StepKind::Question { text: asked, save_to, retry, on_invalid, .. } => {
            let asked = text(&at("text"), asked, LONGEST_TEXT).map(drop);
            let again = check_again(&at, *retry, on_invalid.as_deref());
            let kept = match save_to {
                SaveTo::Attribute(name) if READ_ONLY.contains(&name.as_str()) => {
                    Err(Error::invalid_field(&at("saveTo"), "is the gateway's own"))
                }
                SaveTo::Attribute(name) => text(&at("saveTo"), name, LONGEST_ID).map(drop),
                SaveTo::Name | SaveTo::Email => Ok(()),
            };
            Error::both(asked, Error::both(again, kept)).map(drop)
        }
        StepKind::Condition { conditions, .. } => {
            let some = match conditions.is_empty() {
                true => Err(Error::invalid_field(&at("conditions"), "must have an entry")),
                false => Ok(()),
            };
            Error::both(some, check_conditions(&at("conditions"), conditions)).map(drop)
        }
        StepKind::Tag { add, remove } => {
            let is_good =
                |tag: &String| !tag.trim().is_empty() && tag.chars().nth(LONGEST_TAG).is_none();
            let count = add.len() + remove.len();
            match (1..=MOST_TAGS).contains(&count) && add.iter().chain(remove).all(is_good) {
                true => Ok(()),
                false => {
                    let fault = format!(
                        "add and remove must name 1 to {MOST_TAGS} tags of 1 to {LONGEST_TAG} characters"
                    );
                    Err(Error::invalid_field(&at("add"), fault))
                }
            }
        }
        StepKind::Handoff { message: Some(said) } => {
            text(&at("message"), said, LONGEST_TEXT).map(drop)
        }
        StepKind::Wait { minutes } if !(1..=MOST_MINUTES).contains(minutes) => {
            let fault = format!("must be between 1 and {MOST_MINUTES}");
            Err(Error::invalid_field(&at("minutes"), fault))
        }
        StepKind::Handoff { message: None }
        | StepKind::Wait { .. }
        | StepKind::Assign { .. }
        | StepKind::End { .. } => Ok(()),
    };
    Error::both(id, does).map(drop)
}

fn check_again(
    at: &impl Fn(&str) -> String,
    retry: u32,
    on_invalid: Option<&str>,
) -> Result<(), Error> {
    let retry = match MOST_RETRIES < retry {
        true => Err(Error::invalid_field(&at("retry"), format!("must be at most {MOST_RETRIES}"))),
        false => Ok(()),
    };
    let said = on_invalid.map(|said| text(&at("onInvalid"), said, LONGEST_TEXT)).transpose();
    Error::both(retry, said).map(drop)
}

fn check_options(field: &str, options: &[crate::automation::flow::Choice]) -> Result<(), Error> {
    if !(1..=MOST_OPTIONS).contains(&options.len()) {
        let fault = format!("must have 1 to {MOST_OPTIONS} entries");
        return Err(Error::invalid_field(field, fault));
    }
    let mut ids = HashSet::new();
    for (place, option) in options.iter().enumerate() {
        text(&format!("{field}[{place}].id"), &option.id, LONGEST_ID)?;
        text(&format!("{field}[{place}].title"), &option.title, LONGEST_OPTION)?;
        if !ids.insert(option.id.as_str()) {
            let fault = format!("'{}' is the id of an earlier option", option.id);
            return Err(Error::invalid_field(&format!("{field}[{place}].id"), fault));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::automation::flow::Choice;

    fn step(id: &str, does: StepKind, next: Option<&str>) -> Step {
        Step { id: id.to_owned(), does, next: next.map(str::to_owned) }
    }

    fn says(id: &str, next: Option<&str>) -> Step {
        step(id, StepKind::Message { text: "Hi".to_owned(), media: None }, next)
    }

    fn asks(id: &str, nexts: &[Option<&str>]) -> Step {
        let options = nexts.iter().enumerate().map(|(place, next)| Choice {
            id: place.to_string(),
            title: "x".to_owned(),
            next: next.map(str::to_owned),
        });
        let (options, text) = (options.collect(), "Which?".to_owned());
        step(id, StepKind::Menu { text, options, retry: 2, on_invalid: None }, None)
    }

    fn fault(steps: &[Step]) -> String {
        let fault = check_steps(steps).unwrap_err();
        let fields = fault.details["fields"].as_object().unwrap();
        let (field, faults) = fields.iter().next().unwrap();
        format!("{field}: {}", faults[0].as_str().unwrap())
    }

    #[test]
    fn steps_follow_each_other_and_a_circle_with_a_menu_is_fine() {
        let end = step("end", StepKind::End { resolve: false }, None);
        let steps = [says("hi", None), asks("which", &[Some("hi"), None]), end];
        assert_eq!(check_steps(&steps), Ok(()));
    }

    #[test]
    fn what_cannot_be_gone_through_is_named() {
        assert_eq!(fault(&[]), "steps: must have 1 to 50 entries");
        assert_eq!(fault(&[says("a", Some("b"))]), "steps[0].next: there is no step 'b'");
        let twice = [says("a", None), says("a", None)];
        assert_eq!(fault(&twice), "steps[1].id: 'a' is the id of an earlier step");
        let option = [asks("a", &[Some("x")])];
        assert_eq!(fault(&option), "steps[0].options[0].next: there is no step 'x'");
        let end = step("a", StepKind::End { resolve: false }, None);
        assert_eq!(fault(&[end, says("b", None)]), "steps[1]: no other step leads to it");
        let circle = [says("a", None), says("b", Some("a"))];
        let expected = "steps[0]: leads back to itself without a question or a menu";
        assert_eq!(fault(&circle), expected);
        let many: Vec<Step> =
            (0..=MOST_STEPS).map(|place| says(&place.to_string(), None)).collect();
        assert_eq!(fault(&many), "steps: must have 1 to 50 entries");
        let sends = |text: &str, media| {
            [step("a", StepKind::Message { text: text.to_owned(), media }, None)]
        };
        let file = Some(Uuid::nil());
        assert_eq!(fault(&sends(" ", None)), "steps[0].text: must have 1 to 1600 characters");
        assert_eq!(check_steps(&sends("", file)), Ok(()));
        let long = "x".repeat(LONGEST_CAPTION + 1);
        assert_eq!(check_steps(&sends(&long, None)), Ok(()));
        assert_eq!(fault(&sends(&long, file)), "steps[0].text: must have 1 to 1024 characters");
        // A pause is no question: the contact would be written to for ever.
        let wait = [says("a", None), step("b", StepKind::Wait { minutes: 1 }, Some("a"))];
        assert_eq!(fault(&wait), expected);
    }
}
