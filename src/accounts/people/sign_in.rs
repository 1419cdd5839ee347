//! Signing in: password, second factor, and what a token stands for afterwards.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    accounts::{
        people::{
            login::{self, Login},
            pending,
            service::{Accounts, Visit},
            token::{self, Bearer},
            user::{self, User},
        },
        principal::Principal,
    },
    domain::{Error, ErrorCode, Timestamp, clock::between},
    store::StoreError,
};

const SEEN_EVERY: Duration = Duration::from_secs(60);

/// A person who is signed in.
pub struct SignedIn {
    pub token: String,
    pub user: User,
    /// How long the token is good.
    pub expires_in: Duration,
}

/// What comes of a password.
pub enum SignIn {
    Done(Box<SignedIn>),
    /// A code of the second factor is needed too.
    NeedsCode {
        temp_token: String,
        expires_in: Duration,
    },
}

impl Accounts {
    /// Signs somebody in. Unknown addresses get the same answer, after the same time.
    pub async fn sign_in(
        &self,
        email: &str,
        password: &str,
        code: Option<&str>,
        from: Visit,
    ) -> Result<SignIn, Error> {
        let parts = &*self.parts;
        parts.sign_ins.begin(email, &parts.clock)?;
        let looked_up = async {
            let found = user::by_email(&parts.store, email).await?;
            let hash = found.as_ref().map(|user| user.password.as_str());
            let is_right = parts.passwords.is_right(password, hash).await?;
            Ok::<_, Error>(found.filter(|_| is_right))
        };
        let found = looked_up.await.inspect_err(|_| parts.sign_ins.take_back(email))?;
        let user = found.ok_or_else(|| {
            metrics::counter!("wagate_sign_ins_failed_total").increment(1);
            Error::new(ErrorCode::Unauthenticated, "Invalid email or password")
        })?;
        if user.is_disabled {
            parts.sign_ins.take_back(email);
            return Err(Error::new(ErrorCode::Forbidden, "This account is disabled"));
        }
        if user.totp().is_some() {
            let Some(code) = code else {
                parts.sign_ins.take_back(email);
                let temp_token = parts.pending.begin(user.id, &parts.clock);
                return Ok(SignIn::NeedsCode { temp_token, expires_in: pending::LIFE });
            };
            self.take_factor(user.id, code).await?;
        }
        self.begin(user.id, from).await.map(Box::new).map(SignIn::Done)
    }

    /// The second step of a sign-in. Each wrong code counts as a failure of the account, too.
    pub async fn sign_in_with_code(
        &self,
        temp_token: &str,
        code: &str,
        from: Visit,
    ) -> Result<SignedIn, Error> {
        let parts = &*self.parts;
        let ended = || {
            let message = "The sign-in is unknown or took too long. Begin again with the password";
            Error::new(ErrorCode::Unauthenticated, message)
        };
        let id = parts.pending.attempt(temp_token, &parts.clock).ok_or_else(ended)?;
        let user = self.user(id).await.map_err(|_| ended())?;
        parts.sign_ins.begin(&user.email, &parts.clock)?;
        self.take_factor(id, code).await?;
        parts.pending.end(temp_token);
        self.begin(id, from).await
    }

    async fn take_factor(&self, user: Uuid, code: &str) -> Result<(), Error> {
        if self.spend_factor(user, code).await? {
            return Ok(());
        }
        metrics::counter!("wagate_sign_ins_failed_total").increment(1);
        let error = Error::new(ErrorCode::Unauthenticated, "Invalid two-factor code");
        Err(error.detail("reason", "totp"))
    }

    /// Begins a sign-in of somebody who was recognized.
    async fn begin(&self, id: Uuid, from: Visit) -> Result<SignedIn, Error> {
        let parts = &*self.parts;
        let login = parts.login(id, from);
        let gone = || Error::new(ErrorCode::Unauthenticated, "Invalid email or password");
        let mut transaction = parts.store.transaction();
        let (user, ended) = loop {
            // Removed or disabled meanwhile.
            let known = transaction.get(&User::at(id)).await?.filter(|user| !user.is_disabled);
            let user = User { last_login_at: Some(login.created_at), ..known.ok_or_else(gone)? };
            transaction.put(&User::at(id), &user).await?;
            let ended = login::add(&transaction, &login, login.created_at).await?;
            if transaction.commit().await? {
                break (user, ended);
            }
        };
        parts.store.durable().await?;
        ended.iter().for_each(|login| parts.leases.revoke(*login));
        parts.sign_ins.succeeded(&user.email);
        self.signed_in(user, &login)
    }

    pub(in crate::accounts::people) fn signed_in(
        &self,
        user: User,
        login: &Login,
    ) -> Result<SignedIn, Error> {
        let of = Bearer { user: user.id, login: login.id };
        let token = token::sign(&self.parts.key, of, login.created_at, login.expires_at);
        let token = token.ok_or_else(|| Error::internal("a token cannot be written"))?;
        Ok(SignedIn { token, user, expires_in: between(login.created_at, login.expires_at) })
    }

    /// The caller with this token.
    pub async fn authenticate(&self, token: &str) -> Result<Principal, Error> {
        let parts = &*self.parts;
        let refused = || Error::new(ErrorCode::Unauthenticated, "The token is not valid");
        let now = parts.clock.now();
        let bearer = token::read(&parts.key, token, now).ok_or_else(refused)?;
        let login = parts.store.get(&Login::at(bearer.login)).await?.ok_or_else(refused)?;
        if login.user != bearer.user || login.expires_at <= now {
            return Err(refused());
        }
        let user = parts.store.get(&User::at(bearer.user)).await?;
        let user = user.filter(|user| !user.is_disabled).ok_or_else(refused)?;
        // Reading stays possible while the disk refuses writes.
        if let Err(error) = self.note_seen(&login, now).await {
            tracing::debug!(%error, "the use of a sign-in could not be noted");
        }
        Ok(Principal::user(user.id, login.id, user.role))
    }

    async fn note_seen(&self, read: &Login, now: Timestamp) -> Result<(), StoreError> {
        let is_due = |login: &Login| login.last_seen_at + SEEN_EVERY < now;
        if !is_due(read) {
            return Ok(());
        }
        let (key, mut logins) = (Login::at(read.id), self.parts.store.transaction());
        while let Some(login) = logins.get(&key).await?.filter(is_due) {
            logins.put(&key, &Login { last_seen_at: now, ..login }).await?;
            if logins.commit().await? {
                break;
            }
        }
        Ok(())
    }
}
