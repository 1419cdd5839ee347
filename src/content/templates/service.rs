//! Templates: messages under a name in a language. Each change is one commit, and durable when its function returns.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    content::templates::{
        form::{self, TemplateDraft},
        parameters::{self, HeaderMedia},
        record::{BY_NAME, Category, Parts, Status, Template, by_name},
        rendering::{self, MenuOption, Message},
    },
    domain::{Clock, Error, ErrorCode, Subject, shown::shown},
    store::{Record, Store, StoreError, Transaction},
};

/// So many there may be, so that a list of all is read in one call.
pub const MOST_TEMPLATES: usize = 1_000;
/// What every creation changes: so of two at the same time, one counts again.
const CREATIONS: &str = "template creations";
/// Languages of a template that are named where another was asked for.
const MOST_NAMED: usize = 10;

/// Clones are the same service.
#[derive(Clone)]
pub struct Templates {
    store: Store,
    clock: Clock,
    /// Held while templates change. It saves conflicts, no more.
    changing: Arc<Mutex<()>>,
}

/// Which templates.
#[derive(Clone, Debug, Default)]
pub struct TemplateFilter {
    pub status: Option<Status>,
    pub category: Option<Category>,
    pub language: Option<String>,
    /// A part of the name.
    pub search: Option<String>,
}

/// What is given is changed.
#[derive(Clone, Debug, Default)]
pub struct TemplateChange {
    pub name: Option<String>,
    pub language: Option<String>,
    pub category: Option<Category>,
    pub status: Option<Status>,
    pub parts: Option<Parts>,
}

/// A template with its parameters, ready to be sent.
#[derive(Clone, Debug)]
pub struct Rendered {
    pub template: Template,
    /// The caption of the file where there is one.
    pub text: String,
    pub media: Option<HeaderMedia>,
    /// What can be replied, numbered in the text from 1. Empty for a message without a menu.
    pub menu: Vec<MenuOption>,
}

/// What became of the templates of an import, in their order.
#[derive(Debug)]
pub struct Imported {
    pub results: Vec<ImportResult>,
}

#[derive(Debug)]
pub struct ImportResult {
    /// As they are written, where they are texts.
    pub name: Option<String>,
    pub language: Option<String>,
    pub outcome: Outcome,
}

#[derive(Debug)]
pub enum Outcome {
    Created(Template),
    Updated(Template),
    Failed(Error),
}

impl Templates {
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock, changing: Arc::default() }
    }

    /// By name and language.
    pub async fn list(&self, filter: &TemplateFilter) -> Result<Vec<Template>, Error> {
        let all = self.store.follow(BY_NAME.key().below(), MOST_TEMPLATES).await?;
        let all = all.into_iter().map(|found| found.record);
        Ok(all.filter(|template| filter.allows(template)).collect())
    }

    pub async fn get(&self, id: Uuid) -> Result<Template, Error> {
        self.store.get(&Template::at(id)).await?.ok_or_else(|| unknown(id))
    }

    /// By name and language, approved or not.
    pub async fn find(&self, name: &str, language: &str) -> Result<Template, Error> {
        let found = self.store.follow(by_name(name, language).below(), 1).await?;
        match found.into_iter().next() {
            Some(found) => Ok(found.record),
            None => Err(self.not_found(name, language).await?),
        }
    }

    pub async fn create(&self, draft: TemplateDraft) -> Result<Template, Error> {
        let _held = self.changing.lock().await;
        let mut transaction = self.store.transaction();
        loop {
            if let Some(known) = named(&transaction, &draft.name, &draft.language).await? {
                return Err(taken(&known));
            }
            if room(&transaction).await? == 0 {
                return Err(full());
            }
            let template = self.made(draft.clone());
            transaction.put(&Template::at(template.id), &template).await?;
            if transaction.commit_durable().await? {
                return Ok(template);
            }
        }
    }

    pub async fn change(&self, id: Uuid, change: TemplateChange) -> Result<Template, Error> {
        let TemplateChange { name, language, category, status, parts } = change;
        let names = Error::both(
            name.as_deref().map(form::name).transpose(),
            language.as_deref().map(form::language).transpose(),
        );
        let (name, language) = names?;
        let _held = self.changing.lock().await;
        let mut transaction = self.store.transaction();
        loop {
            let found = transaction.get(&Template::at(id)).await?;
            let mut template = found.ok_or_else(|| unknown(id))?;
            template.name = name.clone().unwrap_or(template.name);
            template.language = language.clone().unwrap_or(template.language);
            template.category = category.unwrap_or(template.category);
            template.parts = parts.clone().unwrap_or(template.parts);
            template.set_status(status.unwrap_or(template.status));
            template.updated_at = self.clock.now();
            let known = named(&transaction, &template.name, &template.language).await?;
            if let Some(known) = known.filter(|known| known.id != id) {
                return Err(taken(&known));
            }
            transaction.put(&Template::at(id), &template).await?;
            if transaction.commit_durable().await? {
                return Ok(template);
            }
        }
    }

    pub async fn delete(&self, id: Uuid) -> Result<(), Error> {
        let _held = self.changing.lock().await;
        let mut transaction = self.store.transaction();
        loop {
            transaction.get(&Template::at(id)).await?.ok_or_else(|| unknown(id))?;
            transaction.delete(&Template::at(id)).await?;
            if transaction.commit_durable().await? {
                return Ok(());
            }
        }
    }

    /// Takes templates in Meta's form: one that is known by its name and language is replaced. What cannot be
    /// read fails alone; all others are one commit.
    pub async fn import(&self, rows: &[Value]) -> Result<Imported, Error> {
        let _held = self.changing.lock().await;
        let mut transaction = self.store.transaction();
        loop {
            let mut results = Vec::with_capacity(rows.len());
            let mut room = room(&transaction).await?;
            for row in rows {
                let text = |name: &str| row.get(name)?.as_str().map(shown);
                let (name, language) = (text("name"), text("language"));
                let outcome = match form::draft(row) {
                    Ok(draft) => self.put_in(&transaction, draft, &mut room).await?,
                    Err(error) => Outcome::Failed(error),
                };
                results.push(ImportResult { name, language, outcome });
            }
            if transaction.commit_durable().await? {
                return Ok(Imported { results });
            }
        }
    }

    /// A template with its parameters, which lie in components as Meta's API takes them. An error with
    /// [`ErrorCode::NotFound`] where there is no such template in this language, with [`ErrorCode::Invalid`] where it
    /// is a draft, or the parameters do not fit.
    pub async fn render(
        &self,
        name: &str,
        language: &str,
        components: &[Value],
    ) -> Result<Rendered, Error> {
        let template = self.find(name, language).await?;
        if template.status != Status::Approved {
            let message = format!(
                "Template {name} in {language} is a draft; save it with \"draft\": false to approve it"
            );
            return Err(Error::invalid(message).about(Subject::Template));
        }
        let given = parameters::read(components)?;
        let Message { text, media, menu } = rendering::render(&template.parts, &given)?;
        Ok(Rendered { template, text, media, menu })
    }

    /// That there is no such template, with the languages in which there is one.
    async fn not_found(&self, name: &str, language: &str) -> Result<Error, StoreError> {
        let others = self.store.follow(BY_NAME.key().text(name).below(), MOST_NAMED).await?;
        let others: Vec<String> = others.into_iter().map(|found| found.record.language).collect();
        let (name, language) = (shown(name), shown(language));
        let message = match others.is_empty() {
            true => format!("there is no template named '{name}'"),
            false => {
                let others = others.join(", ");
                format!(
                    "there is no template named '{name}' in {language}; there is one in {others}"
                )
            }
        };
        Ok(Error::not_found(Subject::Template, message))
    }

    async fn put_in(
        &self,
        transaction: &Transaction,
        draft: TemplateDraft,
        room: &mut usize,
    ) -> Result<Outcome, StoreError> {
        let known = named(transaction, &draft.name, &draft.language).await?;
        let made = self.made(draft);
        let outcome = match known {
            Some(Template { id, created_at, .. }) => {
                Outcome::Updated(Template { id, created_at, ..made })
            }
            None if *room == 0 => return Ok(Outcome::Failed(full())),
            None => {
                *room -= 1;
                Outcome::Created(made)
            }
        };
        if let Outcome::Created(template) | Outcome::Updated(template) = &outcome {
            transaction.put(&Template::at(template.id), template).await?;
        }
        Ok(outcome)
    }

    fn made(&self, draft: TemplateDraft) -> Template {
        let TemplateDraft { name, language, category, status, parts, rejection_reason } = draft;
        let now = self.clock.now();
        Template {
            id: Uuid::now_v7(),
            name,
            language,
            category,
            status,
            parts,
            rejection_reason,
            created_at: now,
            updated_at: now,
        }
    }
}

impl Template {
    /// An approved one has not been refused.
    fn set_status(&mut self, status: Status) {
        self.status = status;
        if status == Status::Approved {
            self.rejection_reason = None;
        }
    }
}

impl TemplateFilter {
    fn allows(&self, template: &Template) -> bool {
        let search = self.search.as_deref().map(|text| text.trim().to_lowercase());
        self.status.is_none_or(|status| status == template.status)
            && self.category.is_none_or(|category| category == template.category)
            && self.language.as_ref().is_none_or(|language| *language == template.language)
            && search.is_none_or(|text| template.name.contains(&text))
    }
}

/// The template of a name in a language. Of two that are put at the same time, one runs again.
async fn named(
    transaction: &Transaction,
    name: &str,
    language: &str,
) -> Result<Option<Template>, StoreError> {
    let found = transaction.store().follow(by_name(name, language).below(), 1).await?;
    Ok(found.into_iter().next().map(|found| found.record))
}

/// How many more may be put.
async fn room(transaction: &Transaction) -> Result<usize, StoreError> {
    transaction.next_number(CREATIONS).await?;
    let known = transaction.store().keys(Template::key().below(), MOST_TEMPLATES).await?;
    Ok(MOST_TEMPLATES - known.len())
}

fn full() -> Error {
    Error::invalid("there are 1,000 templates already; delete one first")
}

fn taken(known: &Template) -> Error {
    let Template { name, language, .. } = known;
    let message = format!("A template {name} in {language} already exists");
    Error::new(ErrorCode::Conflict, message).about(Subject::Template)
}

fn unknown(id: Uuid) -> Error {
    Error::not_found(Subject::Template, format!("there is no template {id}"))
}
