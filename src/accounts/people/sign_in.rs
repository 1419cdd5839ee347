//! Signing in: password, second factor, and what a token stands for afterwards.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    accounts::{
        key_records::KeyRecords,
        leases::Leases,
        people::{
            attempts::Attempts,
            login::{self, Login, Visit},
            password::Passwords,
            pending::{self, PendingSignIns},
            second_factor::SecondFactors,
            secret::AccountKey,
            token::{self, Bearer},
            user::{self, User},
        },
        principal::Principal,
    },
    domain::{Clock, Error, ErrorCode, Subject, Timestamp, clock::between},
    store::{Store, StoreError},
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

/// Sign-ins of people. Clones are the same.
#[derive(Clone)]
pub struct SignIns {
    pub(in crate::accounts::people) store: Store,
    pub(in crate::accounts::people) clock: Clock,
    pub(in crate::accounts::people) leases: Leases,
    pub(in crate::accounts::people) key: AccountKey,
    pub(in crate::accounts::people) passwords: Passwords,
    /// Failures at the password.
    pub(in crate::accounts::people) failures: Attempts,
    pub(in crate::accounts::people) pending: PendingSignIns,
    pub(in crate::accounts::people) factors: SecondFactors,
    /// How long a sign-in lasts.
    pub(in crate::accounts::people) life: Duration,
}

impl SignIns {
    /// Signs somebody in. Unknown addresses get the same answer, after the same time.
    pub async fn sign_in(
        &self,
        email: &str,
        password: &str,
        code: Option<&str>,
        from: Visit,
    ) -> Result<SignIn, Error> {
        self.failures.begin(email, &self.clock)?;
        let looked_up = async {
            let found = user::by_email(&self.store, email).await?;
            let hash = found.as_ref().map(|user| user.password.as_str());
            let is_right = self.passwords.is_right(password, hash).await?;
            Ok::<_, Error>(found.filter(|_| is_right))
        };
        let found = looked_up.await.inspect_err(|_| self.failures.take_back(email))?;
        let user = found.ok_or_else(|| {
            metrics::counter!("wagate_sign_ins_failed_total").increment(1);
            Error::new(ErrorCode::Unauthenticated, "Invalid email or password")
        })?;
        if user.is_disabled {
            self.failures.take_back(email);
            return Err(Error::new(ErrorCode::Forbidden, "This account is disabled"));
        }
        if user.totp().is_some() {
            let Some(code) = code else {
                self.failures.take_back(email);
                let temp_token = self.pending.begin(user.id, &self.clock);
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
        let ended = || {
            let message = "The sign-in is unknown or took too long. Begin again with the password";
            Error::new(ErrorCode::Unauthenticated, message)
        };
        let id = self.pending.attempt(temp_token, &self.clock).ok_or_else(ended)?;
        let user = user::known(&self.store, id).await.map_err(|_| ended())?;
        self.failures.begin(&user.email, &self.clock)?;
        self.take_factor(id, code).await?;
        self.pending.end(temp_token);
        self.begin(id, from).await
    }

    async fn take_factor(&self, user: Uuid, code: &str) -> Result<(), Error> {
        if self.factors.spend(user, code).await? {
            return Ok(());
        }
        metrics::counter!("wagate_sign_ins_failed_total").increment(1);
        let error = Error::new(ErrorCode::Unauthenticated, "Invalid two-factor code");
        Err(error.detail("reason", "totp"))
    }

    /// Begins a sign-in of somebody who was recognized.
    async fn begin(&self, id: Uuid, from: Visit) -> Result<SignedIn, Error> {
        let login = self.login(id, from);
        let gone = || Error::new(ErrorCode::Unauthenticated, "Invalid email or password");
        let mut transaction = self.store.transaction();
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
        self.store.durable().await?;
        ended.iter().for_each(|login| self.leases.revoke(*login));
        self.failures.succeeded(&user.email);
        self.signed_in(user, &login)
    }

    pub(in crate::accounts::people) fn signed_in(
        &self,
        user: User,
        login: &Login,
    ) -> Result<SignedIn, Error> {
        let of = Bearer { user: user.id, login: login.id };
        let token = token::sign(&self.key, of, login.created_at, login.expires_at);
        let token = token.ok_or_else(|| Error::internal("a token cannot be written"))?;
        Ok(SignedIn { token, user, expires_in: between(login.created_at, login.expires_at) })
    }

    /// The caller with this token.
    pub async fn authenticate(&self, token: &str) -> Result<Principal, Error> {
        let refused = || Error::new(ErrorCode::Unauthenticated, "The token is not valid");
        let now = self.clock.now();
        let bearer = token::read(&self.key, token, now).ok_or_else(refused)?;
        let login = self.store.get(&Login::at(bearer.login)).await?.ok_or_else(refused)?;
        if login.user != bearer.user || login.expires_at <= now {
            return Err(refused());
        }
        let user = self.store.get(&User::at(bearer.user)).await?;
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
        let (key, mut logins) = (Login::at(read.id), self.store.transaction());
        while let Some(login) = logins.get(&key).await?.filter(is_due) {
            logins.put(&key, &Login { last_seen_at: now, ..login }).await?;
            if logins.commit().await? {
                break;
            }
        }
        Ok(())
    }

    /// Those that last, newest first.
    pub async fn logins(&self, user: Uuid) -> Result<Vec<Login>, Error> {
        let now = self.clock.now();
        let mut logins = login::of_user(&self.store, user).await?;
        logins.retain(|login| now < login.expires_at);
        logins.reverse();
        Ok(logins)
    }

    /// Ends a sign-in of a person, and its streams. The token opens nothing more.
    pub async fn sign_out(&self, user: Uuid, login: Uuid) -> Result<(), Error> {
        let unknown =
            || Error::not_found(Subject::Login, format!("there is no sign-in {login} of yours"));
        let mut transaction = self.store.transaction();
        loop {
            let found = transaction.get(&Login::at(login)).await?;
            found.filter(|found| found.user == user).ok_or_else(unknown)?;
            transaction.delete(&Login::at(login)).await?;
            if transaction.commit().await? {
                break;
            }
        }
        self.leases.revoke(login);
        self.store.durable().await?;
        Ok(())
    }

    /// Ends the streams of sign-ins, and of all keys of a person.
    pub(in crate::accounts::people) async fn end_streams(
        &self,
        user: Uuid,
        logins: &[Uuid],
    ) -> Result<(), Error> {
        logins.iter().for_each(|login| self.leases.revoke(*login));
        for key in KeyRecords::of(&self.store).of_owner(user).await? {
            self.leases.revoke(key.id);
        }
        Ok(())
    }

    /// After a change of the password: streams of sign-ins that ended end, and nothing that was begun goes on.
    pub(in crate::accounts::people) fn replaced(&self, user: Uuid, ended: &[Uuid]) {
        ended.iter().for_each(|login| self.leases.revoke(*login));
        self.pending.forget(user);
    }

    /// A record of a sign-in that begins now.
    pub(in crate::accounts::people) fn login(&self, user: Uuid, from: Visit) -> Login {
        Login::new(user, from, self.clock.now(), self.life)
    }
}
