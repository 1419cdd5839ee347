//! How a flow goes on: which steps are taken because of what a contact wrote. Pure.

use crate::{
    automation::{
        conditions::{Facts, hold},
        flow::{Flow, FlowTrigger, KeywordMatch, SaveTo, Step, StepKind, Validate},
        flow_checks::MOST_STEPS,
    },
    contacts::{checked_email, checked_phone},
    domain::{Timestamp, fold::fold},
    inbox::{MenuDraft, MenuKind, OptionDraft, Section, SentMenu},
};

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Say {
        text: String,
        menu: Option<SentMenu>,
    },
    /// A file of the library, with a text under it, which may be empty.
    Show {
        file: uuid::Uuid,
        text: String,
    },
    Tag {
        add: Vec<String>,
        remove: Vec<String>,
    },
    Save {
        to: SaveTo,
        answer: String,
    },
    Assign(uuid::Uuid),
}

impl Effect {
    /// Its name in the log of runs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Say { .. } | Self::Show { .. } => "message",
            Self::Tag { .. } => "tag",
            Self::Save { .. } => "save",
            Self::Assign(_) => "assign",
        }
    }
}

/// Where a flow stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// At a step that waits for an answer, after so many that were none.
    Asked {
        step: String,
        retries: u32,
    },
    Waits {
        step: String,
        minutes: u32,
    },
    HandedOver,
    /// Somebody works on the conversation from now on.
    Assigned,
    Ended {
        resolves: bool,
    },
}

/// Why a flow goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    Begins,
    /// The contact answers a step; none for what is no text.
    Answer {
        step: &'a str,
        text: Option<&'a str>,
        retries: u32,
    },
    /// The pause at a step is over.
    PauseIsOver {
        step: &'a str,
    },
}

/// Whether a message starts a flow.
pub fn starts(flow: &Flow, text: Option<&str>, is_opened: bool) -> bool {
    match &flow.trigger {
        FlowTrigger::Any => true,
        FlowTrigger::NewConversation => is_opened,
        FlowTrigger::Keyword { keywords, matching } => {
            let Some(text) = text.map(|text| fold(text.trim())) else { return false };
            keywords.iter().map(|word| fold(word.trim())).any(|word| match matching {
                KeywordMatch::Contains => text.contains(&word),
                KeywordMatch::Exact => text == word,
                KeywordMatch::StartsWith => text.starts_with(&word),
            })
        }
    }
}

/// The effects of the steps that are taken, in order, and where the flow stops. A step that is not there any more ends it.
pub fn go_on(flow: &Flow, input: Input<'_>, facts: &Facts, now: Timestamp) -> (Vec<Effect>, Stop) {
    let mut effects = Vec::new();
    let mut place = match input {
        Input::Begins => 0,
        Input::PauseIsOver { step } => match flow.place(step) {
            Some(at) => after(flow, at),
            None => flow.steps.len(),
        },
        Input::Answer { step, text, retries } => {
            let Some(at) = flow.place(step) else {
                return (effects, Stop::Ended { resolves: false });
            };
            match answered(flow, at, text, now) {
                Some((effect, next)) => {
                    effects.extend(effect);
                    next
                }
                None => return asked_again(flow, at, retries, now),
            }
        }
    };
    // Checked when it was written; a bound all the same.
    for _ in 0..=MOST_STEPS {
        let Some(step) = flow.steps.get(place) else { break };
        match &step.does {
            StepKind::Message { text, media } => effects.push(match media {
                Some(file) => Effect::Show { file: *file, text: text.clone() },
                None => Effect::Say { text: text.clone(), menu: None },
            }),
            StepKind::Menu { .. } | StepKind::Question { .. } => {
                effects.extend(question(step, now));
                return (effects, Stop::Asked { step: step.id.clone(), retries: 0 });
            }
            StepKind::Condition { conditions, matching, otherwise } => {
                place = match (hold(conditions, *matching, facts), otherwise) {
                    (true, _) => after(flow, place),
                    (false, Some(id)) => flow.place(id).unwrap_or(flow.steps.len()),
                    (false, None) => place + 1,
                };
                continue;
            }
            StepKind::Tag { add, remove } => {
                effects.push(Effect::Tag { add: add.clone(), remove: remove.clone() });
            }
            StepKind::Assign { user } => {
                effects.push(Effect::Assign(*user));
                return (effects, Stop::Assigned);
            }
            StepKind::Handoff { message } => {
                let said = message.clone().map(|text| Effect::Say { text, menu: None });
                effects.extend(said);
                return (effects, Stop::HandedOver);
            }
            StepKind::Wait { minutes } => {
                let (step, minutes) = (step.id.clone(), *minutes);
                return (effects, Stop::Waits { step, minutes });
            }
            StepKind::End { resolve } => {
                return (effects, Stop::Ended { resolves: *resolve });
            }
        }
        place = after(flow, place);
    }
    (effects, Stop::Ended { resolves: false })
}

/// The place after that of a step.
fn after(flow: &Flow, place: usize) -> usize {
    let next = flow.steps.get(place).and_then(|step| step.next.as_deref());
    match next {
        Some(id) => flow.place(id).unwrap_or(flow.steps.len()),
        None => place + 1,
    }
}

/// What an answer does and where it leads; none for what is no answer.
fn answered(
    flow: &Flow,
    place: usize,
    text: Option<&str>,
    now: Timestamp,
) -> Option<(Option<Effect>, usize)> {
    let step = flow.steps.get(place)?;
    let text = text.map(str::trim).filter(|text| !text.is_empty())?;
    match &step.does {
        StepKind::Menu { options, .. } => {
            let chosen = menu(step, now)?.1.chosen(text, now)?.id.clone();
            let option = options.iter().find(|option| option.id == chosen)?;
            let next = match &option.next {
                Some(id) => flow.place(id).unwrap_or(flow.steps.len()),
                None => after(flow, place),
            };
            Some((None, next))
        }
        StepKind::Question { save_to, validate, .. } => {
            let answer = valid(text, save_to, *validate)?;
            let effect = Effect::Save { to: save_to.clone(), answer };
            Some((Some(effect), after(flow, place)))
        }
        // The step was changed meanwhile: the flow goes on behind it.
        _ => Some((None, after(flow, place))),
    }
}

/// The question once more, or a person after too many answers that were none.
fn asked_again(flow: &Flow, place: usize, retries: u32, now: Timestamp) -> (Vec<Effect>, Stop) {
    let Some(step) = flow.steps.get(place) else {
        return (Vec::new(), Stop::Ended { resolves: false });
    };
    let (most, said) = match &step.does {
        StepKind::Menu { retry, on_invalid, .. } | StepKind::Question { retry, on_invalid, .. } => {
            (*retry, on_invalid.clone())
        }
        _ => (0, None),
    };
    if most <= retries {
        return (Vec::new(), Stop::HandedOver);
    }
    let effects = match said {
        Some(text) => vec![Effect::Say { text, menu: menu(step, now).map(|(_, menu)| menu) }],
        None => question(step, now).into_iter().collect(),
    };
    (effects, Stop::Asked { step: step.id.clone(), retries: retries.saturating_add(1) })
}

fn question(step: &Step, now: Timestamp) -> Option<Effect> {
    match &step.does {
        StepKind::Question { text, .. } => Some(Effect::Say { text: text.clone(), menu: None }),
        _ => menu(step, now).map(|(text, menu)| Effect::Say { text, menu: Some(menu) }),
    }
}

/// A menu as it is sent, and what replies are compared with.
fn menu(step: &Step, now: Timestamp) -> Option<(String, SentMenu)> {
    let StepKind::Menu { text, options, .. } = &step.does else { return None };
    let option = |option: &crate::automation::flow::Choice| OptionDraft {
        id: option.id.clone(),
        title: option.title.clone(),
        description: None,
    };
    let section = Section { title: None, options: options.iter().map(option).collect() };
    let draft = MenuDraft {
        kind: MenuKind::List,
        header: None,
        body: text.clone(),
        footer: None,
        sections: vec![section],
    };
    Some((draft.text(), draft.sent(now)))
}

/// An answer as it is kept; none where it is not what was asked for.
fn valid(text: &str, save_to: &SaveTo, validate: Option<Validate>) -> Option<String> {
    const LONGEST: usize = 1_000;
    let text: String = text.chars().take(LONGEST).collect();
    let validate = match save_to {
        SaveTo::Email => Some(Validate::Email),
        SaveTo::Name | SaveTo::Attribute(_) => validate,
    };
    match validate {
        None => Some(text),
        Some(Validate::Email) => checked_email(&text).ok().flatten(),
        Some(Validate::Phone) => checked_phone(&text).ok().map(|digits| format!("+{digits}")),
        Some(Validate::Number) => {
            let number = text.replace(',', ".");
            number.parse::<f64>().ok().filter(|number| number.is_finite()).map(|_| number)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::{
        automation::{
            flow::Choice,
            rule::{Condition, Field, Match, Op, Wanted},
        },
        domain::clock::from_seconds,
    };

    fn step(id: &str, does: StepKind) -> Step {
        Step { id: id.to_owned(), does, next: None }
    }

    fn flow(steps: Vec<Step>) -> Flow {
        Flow {
            id: Uuid::nil(),
            name: "Desk".to_owned(),
            enabled: true,
            trigger: FlowTrigger::Any,
            steps,
            session: None,
            bot: None,
            created_at: from_seconds(1),
            updated_at: from_seconds(1),
        }
    }

    fn desk() -> Flow {
        let option = |id: &str, next: &str| Choice {
            id: id.to_owned(),
            title: id.to_uppercase(),
            next: Some(next.to_owned()),
        };
        flow(vec![
            step("hi", StepKind::Message { text: "Hello".to_owned(), media: None }),
            step(
                "which",
                StepKind::Menu {
                    text: "What is it about?".to_owned(),
                    options: vec![option("order", "mail"), option("person", "person")],
                    retry: 1,
                    on_invalid: Some("Please choose".to_owned()),
                },
            ),
            step(
                "mail",
                StepKind::Question {
                    text: "Your e-mail?".to_owned(),
                    save_to: SaveTo::Email,
                    validate: None,
                    retry: 0,
                    on_invalid: None,
                },
            ),
            step("thanks", StepKind::End { resolve: true }),
            step("person", StepKind::Handoff { message: Some("One moment".to_owned()) }),
        ])
    }

    fn going(input: Input<'_>) -> (Vec<Effect>, Stop) {
        go_on(&desk(), input, &Facts::default(), from_seconds(9))
    }

    fn texts(effects: &[Effect]) -> Vec<&str> {
        let said = effects.iter().filter_map(|effect| match effect {
            Effect::Say { text, .. } => Some(text.as_str()),
            _ => None,
        });
        said.collect()
    }

    fn answer<'a>(step: &'a str, text: &'a str, retries: u32) -> Input<'a> {
        Input::Answer { step, text: Some(text), retries }
    }

    #[test]
    fn a_flow_talks_until_it_asks_and_an_option_leads_on() {
        let (effects, stop) = going(Input::Begins);
        let menu = "What is it about?\n\n1. ORDER\n2. PERSON\n\nReply with a number";
        assert_eq!(texts(&effects), ["Hello", menu]);
        assert_eq!(stop, Stop::Asked { step: "which".to_owned(), retries: 0 });
        for (reply, expected) in
            [("1", "Your e-mail?"), ("order", "Your e-mail?"), ("2.", "One moment")]
        {
            assert_eq!(texts(&going(answer("which", reply, 0)).0), [expected], "{reply}");
        }
        assert_eq!(going(answer("which", "person", 0)).1, Stop::HandedOver);
    }

    #[test]
    fn what_is_no_answer_is_asked_again_until_a_person_comes() {
        let (effects, stop) = going(answer("which", "7", 0));
        assert_eq!(texts(&effects), ["Please choose"]);
        assert_eq!(stop, Stop::Asked { step: "which".to_owned(), retries: 1 });
        assert_eq!(going(answer("which", "7", 1)), (vec![], Stop::HandedOver));
        let picture = Input::Answer { step: "which", text: None, retries: 0 };
        assert!(matches!(going(picture).1, Stop::Asked { retries: 1, .. }));
    }

    #[test]
    fn an_answer_is_kept_as_it_should_be() {
        let (effects, stop) = going(answer("mail", " Ada@Example.com ", 0));
        assert!(matches!(&effects[..], [Effect::Save { to: SaveTo::Email, .. }]), "{effects:?}");
        assert_eq!(stop, Stop::Ended { resolves: true });
        assert_eq!(going(answer("mail", "no", 0)).1, Stop::HandedOver);
        let attribute = SaveTo::Attribute("size".to_owned());
        assert_eq!(valid("4,5", &attribute, Some(Validate::Number)).as_deref(), Some("4.5"));
        assert_eq!(valid("big", &attribute, Some(Validate::Number)), None);
        let phone = valid("+1 555 000 0001", &attribute, Some(Validate::Phone));
        assert_eq!(phone.as_deref(), Some("+15550000001"));
        assert_eq!(valid("big", &attribute, None).as_deref(), Some("big"));
    }

    #[test]
    fn a_condition_leads_on_or_elsewhere_and_a_pause_goes_on_behind_it() {
        let late = Condition { field: Field::Hour, op: Op::Gt, value: Wanted::Number(17) };
        let otherwise = Some("open".to_owned());
        let steps = flow(vec![
            step(
                "late",
                StepKind::Condition { conditions: vec![late], matching: Match::All, otherwise },
            ),
            step("wait", StepKind::Wait { minutes: 5 }),
            step("open", StepKind::Message { text: "Here".to_owned(), media: None }),
        ]);
        let at = |hour| Facts { hour, ..Facts::default() };
        let (effects, stop) = go_on(&steps, Input::Begins, &at(18), from_seconds(1));
        assert_eq!((effects.len(), stop), (0, Stop::Waits { step: "wait".to_owned(), minutes: 5 }));
        let ended = Stop::Ended { resolves: false };
        let (effects, stop) = go_on(&steps, Input::Begins, &at(9), from_seconds(1));
        assert_eq!((texts(&effects), &stop), (vec!["Here"], &ended));
        let over = Input::PauseIsOver { step: "wait" };
        let (effects, stop) = go_on(&steps, over, &at(18), from_seconds(1));
        assert_eq!((texts(&effects), stop), (vec!["Here"], ended));
    }

    #[test]
    fn a_step_that_is_gone_ends_the_flow() {
        assert_eq!(going(answer("former", "1", 0)), (vec![], Stop::Ended { resolves: false }));
        let over = Input::PauseIsOver { step: "former" };
        assert_eq!(going(over), (vec![], Stop::Ended { resolves: false }));
    }

    #[test]
    fn a_keyword_starts_a_flow_as_it_should() {
        let of = |matching| {
            let keywords = vec!["Café".to_owned()];
            Flow { trigger: FlowTrigger::Keyword { keywords, matching }, ..desk() }
        };
        for (text, contains, exact, begins) in [
            ("CAFE", true, true, true),
            ("cafe please", true, false, true),
            ("a café", true, false, false),
            ("tea", false, false, false),
        ] {
            let found = |matching| starts(&of(matching), Some(text), false);
            let all = [KeywordMatch::Contains, KeywordMatch::Exact, KeywordMatch::StartsWith];
            assert_eq!(all.map(found), [contains, exact, begins], "{text}");
        }
        let new = Flow { trigger: FlowTrigger::NewConversation, ..desk() };
        assert!(starts(&new, None, true) && !starts(&new, Some("x"), false));
        assert!(!starts(&of(KeywordMatch::Contains), None, true));
    }

    proptest! {
        #[test]
        fn whatever_is_answered_the_flow_stops_with_few_effects(
            step in "hi|which|mail|thanks|person|x", text in "\\PC{0,30}|[12]", retries in 0_u32..5,
        ) {
            let (effects, _) = going(answer(&step, &text, retries));
            prop_assert!(effects.len() <= MOST_STEPS);
        }
    }
}
