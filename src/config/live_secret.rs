//! Secrets of providers that are replaced while the gateway runs.

use std::sync::{Arc, PoisonError, RwLock};

use crate::config::{Config, Secret};

/// A secret that is asked for each time it is used. Clones are the same secret.
#[derive(Clone, Debug, Default)]
pub struct LiveSecret(Arc<RwLock<Secret>>);

impl LiveSecret {
    pub fn now(&self) -> Secret {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, secret: &Secret) {
        secret.clone_into(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl From<Secret> for LiveSecret {
    fn from(secret: Secret) -> Self {
        Self(Arc::new(RwLock::new(secret)))
    }
}

/// What providers know the gateway by, and sign with. Clones are the same secrets.
#[derive(Clone, Debug, Default)]
pub struct ProviderSecrets {
    pub sms_auth_token: LiveSecret,
    pub sms_shared_key: LiveSecret,
    pub stripe_secret_key: LiveSecret,
    pub stripe_webhook_secret: LiveSecret,
}

impl ProviderSecrets {
    /// Those of the configuration.
    pub fn of(config: &Config) -> Self {
        let (sms, payments) = (&config.sms, &config.payments);
        Self {
            sms_auth_token: sms.auth_token.clone().into(),
            sms_shared_key: sms.shared_key.clone().into(),
            stripe_secret_key: payments.stripe_secret_key.clone().into(),
            stripe_webhook_secret: payments.stripe_webhook_secret.clone().into(),
        }
    }

    /// Replaces all of them; every user of one has the new one from then on.
    pub fn replace(&self, sms: [&Secret; 2], stripe: [&Secret; 2]) {
        let [auth_token, shared_key] = sms;
        let [secret_key, webhook_secret] = stripe;
        for (live, secret) in [
            (&self.sms_auth_token, auth_token),
            (&self.sms_shared_key, shared_key),
            (&self.stripe_secret_key, secret_key),
            (&self.stripe_webhook_secret, webhook_secret),
        ] {
            live.replace(secret);
        }
    }
}
