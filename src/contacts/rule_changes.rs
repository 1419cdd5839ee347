//! Changes of the rules that tag contacts, by callers.
//!
//! Each change counts up a version, which says whether a matcher is still that of the rules, and which two changes at
//! the same time both read: so the number of rules is exact.

use uuid::Uuid;

use crate::{
    contacts::{
        auto_tags::{Tagged, VERSION},
        checks,
        rules::{self, MOST_RULES, Rule, RuleKind},
        service::Contacts,
    },
    domain::{Error, ErrorCode, SessionId, Subject},
    events::Work,
    store::StoreError,
};

const LONGEST_KEYWORD: usize = 200;
const LONGEST_NAME: usize = 120;

impl Contacts {
    /// The rules that tag contacts by what they write.
    pub fn rules(&self) -> Rules<'_> {
        Rules { contacts: self }
    }
}

/// A rule to be made.
#[derive(Clone, Debug)]
pub struct RuleDraft {
    pub name: Option<String>,
    pub kind: RuleKind,
    pub keyword: String,
    pub tag: String,
    pub case_sensitive: bool,
    pub enabled: bool,
    pub session: Option<SessionId>,
}

/// What is given is changed.
#[derive(Clone, Debug, Default)]
pub struct RuleChange {
    /// Blank to remove it.
    pub name: Option<String>,
    pub kind: Option<RuleKind>,
    pub keyword: Option<String>,
    pub tag: Option<String>,
    pub case_sensitive: Option<bool>,
    pub enabled: Option<bool>,
    /// None within to have it for all sessions.
    pub session: Option<Option<SessionId>>,
}

/// The rules, for callers.
pub struct Rules<'c> {
    contacts: &'c Contacts,
}

impl Rules<'_> {
    pub async fn list(&self) -> Result<Vec<Rule>, Error> {
        Ok(rules::all(&self.contacts.store).await?)
    }

    pub async fn create(&self, draft: RuleDraft) -> Result<Rule, Error> {
        let now = self.contacts.clock.now();
        let RuleDraft { name, kind, keyword, tag, case_sensitive, enabled, session } = draft;
        let texts = Error::both(keyword_of(&keyword), checks::tag(&tag).map_err(in_tag));
        let ((keyword, tag), name) = Error::both(texts, name_of(name.as_deref()))?;
        let rule = Rule {
            id: Uuid::now_v7(),
            name,
            kind,
            keyword,
            tag,
            case_sensitive,
            enabled,
            session,
            created_at: now,
            updated_at: now,
        };
        let mut work = self.contacts.log.work();
        loop {
            count_up(&work).await?;
            let all = rules::all(work.store()).await?;
            if MOST_RULES <= all.len() {
                let message = "there are 200 rules already; delete one first";
                return Err(Error::new(ErrorCode::Invalid, message));
            }
            check_other(&rule, &all)?;
            work.put(&Rule::at(rule.id), &rule).await?;
            if work.commit_durable().await? {
                return Ok(rule);
            }
        }
    }

    pub async fn change(&self, id: Uuid, change: RuleChange) -> Result<Rule, Error> {
        let mut work = self.contacts.log.work();
        loop {
            let mut rule = work.get(&Rule::at(id)).await?.ok_or_else(|| unknown(id))?;
            apply(&mut rule, change.clone())?;
            rule.updated_at = self.contacts.clock.now();
            count_up(&work).await?;
            let is_another = change.kind.is_some()
                || change.keyword.is_some()
                || change.tag.is_some()
                || change.case_sensitive.is_some()
                || change.session.is_some();
            if is_another {
                check_other(&rule, &rules::all(work.store()).await?)?;
            }
            work.put(&Rule::at(id), &rule).await?;
            if work.commit_durable().await? {
                return Ok(rule);
            }
        }
    }

    /// Deletes a rule. The tags that it added stay.
    pub async fn delete(&self, id: Uuid) -> Result<(), Error> {
        let mut work = self.contacts.log.work();
        loop {
            work.get(&Rule::at(id)).await?.ok_or_else(|| unknown(id))?;
            count_up(&work).await?;
            work.delete(&Rule::at(id)).await?;
            if work.commit_durable().await? {
                return Ok(());
            }
        }
    }

    /// What the rules make of a text, whichever session it comes to.
    pub async fn test(&self, text: &str) -> Result<Vec<Tagged>, Error> {
        let matcher = self.contacts.auto_tags.matcher(&self.contacts.store).await?;
        let found = matcher.find_anywhere(text);
        Ok(found.into_iter().map(|(rule, tag)| Tagged { rule, tag }).collect())
    }
}

/// Refuses a rule that tags the same texts with the same tag as another.
fn check_other(rule: &Rule, all: &[Rule]) -> Result<(), Error> {
    let keyword = |rule: &Rule| match rule.case_sensitive {
        true => rule.keyword.clone(),
        false => rule.keyword.to_lowercase(),
    };
    let is_same = |other: &&Rule| {
        other.id != rule.id
            && other.kind == rule.kind
            && other.case_sensitive == rule.case_sensitive
            && keyword(other) == keyword(rule)
            && other.tag == rule.tag
            && other.session == rule.session
    };
    match all.iter().find(is_same) {
        None => Ok(()),
        Some(other) => {
            let message = "there is a rule that does the same already";
            Err(Error::new(ErrorCode::Conflict, message).detail("ruleId", other.id.to_string()))
        }
    }
}

async fn count_up(work: &Work<'_>) -> Result<(), StoreError> {
    work.store().settings().next_number(VERSION).await.map(drop)
}

fn apply(rule: &mut Rule, change: RuleChange) -> Result<(), Error> {
    let RuleChange { name, kind, keyword, tag, case_sensitive, enabled, session } = change;
    if let Some(name) = name {
        rule.name = name_of(Some(&name))?;
    }
    if let Some(keyword) = keyword {
        rule.keyword = keyword_of(&keyword)?;
    }
    if let Some(tag) = tag {
        rule.tag = checks::tag(&tag).map_err(in_tag)?;
    }
    rule.kind = kind.unwrap_or(rule.kind);
    rule.case_sensitive = case_sensitive.unwrap_or(rule.case_sensitive);
    rule.enabled = enabled.unwrap_or(rule.enabled);
    if let Some(session) = session {
        rule.session = session;
    }
    Ok(())
}

fn keyword_of(text: &str) -> Result<String, Error> {
    let keyword = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if keyword.is_empty() || keyword.chars().nth(LONGEST_KEYWORD).is_some() {
        return Err(Error::invalid_field("keyword", "must have 1 to 200 characters"));
    }
    Ok(keyword)
}

fn name_of(text: Option<&str>) -> Result<Option<String>, Error> {
    let name = text.map(str::trim).filter(|name| !name.is_empty());
    if name.is_some_and(|name| name.chars().nth(LONGEST_NAME).is_some()) {
        return Err(Error::invalid_field("name", "must have at most 120 characters"));
    }
    Ok(name.map(str::to_owned))
}

fn in_tag(_: Error) -> Error {
    Error::invalid_field("tag", "must have 1 to 50 characters")
}

fn unknown(id: Uuid) -> Error {
    Error::not_found(Subject::Tag, format!("there is no rule {id}"))
}
