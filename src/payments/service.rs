//! Service of payment links: made, listed, cancelled, and paid once.

use std::sync::Arc;

use data_encoding::BASE32_NOPAD;
use serde_json::json;
use uuid::Uuid;

use crate::{
    contacts::{self, Actor, EntryKind, NewEntry},
    domain::{Amount, Clock, Currency, Error, ErrorCode, Event, Timestamp},
    events::{EventLog, NewEvent, Work},
    jobs::{Job, Jobs},
    payments::{
        closing::Closing,
        event::PaymentEvent,
        expiry::Expiry,
        link::{LinkStatus, PaymentLink},
        lists::{self, LinkFilter, LinkPage},
        report::Report,
    },
    policy::CODE,
    providers::payments::{NewLink, Payment, PaymentProvider, ProviderKind},
    store::Store,
};

/// Random bytes of a reference: short enough to be typed, and not to be guessed.
const REFERENCE_BYTES: usize = 5;

/// What payment links need.
#[derive(Clone)]
pub struct PaymentsParts {
    pub store: Store,
    pub log: EventLog,
    pub jobs: Jobs,
    pub clock: Clock,
    /// None where payment links are not configured.
    pub provider: Option<Arc<dyn PaymentProvider>>,
}

/// Clones are the same service.
#[derive(Clone)]
pub struct Payments {
    parts: PaymentsParts,
}

/// A link that is to be made.
#[derive(Clone, Debug)]
pub struct LinkDraft {
    pub amount: Amount,
    pub currency: Currency,
    pub description: String,
    pub contact: Option<Uuid>,
    pub conversation: Option<Uuid>,
    pub expires_at: Option<Timestamp>,
}

/// What a report of a payment came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Paid {
    Now(Box<PaymentLink>),
    /// It was paid before, or the report was taken in before.
    Before,
    /// There is no such link of this provider.
    UnknownLink,
}

impl Payments {
    pub fn new(parts: PaymentsParts) -> Self {
        Self { parts }
    }

    /// The provider, which must be configured.
    fn provider(&self) -> Result<&dyn PaymentProvider, Error> {
        let provider = self.parts.provider.as_deref();
        provider.ok_or_else(|| Error::invalid("Payment links are not configured"))
    }

    /// Checks whether a link of this amount can be made.
    pub fn check(&self, amount: &Amount, currency: Currency) -> Result<(), Error> {
        self.provider()?.check(amount, currency)
    }

    /// Refuses where payment links are not configured.
    pub fn check_configured(&self) -> Result<(), Error> {
        self.provider().map(|_| ())
    }

    /// The provider; none where payment links are not configured.
    pub fn provider_kind(&self) -> Option<ProviderKind> {
        self.parts.provider.as_deref().map(PaymentProvider::kind)
    }

    /// Has the provider make a link, which is ended at once and listed nowhere, to test the settings; with the provider.
    /// None where payment links are not configured.
    pub async fn test(&self, currency: &str) -> Option<(ProviderKind, Result<(), Error>)> {
        let provider = self.parts.provider.as_deref()?;
        Some((provider.kind(), try_out(provider, currency).await))
    }

    /// Makes a link. Durable on return.
    pub async fn create(&self, draft: LinkDraft, by: Actor) -> Result<PaymentLink, Error> {
        let PaymentsParts { store, jobs, clock, .. } = &self.parts;
        let provider = self.provider()?;
        let LinkDraft { amount, currency, description, contact, conversation, expires_at } = draft;
        let reference = reference();
        let new = NewLink { id: Uuid::now_v7(), amount, currency, description, reference };
        let made = provider.create(&new).await?;
        let NewLink { id, amount, currency, description, reference } = new;
        let link = PaymentLink {
            id,
            amount,
            currency,
            description,
            reference,
            status: LinkStatus::Active,
            provider: provider.kind(),
            provider_id: made.id,
            url: made.url,
            contact,
            conversation,
            expires_at,
            created_at: clock.now(),
            created_by: by,
            paid_at: None,
            cancelled_at: None,
        };
        let mut transaction = store.transaction();
        loop {
            lists::put(transaction.store(), &link).await?;
            if let Some(end) = expires_at {
                let job = Job::new(Expiry::KIND, &id.to_string(), end);
                jobs.schedule_in(transaction.store(), &job).await?;
            }
            if transaction.commit().await? {
                break;
            }
        }
        store.durable().await?;
        jobs.woken();
        Ok(link)
    }

    pub async fn get(&self, id: Uuid) -> Result<PaymentLink, Error> {
        self.parts.store.get(&PaymentLink::at(id)).await?.ok_or_else(|| unknown(id))
    }

    pub async fn list(
        &self,
        filter: LinkFilter,
        skipped: u64,
        limit: usize,
    ) -> Result<LinkPage, Error> {
        Ok(lists::page(&self.parts.store, filter, skipped, limit).await?)
    }

    /// Cancels a link that is still to be paid. One that was cancelled before stays so.
    pub async fn cancel(&self, id: Uuid) -> Result<PaymentLink, Error> {
        let PaymentsParts { store, log, jobs, clock, .. } = &self.parts;
        let mut work = log.work();
        let link = loop {
            let link = work.get(&PaymentLink::at(id)).await?.ok_or_else(|| unknown(id))?;
            match link.status {
                LinkStatus::Active => (),
                LinkStatus::Cancelled => return Ok(link),
                LinkStatus::Paid | LinkStatus::Expired => return Err(wrong_state(&link)),
            }
            let now = clock.now();
            let (status, cancelled_at) = (LinkStatus::Cancelled, Some(now));
            let link = PaymentLink { status, cancelled_at, ..link };
            lists::put(work.store(), &link).await?;
            jobs.cancel_in(work.store(), Expiry::KIND, &id.to_string()).await?;
            Closing::schedule(&work, &link, now).await?;
            if work.commit().await?.is_some() {
                break link;
            }
        };
        store.durable().await?;
        jobs.woken();
        Ok(link)
    }

    /// Notes that a link was paid, where its provider cannot say so.
    pub async fn mark_paid(&self, id: Uuid, by: Actor) -> Result<PaymentLink, Error> {
        let PaymentsParts { log, .. } = &self.parts;
        let mut work = log.work();
        loop {
            let link = work.get(&PaymentLink::at(id)).await?.ok_or_else(|| unknown(id))?;
            if !link.provider.is_confirmed_by_hand() {
                let provider = link.provider.as_str();
                let message =
                    format!("Payments of this link are reported by its provider, {provider}");
                return Err(Error::new(ErrorCode::Conflict, message).detail(CODE, "invalid_state"));
            }
            if matches!(link.status, LinkStatus::Paid | LinkStatus::Cancelled) {
                return Err(wrong_state(&link));
            }
            let link = self.settle(&mut work, link, by).await?;
            if let Some(events) = work.commit().await? {
                self.publish(&events).await?;
                return Ok(link);
            }
        }
    }

    /// Reads a webhook of a provider and takes in the payment that it reports.
    pub async fn take_in(
        &self,
        provider: ProviderKind,
        signature: &str,
        body: &[u8],
    ) -> Result<(), Error> {
        let known = self.parts.provider.as_deref().filter(|known| known.kind() == provider);
        let known = known.ok_or_else(|| {
            let message = format!("The provider {} is not configured here", provider.as_str());
            Error::new(ErrorCode::Forbidden, message)
        })?;
        let now = self.parts.clock.now();
        let Some(payment) = known.read_event(signature, body, now)? else { return Ok(()) };
        if self.pay(provider, &payment).await? == Paid::UnknownLink {
            let link = payment.link;
            tracing::warn!(%link, "a payment of the unknown payment link {link} was reported");
        }
        Ok(())
    }

    /// Takes in a report of a payment: the link is paid once, however often that is reported. One that has expired or
    /// was cancelled is paid all the same, since the money is there.
    pub async fn pay(&self, provider: ProviderKind, payment: &Payment) -> Result<Paid, Error> {
        let PaymentsParts { log, clock, .. } = &self.parts;
        let report = Report::at(provider, &payment.event);
        let mut work = log.work();
        loop {
            if work.get(&report).await?.is_some() {
                return Ok(Paid::Before);
            }
            let link = work.get(&PaymentLink::at(payment.link)).await?;
            let Some(link) = link.filter(|link| link.provider == provider) else {
                return Ok(Paid::UnknownLink);
            };
            work.put(&report, &Report { link: link.id, at: clock.now() }).await?;
            let paid = match link.status {
                LinkStatus::Paid => Paid::Before,
                _ => Paid::Now(Box::new(self.settle(&mut work, link, Actor::GATEWAY).await?)),
            };
            if let Some(events) = work.commit().await? {
                self.publish(&events).await?;
                return Ok(paid);
            }
        }
    }

    /// Writes within a transaction that a link is paid.
    async fn settle(
        &self,
        work: &mut Work<'_>,
        link: PaymentLink,
        by: Actor,
    ) -> Result<PaymentLink, Error> {
        let PaymentsParts { jobs, clock, .. } = &self.parts;
        let now = clock.now();
        let link = PaymentLink { status: LinkStatus::Paid, paid_at: Some(now), ..link };
        lists::put(work.store(), &link).await?;
        let name = link.id.to_string();
        jobs.cancel_in(work.store(), Expiry::KIND, &name).await?;
        let mut ad = None;
        if let Some(contact) = link.contact {
            let known = contacts::get_in(work.store(), contact).await?;
            ad = known.and_then(|known| known.last_ad);
            let data = json!({
                "paymentLinkId": link.id, "amount": link.amount, "currency": link.currency,
                "description": link.description, "reference": link.reference,
            });
            let entry = NewEntry::new(EntryKind::Payment, by, data);
            contacts::note(work, contact, now, vec![entry]).await?;
        }
        let event = PaymentEvent::Completed { link: Box::new(link.clone()), by, ad };
        work.append(NewEvent::of_module(None, &event)?);
        Ok(link)
    }

    async fn publish(&self, events: &[Arc<Event>]) -> Result<(), Error> {
        match events.last() {
            Some(last) => self.parts.log.publish(last.seq).await?,
            None => self.parts.store.durable().await?,
        }
        Ok(())
    }
}

/// Makes a link and ends it.
async fn try_out(provider: &dyn PaymentProvider, currency: &str) -> Result<(), Error> {
    let currency = Currency::of(currency).map_err(|error| Error::invalid(error.to_string()))?;
    let amount =
        Amount::read("100", currency).map_err(|error| Error::invalid(error.to_string()))?;
    provider.check(&amount, currency)?;
    let (id, description) = (Uuid::now_v7(), "A test of the settings".to_owned());
    let link = NewLink { id, amount, currency, description, reference: reference() };
    match provider.create(&link).await?.id {
        Some(made) => provider.deactivate(&made).await,
        None => Ok(()),
    }
}

/// Eight letters and digits that look like no other.
fn reference() -> String {
    let random: [u8; REFERENCE_BYTES] = rand::random();
    format!("PL-{}", BASE32_NOPAD.encode(&random))
}

fn unknown(id: Uuid) -> Error {
    Error::new(ErrorCode::NotFound, format!("there is no payment link {id}"))
}

fn wrong_state(link: &PaymentLink) -> Error {
    let message = format!("This payment link is {} already", link.status);
    Error::new(ErrorCode::Conflict, message).detail(CODE, "invalid_state")
}
