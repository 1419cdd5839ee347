//! Actions on existing messages: edit, delete, react.

use crate::{
    domain::{
        Clock, Command, Error, ErrorCode, EventBody, MessageId, MessageKind, SessionId,
        outbox::OutboxState, rules,
    },
    messaging::{
        conversations::{local_changes::LocalChanges, messages::Messages},
        engines::Engines,
        identities::canonical_message,
        inbound::{ingest::Ingest, retry_writer::RetryWriter},
        outbound::message_rules::{Change, Refusal, is_there, may_edit, may_revoke},
        stored::MessagingTables,
    },
    store::Store,
};

/// Clones are the same service.
#[derive(Clone)]
pub struct MessageActions {
    store: Store,
    engines: Engines,
    messages: Messages,
    retries: RetryWriter,
    local: LocalChanges,
    clock: Clock,
}

impl MessageActions {
    pub fn new(
        store: Store,
        engines: Engines,
        messages: Messages,
        ingest: &Ingest,
        clock: Clock,
    ) -> Self {
        let (retries, local) = (ingest.retries().clone(), LocalChanges::of(ingest));
        Self { store, engines, messages, retries, local, clock }
    }

    pub async fn edit(
        &self,
        session: &SessionId,
        message: &MessageId,
        text: String,
    ) -> Result<(), Error> {
        self.engines.session(session)?;
        let message = canonical_message(&self.store, session, message).await?;
        let known = self.messages.stored_for(session, &message, Change::Edit).await?;
        if let Some(stored) = &known {
            let allowed = may_edit(stored, self.clock.now());
            allowed.map_err(|refusal| refusal.error(Change::Edit))?;
            if stored.message.kind.is_media() && rules::LONGEST_CAPTION < text.chars().count() {
                return Err(Error::invalid("a caption has at most 1,024 characters"));
            }
        }
        let edit = Command::Edit { message: message.clone(), text: text.clone() };
        self.engines.carry_out(session, edit).await.map_err(|error| match error.code {
            ErrorCode::Forbidden if !message.from_me => Refusal::NotOwn.error(Change::Edit),
            // All other rules were checked, so WhatsApp's clock differs from the gateway's.
            ErrorCode::Forbidden if known.is_some() => Refusal::TooOld.error(Change::Edit),
            _ => error,
        })?;
        Ok(self.retries.write(session, EventBody::MessageEdited { message, text }).await?)
    }

    /// Deletes a message, for everyone or for the account alone.
    pub async fn revoke(
        &self,
        session: &SessionId,
        message: &MessageId,
        for_everyone: bool,
    ) -> Result<(), Error> {
        let message = canonical_message(&self.store, session, message).await?;
        if self.was_refused(session, &message).await? {
            let revoke = Command::Revoke { message: message.clone(), for_everyone: false };
            return match self.engines.carry_out(session, revoke).await {
                // An engine may drop what WhatsApp refused.
                Err(error) if error.code == ErrorCode::NotFound => {
                    self.delete_locally(session, &message).await
                }
                Ok(()) => self.delete_locally(session, &message).await,
                outcome => outcome,
            };
        }
        let known = match for_everyone {
            true => self.messages.stored_for(session, &message, Change::Revoke).await?,
            false => None,
        };
        if let Some(stored) = &known {
            if stored.message.kind == MessageKind::Revoked {
                return Ok(());
            }
            let allowed = may_revoke(stored, self.clock.now());
            allowed.map_err(|refusal| refusal.error(Change::Revoke))?;
        }
        let revoke = Command::Revoke { message: message.clone(), for_everyone };
        self.engines.carry_out(session, revoke).await.map_err(|error| match error.code {
            // The engine alone knows whether the account is an admin.
            ErrorCode::Forbidden if !message.from_me => Refusal::NotOwn.error(Change::Revoke),
            _ => error,
        })?;
        match (for_everyone, self.engines.session(session)?.status().me) {
            (true, Some(me)) => {
                let revoked = EventBody::MessageRevoked { message, by: me.id };
                Ok(self.retries.write(session, revoked).await?)
            }
            (true, None) => Ok(()),
            (false, _) => self.delete_locally(session, &message).await,
        }
    }

    /// Deletes a message for the account alone: on WhatsApp when it can be asked, and here in any case.
    pub async fn delete_for_me(
        &self,
        session: &SessionId,
        message: &MessageId,
    ) -> Result<(), Error> {
        match self.revoke(session, message, false).await {
            Err(error) if matches!(error.code, ErrorCode::NotReady | ErrorCode::NotFound) => {
                self.delete_locally(session, message).await
            }
            outcome => outcome,
        }
    }

    /// Whether WhatsApp never got the message: only the engine may have it.
    async fn was_refused(&self, session: &SessionId, id: &MessageId) -> Result<bool, Error> {
        let entry = self.store.outbox().by_message(session, &id.key).await?;
        Ok(id.from_me && entry.is_some_and(|entry| entry.state == OutboxState::Failed))
    }

    /// Deletes a message in the gateway alone; the account still has it.
    pub async fn delete_locally(
        &self,
        session: &SessionId,
        message: &MessageId,
    ) -> Result<(), Error> {
        self.local.delete_message(session, message).await?;
        Ok(())
    }

    /// Reacts to a message. An empty emoji removes the reaction.
    pub async fn react(
        &self,
        session: &SessionId,
        message: &MessageId,
        emoji: String,
    ) -> Result<(), Error> {
        if !emoji.is_empty() && !rules::is_emoji(&emoji) {
            return Err(Error::invalid_field("emoji", "must be one emoji"));
        }
        self.engines.session(session)?;
        let message = canonical_message(&self.store, session, message).await?;
        if let Some(stored) = self.messages.stored_for(session, &message, Change::React).await? {
            is_there(&stored).map_err(|refusal| refusal.error(Change::React))?;
        }
        let react = Command::React { message: message.clone(), emoji: emoji.clone() };
        self.engines.carry_out(session, react).await?;
        match self.engines.session(session)?.status().me {
            Some(me) => {
                let reaction = EventBody::Reaction { message, sender: me.id, emoji };
                Ok(self.retries.write(session, reaction).await?)
            }
            None => Ok(()),
        }
    }
}
