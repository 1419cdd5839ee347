//! Codes by mail: for a new password, and for an address to be one's own.

use std::time::Duration;

use tokio::runtime;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::{
    accounts::{
        people::{
            attempts::Attempts,
            code::{ANOTHER_AFTER, Code, Purpose, is_right, spend},
            login, mails,
            password::Passwords,
            rules,
            secret::AccountKey,
            sign_in::SignIns,
            user::{self, User},
        },
        teams,
    },
    domain::{Clock, Error, ErrorCode, Timestamp, clock::between},
    mail::Post,
    store::{Store, Transaction},
};

/// How long the code for an address is good.
pub const VERIFY_WITHIN: Duration = Duration::from_secs(86_400);

/// New passwords by code, and addresses that are shown to be somebody's. Clones are the same.
#[derive(Clone)]
pub struct Recovery {
    pub(in crate::accounts::people) store: Store,
    pub(in crate::accounts::people) clock: Clock,
    pub(in crate::accounts::people) post: Post,
    pub(in crate::accounts::people) tasks: TaskTracker,
    /// Callers may run on others, which end before it.
    pub(in crate::accounts::people) runtime: runtime::Handle,
    pub(in crate::accounts::people) key: AccountKey,
    pub(in crate::accounts::people) passwords: Passwords,
    /// Failures at codes.
    pub(in crate::accounts::people) failures: Attempts,
    pub(in crate::accounts::people) sign_ins: SignIns,
    /// How long a code to choose a new password is good.
    pub(in crate::accounts::people) life: Duration,
}

impl Recovery {
    /// Mails a code for a new password to somebody with this address, if there is somebody. Returns at once, so that the
    /// time tells nothing.
    pub fn forgot_password(&self, email: &str) {
        let (recovery, email) = (self.clone(), email.to_owned());
        let mailed = async move {
            if let Err(error) = recovery.mail_reset(&email).await {
                tracing::warn!(%error, "a code for a new password could not be mailed");
            }
        };
        self.tasks.spawn_on(mailed, &self.runtime);
    }

    async fn mail_reset(&self, email: &str) -> Result<(), Error> {
        let Some(user) = user::by_email(&self.store, email).await? else { return Ok(()) };
        let id = user.id;
        if user.is_disabled {
            return Ok(());
        }
        if !self.post.is_open() {
            tracing::info!(
                user = %id,
                "user {id} asked for a new password, and no mail is sent: an administrator can make a code"
            );
            return Ok(());
        }
        let place = Code::at(id, Purpose::Reset);
        let mut transaction = self.store.transaction();
        loop {
            let now = self.clock.now();
            let known = transaction.get(&place).await?;
            if known.is_some_and(|code| now < code.created_at + ANOTHER_AFTER) {
                return Ok(());
            }
            let life = self.life;
            let (code, text) = Code::new(&self.key, id, Purpose::Reset, now, life);
            transaction.put(&place, &code).await?;
            let mail = mails::reset(&user.email, &text, now, code.expires_at);
            self.post.queue_in(transaction.store(), &mail).await?;
            if transaction.commit().await? {
                break;
            }
        }
        self.store.durable().await?;
        self.post.woken();
        Ok(())
    }

    /// A code for a new password, to be shown once to a caller who may change this account; and its end.
    pub(in crate::accounts::people) async fn reset_code(
        &self,
        user: Uuid,
    ) -> Result<(String, Timestamp), Error> {
        let now = self.clock.now();
        let (code, text) = Code::new(&self.key, user, Purpose::Reset, now, self.life);
        let mut transaction = self.store.transaction();
        loop {
            transaction.put(&Code::at(user, Purpose::Reset), &code).await?;
            if transaction.commit().await? {
                break;
            }
        }
        self.store.durable().await?;
        Ok((text, code.expires_at))
    }

    /// Chooses a new password with a code. All sign-ins end.
    pub async fn reset_password(
        &self,
        email: &str,
        code: &str,
        password: &str,
    ) -> Result<(), Error> {
        rules::check_password("new_password", password)?;
        self.failures.begin(email, &self.clock)?;
        let known = user::by_email(&self.store, email).await?;
        let id = known.filter(|user| !user.is_disabled).map(|user| user.id).ok_or_else(expired)?;
        // A hash takes long, and would tell that there is somebody.
        let asked = (id, Purpose::Reset);
        let seems_right = is_right(&self.store, &self.key, asked, code, self.clock.now()).await?;
        let hash = match seems_right {
            true => self.passwords.hash(password).await?,
            false => String::new(),
        };
        let mut transaction = self.store.transaction();
        let ended = loop {
            let now = self.clock.now();
            let is_right = spend(&transaction, &self.key, asked, code, now).await?;
            let mut ended = None;
            if is_right && seems_right {
                let user = transaction.get(&User::at(id)).await?.ok_or_else(expired)?;
                let mail = mails::password_changed(&user.email, now);
                self.post.queue_in(transaction.store(), &mail).await?;
                let user = User { password: hash.clone(), ..user };
                transaction.put(&User::at(id), &user).await?;
                ended = Some(login::remove_all(&transaction, id).await?);
            }
            if transaction.commit().await? {
                break ended;
            }
        };
        // Nor is there a flush for a wrong one.
        let ended = ended.ok_or_else(expired)?;
        self.store.durable().await?;
        self.post.woken();
        self.sign_ins.replaced(id, &ended);
        self.failures.succeeded(email);
        self.sign_ins.failures.succeeded(email);
        tracing::info!(user = %id, "user {id} chose a new password; {} sign-ins ended", ended.len());
        Ok(())
    }

    /// Shows with a code that an address is somebody's: of this person, or of the account that has the address.
    pub async fn verify_email(
        &self,
        user: Option<Uuid>,
        email: Option<&str>,
        code: &str,
    ) -> Result<User, Error> {
        let known = match (user, email) {
            (Some(id), _) => Some(user::known(&self.store, id).await?),
            (None, Some(email)) => {
                self.failures.begin(email, &self.clock)?;
                user::by_email(&self.store, email).await?
            }
            (None, None) => {
                let fault = "is required without a sign-in";
                return Err(Error::invalid_field("email", fault));
            }
        };
        let id = known.map(|user| user.id).ok_or_else(expired)?;
        let mut transaction = self.store.transaction();
        let user = loop {
            let now = self.clock.now();
            let is_right = spend(&transaction, &self.key, (id, Purpose::Verify), code, now).await?;
            let mut verified = None;
            if is_right {
                let user = transaction.get(&User::at(id)).await?.ok_or_else(expired)?;
                let user = User { email_verified: true, ..user };
                transaction.put(&User::at(id), &user).await?;
                teams::accept(&transaction, id, &user::folded(&user.email), now).await?;
                verified = Some(user);
            }
            if transaction.commit().await? {
                break verified;
            }
        };
        let user = user.ok_or_else(expired)?;
        self.store.durable().await?;
        self.failures.succeeded(&user.email);
        Ok(user)
    }

    /// Mails another code for somebody's address; false where it is known to be theirs already.
    pub async fn resend_verification(&self, id: Uuid) -> Result<bool, Error> {
        if !self.post.is_open() {
            let message = "No mail is sent from here. Ask an administrator";
            return Err(Error::new(ErrorCode::Unsupported, message));
        }
        let mut transaction = self.store.transaction();
        loop {
            let user = transaction.get(&User::at(id)).await?.ok_or_else(expired)?;
            if user.email_verified {
                return Ok(false);
            }
            let now = self.clock.now();
            let code = transaction.get(&Code::at(id, Purpose::Verify)).await?;
            if let Some(until) = code.map(|code| code.created_at + ANOTHER_AFTER)
                && now < until
            {
                let seconds = between(now, until).as_secs() + 1;
                let message = "A code was mailed a moment ago. Wait for it";
                let error = Error::new(ErrorCode::RateLimited, message);
                return Err(error.detail("retryAfter", seconds));
            }
            self.ask_to_verify(&transaction, &user).await?;
            if transaction.commit().await? {
                break;
            }
        }
        self.store.durable().await?;
        self.post.woken();
        Ok(true)
    }

    /// Makes a code for somebody's address and puts the mail with it into the queue, within a transaction.
    pub(in crate::accounts::people) async fn ask_to_verify(
        &self,
        transaction: &Transaction,
        user: &User,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let (code, text) = Code::new(&self.key, user.id, Purpose::Verify, now, VERIFY_WITHIN);
        transaction.put(&Code::at(user.id, Purpose::Verify), &code).await?;
        let mail = mails::verification(&user.email, &text, now, code.expires_at);
        self.post.queue_in(transaction.store(), &mail).await?;
        Ok(())
    }
}

fn expired() -> Error {
    Error::invalid("Invalid or expired code")
}
