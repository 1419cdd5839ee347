//! What callers may say of a bot. Pure.

use uuid::Uuid;

use crate::{
    bots::{
        bot::{ANY_LANGUAGE, Bot, BotStatus, BusinessTask, GENERAL, Provider},
        change::BotChange,
        field_checks::{blank, keywords, number, text, within},
        preset::preset,
        profile::{Handoff, Texts, Web},
        profile_checks::{self, CheckedProfile},
    },
    domain::{Error, SessionId, Timestamp},
};

pub const LONGEST_NAME: usize = 100;
const LONGEST_PROMPT: usize = 8_000;
const LONGEST_MODEL: usize = 100;
const MOST_TURNS: u32 = 100;
const MOST_SESSIONS: usize = 50;
const TEMPERATURE: f64 = 0.3;
const TURNS: u32 = 10;

/// A bot to be made.
#[derive(Clone, Debug)]
pub struct BotDraft {
    pub name: String,
    /// None for that of the domain.
    pub task: Option<BusinessTask>,
    /// What else is given.
    pub rest: BotChange,
    pub created_by: Option<Uuid>,
    pub owner: Option<Uuid>,
}

impl BotDraft {
    pub fn bot(self, now: Timestamp) -> Result<Bot, Error> {
        let Self { name, task, rest, created_by, owner } = self;
        let domain = rest.domain.as_deref().and_then(preset);
        let of_domain = domain.map(|preset| preset.task).unwrap_or(BusinessTask::Other);
        let prompt = domain.map(|preset| preset.prompt.to_owned());
        let new = Bot {
            id: Uuid::now_v7(),
            name: String::new(),
            task: task.unwrap_or(of_domain),
            status: BotStatus::default(),
            trigger_keywords: Vec::new(),
            system_prompt: prompt,
            provider: Provider::default(),
            model: None,
            temperature: TEMPERATURE,
            max_turns: TURNS,
            business_hours_only: false,
            sessions: Vec::new(),
            created_by,
            owner,
            domain: GENERAL.to_owned(),
            description: None,
            language: ANY_LANGUAGE.to_owned(),
            tone: None,
            max_tokens: None,
            texts: Texts::default(),
            handoff: Handoff::default(),
            web: Web { is_on: true, ..Web::default() },
            created_at: now,
            updated_at: now,
        };
        let change = Checked::of(BotChange { name: Some(name), ..rest })?;
        Ok(change.applied(new, now))
    }
}

/// A change without a fault.
#[derive(Clone, Debug)]
pub struct Checked {
    change: BotChange,
    sessions: Option<Vec<SessionId>>,
    profile: CheckedProfile,
}

impl Checked {
    /// Checks a change; every field with a fault is named.
    pub fn of(mut change: BotChange) -> Result<Self, Error> {
        let (name, trigger_keywords) = (change.name.take(), change.trigger_keywords.take());
        let (system_prompt, model) = (change.system_prompt.take(), change.model.take());
        let sessions = change.sessions.take();
        let name = name.map(|name| text("name", name.trim(), LONGEST_NAME)).transpose();
        let profile = profile_checks::check(&mut change);
        let trigger_keywords =
            trigger_keywords.map(|words| keywords("triggerKeywords", words)).transpose();
        let prompt = system_prompt.map(blank);
        let prompt = within("systemPrompt", prompt, LONGEST_PROMPT);
        let model = within("model", model.map(blank), LONGEST_MODEL);
        let sessions = sessions.map(|names| names_of(&names)).transpose();
        let temperature = number("temperature", change.temperature, (0.0, 1.0));
        let max_turns = number("maxTurns", change.max_turns, (1, MOST_TURNS));
        let texts = Error::both(Error::both(name, trigger_keywords), Error::both(prompt, model));
        let rest = Error::both(Error::both(temperature, max_turns), Error::both(sessions, profile));
        let (texts, rest) = Error::both(texts, rest)?;
        let ((name, trigger_keywords), (system_prompt, model)) = texts;
        let ((temperature, max_turns), (sessions, profile)) = rest;
        let change = BotChange {
            name,
            trigger_keywords,
            system_prompt,
            model,
            temperature,
            max_turns,
            sessions: None,
            ..change
        };
        Ok(Self { change, sessions, profile })
    }

    /// The sessions that it names.
    pub fn sessions(&self) -> &[SessionId] {
        self.sessions.as_deref().unwrap_or_default()
    }

    pub fn applied(&self, bot: Bot, now: Timestamp) -> Bot {
        let Self { change, sessions, profile } = self.clone();
        let bot = profile.applied(bot);
        Bot {
            name: change.name.unwrap_or(bot.name),
            task: change.task.unwrap_or(bot.task),
            status: change.status.unwrap_or(bot.status),
            trigger_keywords: change.trigger_keywords.unwrap_or(bot.trigger_keywords),
            system_prompt: change.system_prompt.unwrap_or(bot.system_prompt),
            provider: change.provider.unwrap_or(bot.provider),
            model: change.model.unwrap_or(bot.model),
            temperature: change.temperature.unwrap_or(bot.temperature),
            max_turns: change.max_turns.unwrap_or(bot.max_turns),
            business_hours_only: change.business_hours_only.unwrap_or(bot.business_hours_only),
            sessions: sessions.unwrap_or(bot.sessions),
            updated_at: now,
            ..bot
        }
    }
}

fn names_of(names: &[String]) -> Result<Vec<SessionId>, Error> {
    if MOST_SESSIONS < names.len() {
        let fault = format!("must have at most {MOST_SESSIONS} entries");
        return Err(Error::invalid_field("sessions", fault));
    }
    let mut sessions: Vec<SessionId> = Vec::new();
    for name in names {
        let session = name.trim().parse();
        let session: SessionId =
            session.map_err(|_| Error::invalid_field("sessions", "must be names of sessions"))?;
        if !sessions.contains(&session) {
            sessions.push(session);
        }
    }
    Ok(sessions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    fn draft(rest: BotChange) -> Result<Bot, Error> {
        let (name, task) = (" Support Bot ".to_owned(), Some(BusinessTask::Faq));
        BotDraft { name, task, rest, created_by: None, owner: None }.bot(from_seconds(1))
    }

    fn change() -> BotChange {
        BotChange::default()
    }

    #[test]
    fn a_draft_is_filled_with_what_is_usual() {
        let bot = draft(change()).unwrap();
        assert_eq!((bot.name.as_str(), bot.status), ("Support Bot", BotStatus::Draft));
        assert_eq!((bot.temperature, bot.max_turns), (TEMPERATURE, TURNS));
        let words = [" Order ", "ORDER", "refund"].map(str::to_owned).to_vec();
        let sessions = ["shop", " shop"].map(str::to_owned).to_vec();
        let given = BotChange {
            trigger_keywords: Some(words),
            sessions: Some(sessions),
            model: Some(Some(" ".to_owned())),
            ..change()
        };
        let bot = draft(given).unwrap();
        assert_eq!(bot.trigger_keywords, ["Order", "refund"]);
        assert_eq!((bot.sessions.len(), bot.model), (1, None));
    }

    #[test]
    fn each_fault_is_named() {
        let long = |length: usize| "x".repeat(length);
        for (given, field) in [
            (BotChange { name: Some(" ".to_owned()), ..change() }, "name"),
            (BotChange { name: Some(long(101)), ..change() }, "name"),
            (
                BotChange { trigger_keywords: Some(vec![String::new()]), ..change() },
                "triggerKeywords",
            ),
            (
                BotChange { trigger_keywords: Some(vec!["x".to_owned(); 51]), ..change() },
                "triggerKeywords",
            ),
            (BotChange { system_prompt: Some(Some(long(8_001))), ..change() }, "systemPrompt"),
            (BotChange { model: Some(Some(long(101))), ..change() }, "model"),
            (BotChange { temperature: Some(1.1), ..change() }, "temperature"),
            (BotChange { temperature: Some(f64::NAN), ..change() }, "temperature"),
            (BotChange { max_turns: Some(0), ..change() }, "maxTurns"),
            (BotChange { sessions: Some(vec!["a b".to_owned()]), ..change() }, "sessions"),
        ] {
            let fault = Checked::of(given).unwrap_err();
            assert!(fault.details["fields"].get(field).is_some(), "{field}: {fault:?}");
        }
        let both = BotChange { temperature: Some(2.0), model: Some(Some(long(101))), ..change() };
        assert!(Checked::of(both).is_err());
    }
}
