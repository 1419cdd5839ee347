//! The service of people, and what its parts are made from.

use std::time::Duration;

use tokio::runtime;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::{
    accounts::{
        leases::Leases,
        people::{
            attempts::Attempts,
            invitations::Invitations,
            password::Passwords,
            pending::PendingSignIns,
            recovery::Recovery,
            rules,
            second_factor::SecondFactors,
            secret::AccountKey,
            sign_in::SignIns,
            user::{self, User},
        },
    },
    config::{self, BaseUrl, Config, Registration},
    domain::{Clock, Error},
    mail::Post,
    store::{Store, StoreError},
};

/// The people of the workspace: who they are, and who changes that. Clones are the same service.
#[derive(Clone)]
pub struct Accounts {
    pub sign_ins: SignIns,
    pub factors: SecondFactors,
    pub recovery: Recovery,
    pub invitations: Invitations,
    pub(in crate::accounts::people) store: Store,
    pub(in crate::accounts::people) clock: Clock,
    pub(in crate::accounts::people) post: Post,
    pub(in crate::accounts::people) passwords: Passwords,
    pub(in crate::accounts::people) registration: Registration,
}

/// What the service is made from.
pub struct AccountsParts {
    pub store: Store,
    pub clock: Clock,
    /// Where streams end with their callers.
    pub leases: Leases,
    pub post: Post,
    pub tasks: TaskTracker,
    pub settings: AccountSettings,
}

/// Settings of accounts.
#[derive(Clone, Debug)]
pub struct AccountSettings {
    pub registration: Registration,
    /// How long a sign-in lasts.
    pub sign_in: Duration,
    /// How long an invitation, and a code to choose a new password, are good.
    pub invitation: Duration,
    pub code: Duration,
    /// The address of the gateway, for links.
    pub url: BaseUrl,
}

impl AccountSettings {
    pub fn of(config: &Config) -> Self {
        let config::Accounts { registration, sign_in_hours, invitation_days, code_minutes } =
            config.accounts;
        let minutes = |minutes: u32| Duration::from_secs(u64::from(minutes) * 60);
        Self {
            registration,
            sign_in: minutes(sign_in_hours * 60),
            invitation: minutes(invitation_days * 1_440),
            code: minutes(code_minutes),
            url: config.server.base_url(),
        }
    }
}

impl Accounts {
    /// Opens with the key in the store. Must be called on the gateway's main runtime.
    pub async fn open(parts: AccountsParts) -> Result<Self, StoreError> {
        let AccountsParts { store, clock, leases, post, tasks, settings } = parts;
        let key = AccountKey::open(&store).await?;
        let (passwords, failures) = (Passwords::default(), Attempts::default());
        let factors = SecondFactors {
            store: store.clone(),
            clock: clock.clone(),
            key: key.clone(),
            passwords: passwords.clone(),
            failures: failures.clone(),
        };
        let sign_ins = SignIns {
            store: store.clone(),
            clock: clock.clone(),
            leases,
            key: key.clone(),
            passwords: passwords.clone(),
            failures,
            pending: PendingSignIns::default(),
            factors: factors.clone(),
            life: settings.sign_in,
        };
        let recovery = Recovery {
            store: store.clone(),
            clock: clock.clone(),
            post: post.clone(),
            tasks,
            runtime: runtime::Handle::current(),
            key,
            passwords: passwords.clone(),
            failures: Attempts::default(),
            sign_ins: sign_ins.clone(),
            life: settings.code,
        };
        let invitations = Invitations {
            store: store.clone(),
            clock: clock.clone(),
            post: post.clone(),
            life: settings.invitation,
            url: settings.url,
        };
        let registration = settings.registration;
        Ok(Self {
            sign_ins,
            factors,
            recovery,
            invitations,
            store,
            clock,
            post,
            passwords,
            registration,
        })
    }

    /// Whether mails reach people.
    pub fn has_mail(&self) -> bool {
        self.post.is_open()
    }

    pub async fn user(&self, id: Uuid) -> Result<User, Error> {
        user::known(&self.store, id).await
    }

    /// Somebody by their address, whatever its case.
    pub async fn with_email(&self, email: &str) -> Result<Option<User>, Error> {
        Ok(user::by_email(&self.store, &rules::email(email)?).await?)
    }
}
