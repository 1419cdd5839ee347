//! The service of people: what its parts share.

use std::{sync::Arc, time::Duration};

use tokio::runtime;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::{
    accounts::{
        key_records::KeyRecords,
        leases::Leases,
        people::{
            attempts::Attempts,
            login::Login,
            password::Passwords,
            pending::PendingSignIns,
            rules,
            secret::AccountKey,
            user::{self, User},
        },
    },
    config::{self, BaseUrl, Config, Registration},
    domain::{Clock, Error, Subject},
    mail::Post,
    store::{Store, StoreError},
};

/// The people of the workspace. Clones are the same service.
#[derive(Clone)]
pub struct Accounts {
    pub(in crate::accounts::people) parts: Arc<Parts>,
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

pub(in crate::accounts::people) struct Parts {
    pub store: Store,
    pub clock: Clock,
    pub leases: Leases,
    pub post: Post,
    pub tasks: TaskTracker,
    /// Callers may run on others, which end before it.
    pub runtime: runtime::Handle,
    pub settings: AccountSettings,
    pub key: AccountKey,
    pub passwords: Passwords,
    /// Failures at the password, and at codes.
    pub sign_ins: Attempts,
    pub resets: Attempts,
    pub pending: PendingSignIns,
}

/// From where somebody signs in.
#[derive(Clone, Debug, Default)]
pub struct Visit {
    pub address: String,
    pub agent: Option<String>,
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
        let parts = Parts {
            store,
            clock,
            leases,
            post,
            tasks,
            runtime: runtime::Handle::current(),
            settings,
            key,
            passwords: Passwords::default(),
            sign_ins: Attempts::default(),
            resets: Attempts::default(),
            pending: PendingSignIns::default(),
        };
        Ok(Self { parts: Arc::new(parts) })
    }

    /// Whether mails reach people.
    pub fn has_mail(&self) -> bool {
        self.parts.post.is_open()
    }

    pub async fn user(&self, id: Uuid) -> Result<User, Error> {
        self.parts.store.get(&User::at(id)).await?.ok_or_else(|| unknown(id))
    }

    /// Somebody by their address, whatever its case.
    pub async fn with_email(&self, email: &str) -> Result<Option<User>, Error> {
        Ok(user::by_email(&self.parts.store, &rules::email(email)?).await?)
    }

    /// Ends the streams of sign-ins, and of all keys of a person.
    pub(in crate::accounts::people) async fn end_streams(
        &self,
        user: Uuid,
        logins: &[Uuid],
    ) -> Result<(), Error> {
        let Parts { store, leases, .. } = &*self.parts;
        logins.iter().for_each(|login| leases.revoke(*login));
        for key in KeyRecords::of(store).of_owner(user).await? {
            leases.revoke(key.id);
        }
        Ok(())
    }
}

impl Parts {
    /// A record of a sign-in that begins now.
    pub fn login(&self, user: Uuid, from: Visit) -> Login {
        let now = self.clock.now();
        Login {
            id: Uuid::now_v7(),
            user,
            created_at: now,
            expires_at: now + self.settings.sign_in,
            last_seen_at: now,
            address: from.address,
            agent: from.agent,
        }
    }
}

pub fn unknown(id: Uuid) -> Error {
    Error::not_found(Subject::User, format!("there is no user {id}"))
}
