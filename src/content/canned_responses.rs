//! Canned responses: texts of a bot that people insert by a shortcut or from a list. Each change is one commit, and
//! durable when its function returns. The caller has checked that there is such a bot.

use uuid::Uuid;

use crate::{
    content::{
        canned_response::{CannedResponse, of_bot, with_shortcut},
        inserted_text::{checked, filled},
        quick_reply::Shortcut,
        variables::{Filled, Values},
    },
    domain::{Clock, Error, ErrorCode, Subject, fold::fold},
    store::{Store, StoreError, Transaction},
};

/// So many a bot may have, so that a list of all is one page of the store.
pub const MOST_CANNED_RESPONSES: usize = 500;
const LONGEST_TITLE: usize = 100;
const LONGEST_CATEGORY: usize = 50;
/// What every creation changes: so of two at the same time, one counts again.
const CREATIONS: &str = "canned response creations";

/// Clones are the same service.
#[derive(Clone)]
pub struct CannedResponses {
    store: Store,
    clock: Clock,
}

/// A canned response to be made.
#[derive(Clone, Debug)]
pub struct CannedResponseDraft {
    pub bot: Uuid,
    pub title: String,
    pub content: String,
    pub shortcut: Option<String>,
    pub category: Option<String>,
    pub created_by: Option<Uuid>,
}

/// What is given is changed. None within removes it.
#[derive(Clone, Debug, Default)]
pub struct CannedResponseChange {
    pub title: Option<String>,
    pub content: Option<String>,
    pub shortcut: Option<Option<String>>,
    pub category: Option<Option<String>>,
}

impl CannedResponses {
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// Those of a bot, oldest first, whose shortcut begins so or whose title has these words. All for an empty text.
    pub async fn list(&self, bot: Uuid, text: &str) -> Result<Vec<CannedResponse>, Error> {
        let found = self.store.follow(of_bot(bot).below(), MOST_CANNED_RESPONSES).await?;
        let text = fold(text.trim());
        let prefix = text.strip_prefix('/').unwrap_or(&text);
        let is_found = |response: &CannedResponse| {
            let shortcut = response.shortcut.as_ref().map(|shortcut| fold(shortcut.as_str()));
            let begins =
                shortcut.is_some_and(|own| own.trim_start_matches('/').starts_with(prefix));
            begins || fold(&response.title).contains(&text)
        };
        Ok(found.into_iter().map(|found| found.record).filter(is_found).collect())
    }

    pub async fn get(&self, id: Uuid) -> Result<CannedResponse, Error> {
        self.store.get(&CannedResponse::at(id)).await?.ok_or_else(|| unknown(id))
    }

    pub async fn create(&self, draft: CannedResponseDraft) -> Result<CannedResponse, Error> {
        let texts = Error::both(title(&draft.title), checked(&draft.content));
        let marks =
            Error::both(shortcut(draft.shortcut.as_deref()), category(draft.category.as_deref()));
        let ((title, content), (shortcut, category)) = Error::both(texts, marks)?;
        let now = self.clock.now();
        let response = CannedResponse {
            id: Uuid::now_v7(),
            bot: draft.bot,
            title,
            shortcut,
            content,
            category,
            usage_count: 0,
            created_by: draft.created_by,
            created_at: now,
            updated_at: now,
        };
        let mut transaction = self.store.transaction();
        loop {
            free(&transaction, &response).await?;
            transaction.next_number(CREATIONS).await?;
            let all = of_bot(draft.bot).below();
            let all = transaction.store().entries(all, MOST_CANNED_RESPONSES).await?;
            if MOST_CANNED_RESPONSES <= all.len() {
                let message =
                    "there are 500 canned responses of this bot already; delete one first";
                return Err(Error::invalid(message));
            }
            transaction.put(&CannedResponse::at(response.id), &response).await?;
            if transaction.commit_durable().await? {
                return Ok(response);
            }
        }
    }

    pub async fn change(
        &self,
        id: Uuid,
        change: CannedResponseChange,
    ) -> Result<CannedResponse, Error> {
        let texts = Error::both(
            change.title.as_deref().map(title).transpose(),
            change.content.as_deref().map(checked).transpose(),
        );
        let marks = Error::both(
            change.shortcut.as_ref().map(|text| shortcut(text.as_deref())).transpose(),
            change.category.as_ref().map(|text| category(text.as_deref())).transpose(),
        );
        let ((title, content), (shortcut, category)) = Error::both(texts, marks)?;
        let mut transaction = self.store.transaction();
        loop {
            let found = transaction.get(&CannedResponse::at(id)).await?;
            let mut response = found.ok_or_else(|| unknown(id))?;
            response.title = title.clone().unwrap_or(response.title);
            response.content = content.clone().unwrap_or(response.content);
            response.shortcut = shortcut.clone().unwrap_or(response.shortcut);
            response.category = category.clone().unwrap_or(response.category);
            response.updated_at = self.clock.now();
            free(&transaction, &response).await?;
            transaction.put(&CannedResponse::at(id), &response).await?;
            if transaction.commit_durable().await? {
                return Ok(response);
            }
        }
    }

    pub async fn delete(&self, id: Uuid) -> Result<(), Error> {
        let mut transaction = self.store.transaction();
        loop {
            transaction.get(&CannedResponse::at(id)).await?.ok_or_else(|| unknown(id))?;
            transaction.delete(&CannedResponse::at(id)).await?;
            if transaction.commit_durable().await? {
                return Ok(());
            }
        }
    }

    /// The text of a response with its values, ready to be sent. Counts as a use, which is on the disk soon after.
    pub async fn render(&self, id: Uuid, values: &Values<'_>) -> Result<Filled, Error> {
        let mut transaction = self.store.transaction();
        loop {
            let found = transaction.get(&CannedResponse::at(id)).await?;
            let mut response = found.ok_or_else(|| unknown(id))?;
            let filled = filled(&response.content, values)?;
            response.usage_count += 1;
            transaction.put(&CannedResponse::at(id), &response).await?;
            if transaction.commit().await? {
                return Ok(filled);
            }
        }
    }

    /// The response of a bot with a shortcut, with its slash or without.
    pub async fn with_shortcut(
        &self,
        bot: Uuid,
        text: &str,
    ) -> Result<Option<CannedResponse>, Error> {
        let place = with_shortcut(bot, &Shortcut::read(text)?).below();
        let found = self.store.follow(place, 1).await?;
        Ok(found.into_iter().next().map(|found| found.record))
    }

    /// Removes those of a bot, which goes.
    pub async fn forget(&self, bot: Uuid) -> Result<(), StoreError> {
        let mut transaction = self.store.transaction();
        loop {
            let part = of_bot(bot).below();
            for found in transaction.store().follow(part, MOST_CANNED_RESPONSES).await? {
                transaction.delete(&CannedResponse::at(found.record.id)).await?;
            }
            if transaction.commit_durable().await? {
                return Ok(());
            }
        }
    }
}

/// That no other of the bot has the shortcut. Of two that are put at the same time, one runs again.
async fn free(transaction: &Transaction, response: &CannedResponse) -> Result<(), Error> {
    let Some(shortcut) = &response.shortcut else { return Ok(()) };
    let place = with_shortcut(response.bot, shortcut).below();
    let found = transaction.store().follow(place, 1).await?;
    if found.into_iter().any(|found| found.record.id != response.id) {
        let shortcut = shortcut.as_str();
        let message = format!("A canned response with the shortcut {shortcut} already exists");
        return Err(Error::new(ErrorCode::Conflict, message).about(Subject::CannedResponse));
    }
    Ok(())
}

fn title(text: &str) -> Result<String, Error> {
    let title = text.trim();
    if title.is_empty() || title.chars().nth(LONGEST_TITLE).is_some() {
        return Err(Error::invalid_field("title", "must have 1 to 100 characters"));
    }
    Ok(title.to_owned())
}

/// None where it is blank.
fn shortcut(text: Option<&str>) -> Result<Option<Shortcut>, Error> {
    text.filter(|text| !text.trim().is_empty()).map(Shortcut::read).transpose()
}

fn category(text: Option<&str>) -> Result<Option<String>, Error> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.chars().nth(LONGEST_CATEGORY).is_some() {
        return Err(Error::invalid_field("category", "must have at most 50 characters"));
    }
    Ok(Some(text.to_owned()))
}

fn unknown(id: Uuid) -> Error {
    Error::not_found(Subject::CannedResponse, format!("there is no canned response {id}"))
}
