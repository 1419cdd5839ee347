//! Handle of the settings: what is in effect now, and changes of it.

use std::sync::{Arc, OnceLock};

use tokio::sync::{Mutex, watch};
use uuid::Uuid;

use crate::{
    config::{Config, ProviderSecrets},
    domain::Error,
    events::{EventLog, NewEvent},
    settings::{
        event::SettingsEvent,
        in_effect::InEffect,
        patch::Patch,
        record::{Changed, Values},
    },
    store::{Store, StoreError},
};

/// Clones are the same settings.
#[derive(Clone)]
pub struct Settings {
    inner: Arc<Inner>,
}

struct Inner {
    log: EventLog,
    configured: InEffect,
    current: watch::Sender<Arc<InEffect>>,
    /// What providers use, once it is to be kept up to date.
    secrets: OnceLock<ProviderSecrets>,
    /// Held by a change, so that the last one to be committed is the one in effect.
    changing: Mutex<()>,
}

impl Settings {
    /// The configuration, with what callers changed.
    pub async fn open(store: &Store, log: EventLog, config: &Config) -> Result<Self, StoreError> {
        let settings = Self::unchanged(log, InEffect::configured(config));
        let Inner { configured, current, .. } = &*settings.inner;
        let Changed { values } = store.get(&Changed::at()).await?.unwrap_or_default();
        if let Ok(in_effect) = configured.with(&configured.usable(&values)) {
            current.send_replace(Arc::new(in_effect));
        }
        Ok(settings)
    }

    /// The configuration alone.
    pub fn unchanged(log: EventLog, configured: InEffect) -> Self {
        let current = watch::Sender::new(Arc::new(configured.clone()));
        Self {
            inner: Arc::new(Inner {
                log,
                configured,
                current,
                secrets: OnceLock::new(),
                changing: Mutex::default(),
            }),
        }
    }

    /// Keeps the secrets of providers up to date from now on.
    pub fn feed(&self, secrets: &ProviderSecrets) {
        let secrets = self.inner.secrets.get_or_init(|| secrets.clone());
        replace(secrets, &self.now());
    }

    /// What is in effect now. To be asked each time, so that a change counts at once.
    pub fn now(&self) -> Arc<InEffect> {
        self.inner.current.borrow().clone()
    }

    /// Changes settings, for a caller with this API key. In effect and durable on return.
    pub async fn change(&self, patch: &Patch, by: Option<Uuid>) -> Result<Arc<InEffect>, Error> {
        let Inner { log, configured, current, secrets, changing } = &*self.inner;
        let _alone = changing.lock().await;
        let mut work = log.work();
        let (in_effect, settings, events) = loop {
            let stored = work.get(&Changed::at()).await?.unwrap_or_default();
            let before = configured.usable(&stored.values);
            let mut values = before.clone();
            patch.apply(&mut values);
            let in_effect = patch.judged(configured.with(&values))?;
            let settings = differing(&before, &values);
            if settings.is_empty() {
                return Ok(self.now());
            }
            work.put(&Changed::at(), &Changed { values }).await?;
            let event = SettingsEvent::Changed { settings: settings.clone(), by };
            work.append(NewEvent::of_module(None, &event)?);
            if let Some(events) = work.commit().await? {
                break (Arc::new(in_effect), settings, events);
            }
        };
        current.send_replace(in_effect.clone());
        if let Some(secrets) = secrets.get() {
            replace(secrets, &in_effect);
        }
        let whom = by.map_or_else(|| "the owner".to_owned(), |key| format!("key {key}"));
        tracing::info!(?settings, %whom, "settings changed by {whom}: {}", settings.join(", "));
        if let Some(last) = events.last() {
            log.publish(last.seq).await?;
        }
        Ok(in_effect)
    }
}

fn replace(secrets: &ProviderSecrets, settings: &InEffect) {
    let (sms, payments) = (&settings.sms, &settings.payments);
    secrets.replace(
        [&sms.auth_token, &sms.shared_key],
        [&payments.stripe_secret_key, &payments.stripe_webhook_secret],
    );
}

/// The paths of which one has another value than the other.
fn differing(one: &Values, other: &Values) -> Vec<String> {
    let mut paths: Vec<&String> = one.keys().chain(other.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    paths.into_iter().filter(|path| one.get(*path) != other.get(*path)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Clock;

    #[tokio::test]
    async fn a_change_counts_at_once_and_after_a_restart_and_is_logged_without_values() {
        let store = Store::temporary().await.unwrap();
        let log = EventLog::open(store.clone(), Clock::system()).await.unwrap();
        let config = Config::shipped().unwrap();
        let settings = Settings::open(&store, log.clone(), &config).await.unwrap();
        let reader = settings.clone();
        let mut patch = Patch::default();
        patch.set(("locale", "business.locale"), Some(Some("de")));
        settings.change(&patch, None).await.unwrap();
        assert_eq!(reader.now().business.locale, "de");
        // The same again is no change.
        settings.change(&patch, None).await.unwrap();
        let mut wrong = Patch::default();
        wrong.set(("currency", "payments.currency"), Some(Some("euro")));
        let refused = settings.change(&wrong, None).await.unwrap_err();
        assert!(refused.message.starts_with("currency: "), "{refused:?}");
        let again = Settings::open(&store, log.clone(), &config).await.unwrap();
        assert_eq!(again.now(), reader.now());
        let events = log.read(None, 0, 100).await.unwrap();
        let events: Vec<SettingsEvent> =
            events.iter().filter_map(|event| event.body.read()).collect();
        let settings = vec!["business.locale".to_owned()];
        assert_eq!(events, [SettingsEvent::Changed { settings, by: None }]);
    }

    #[tokio::test]
    async fn changes_at_the_same_time_are_all_kept() {
        let store = Store::temporary().await.unwrap();
        let log = EventLog::open(store.clone(), Clock::system()).await.unwrap();
        let config = Config::shipped().unwrap();
        let settings = Settings::open(&store, log.clone(), &config).await.unwrap();
        let change = async |name, path, value: &str| {
            let mut patch = Patch::default();
            patch.set((name, path), Some(Some(value)));
            settings.change(&patch, None).await.unwrap();
        };
        tokio::join!(
            change("locale", "business.locale", "pt-BR"),
            change("currency", "payments.currency", "BRL"),
            change("timezone", "business.time_zone", "America/Sao_Paulo"),
        );
        let again = Settings::open(&store, log, &config).await.unwrap();
        assert_eq!(again.now(), settings.now());
        let kept = again.now();
        assert_eq!(
            (kept.business.locale.as_str(), kept.payments.currency.as_str()),
            ("pt-BR", "BRL")
        );
        assert_eq!(kept.business.time_zone, "America/Sao_Paulo");
    }
}
