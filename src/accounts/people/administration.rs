//! Administration: accounts made, changed and removed by those above them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use uuid::Uuid;

use crate::{
    accounts::{
        key_records::KeyRecords,
        people::{
            code::{Code, Purpose},
            login,
            rules::{self, check_governs, check_room, taken},
            service::Accounts,
            user::{self, User, unknown},
        },
        principal::Principal,
        role::Role,
        teams,
    },
    domain::{Error, Timestamp},
    store::Transaction,
};

/// An account to be made for somebody.
pub struct UserDraft {
    pub email: String,
    pub name: String,
    pub role: Role,
    /// One is made where none is given.
    pub password: Option<String>,
}

/// What is given is changed.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    pub role: Option<Role>,
    pub name: Option<String>,
    pub is_disabled: Option<bool>,
}

impl Accounts {
    /// Everybody, in the order of their making.
    pub async fn users(&self) -> Result<Vec<User>, Error> {
        Ok(user::all(&self.store).await?)
    }

    /// Makes an account for somebody, whose address counts as theirs. The password, where one was made.
    pub async fn create_user(
        &self,
        draft: UserDraft,
        by: &Principal,
    ) -> Result<(User, Option<String>), Error> {
        check_governs(by, draft.role)?;
        let made = draft.password.is_none().then(random_password);
        let password = draft.password.or_else(|| made.clone()).unwrap_or_default();
        let ((email, name), ()) = Error::both(
            Error::both(rules::email(&draft.email), rules::name("name", &draft.name)),
            rules::check_password("password", &password),
        )?;
        let user = User {
            id: Uuid::now_v7(),
            email,
            name,
            company: None,
            role: draft.role,
            password: self.passwords.hash(&password).await?,
            email_verified: true,
            is_disabled: false,
            second_factor: None,
            created_at: self.clock.now(),
            last_login_at: None,
        };
        let mut transaction = self.store.transaction();
        loop {
            transaction.next_number("accounts").await?;
            if user::by_email(transaction.store(), &user.email).await?.is_some() {
                return Err(taken());
            }
            let count = user::all(transaction.store()).await?.len();
            check_room(count)?;
            // The first of all must be able to change the others.
            if count == 0 && user.role != Role::Owner {
                return Err(Error::invalid_field("role", "must be OWNER for the first account"));
            }
            transaction.put(&User::at(user.id), &user).await?;
            teams::accept(&transaction, user.id, &user::folded(&user.email), user.created_at)
                .await?;
            if transaction.commit().await? {
                break;
            }
        }
        self.store.durable().await?;
        let id = user.id;
        tracing::info!(user = %id, "{by} made user {id} as {}", user.role);
        Ok((user, made))
    }

    pub async fn change_account(
        &self,
        id: Uuid,
        change: UserChange,
        by: &Principal,
    ) -> Result<User, Error> {
        let name = change.name.as_deref().map(|name| rules::name("name", name)).transpose()?;
        let mut transaction = self.store.transaction();
        let (user, is_cut_off, ended) = loop {
            let known = transaction.get(&User::at(id)).await?.ok_or_else(|| unknown(id))?;
            check_governs(by, known.role)?;
            let user = User {
                role: change.role.unwrap_or(known.role),
                name: name.clone().unwrap_or_else(|| known.name.clone()),
                is_disabled: change.is_disabled.unwrap_or(known.is_disabled),
                ..known.clone()
            };
            check_governs(by, user.role)?;
            let loses = |user: &User| user.is_disabled || user.role != Role::Owner;
            if !loses(&known) && loses(&user) {
                check_another_owner(&transaction, id).await?;
            }
            let mut ended = Vec::new();
            if user.is_disabled && !known.is_disabled {
                ended = login::remove_all(&transaction, id).await?;
            } else if user.role != known.role {
                ended = login::of_user(transaction.store(), id)
                    .await?
                    .iter()
                    .map(|one| one.id)
                    .collect();
            }
            transaction.put(&User::at(id), &user).await?;
            if transaction.commit().await? {
                let is_cut_off = user.is_disabled != known.is_disabled || user.role != known.role;
                break (user, is_cut_off, ended);
            }
        };
        self.store.durable().await?;
        // What they may is asked again when a stream begins again.
        if is_cut_off {
            self.sign_ins.end_streams(id, &ended).await?;
            self.sign_ins.pending.forget(id);
        }
        let state = if user.is_disabled { "disabled" } else { "active" };
        tracing::info!(user = %id, "{by} changed user {id}: {}, {state}", user.role);
        Ok(user)
    }

    /// Removes an account with its sign-ins and keys.
    pub async fn remove_user(&self, id: Uuid, by: &Principal) -> Result<(), Error> {
        let mut transaction = self.store.transaction();
        let ended = loop {
            let known = transaction.get(&User::at(id)).await?.ok_or_else(|| unknown(id))?;
            check_governs(by, known.role)?;
            if known.role == Role::Owner && !known.is_disabled {
                check_another_owner(&transaction, id).await?;
            }
            let now = self.clock.now();
            for key in KeyRecords::of(transaction.store()).of_owner(id).await? {
                KeyRecords::revoke_in(&transaction, key, now).await?;
            }
            for purpose in [Purpose::Reset, Purpose::Verify] {
                transaction.delete(&Code::at(id, purpose)).await?;
            }
            let ended = login::remove_all(&transaction, id).await?;
            teams::leave_all(&transaction, id).await?;
            transaction.delete(&User::at(id)).await?;
            if transaction.commit().await? {
                break ended;
            }
        };
        self.store.durable().await?;
        self.sign_ins.end_streams(id, &ended).await?;
        self.sign_ins.pending.forget(id);
        tracing::info!(user = %id, "{by} removed user {id}");
        Ok(())
    }

    /// A code with which somebody chooses a new password, shown this once; and its end.
    pub async fn make_reset_code(
        &self,
        id: Uuid,
        by: &Principal,
    ) -> Result<(String, Timestamp), Error> {
        check_governs(by, self.user(id).await?.role)?;
        let made = self.recovery.reset_code(id).await?;
        tracing::info!(user = %id, "{by} made a code for a new password of user {id}");
        Ok(made)
    }

    /// Takes the second factor from somebody who lost it.
    pub async fn take_totp(&self, id: Uuid, by: &Principal) -> Result<(), Error> {
        check_governs(by, self.user(id).await?.role)?;
        self.sign_ins.factors.remove(id).await?;
        self.sign_ins.pending.forget(id);
        tracing::info!(user = %id, "{by} disabled two-factor authentication of user {id}");
        Ok(())
    }
}

/// Refuses to leave the workspace without anybody who may do everything.
async fn check_another_owner(transaction: &Transaction, id: Uuid) -> Result<(), Error> {
    // Changed by each who stops being one: of two at the same time one looks again.
    transaction.next_number("owners").await?;
    let is_other = |user: &User| user.id != id && user.role == Role::Owner && !user.is_disabled;
    if user::all(transaction.store()).await?.iter().any(is_other) {
        return Ok(());
    }
    Err(Error::invalid("The workspace needs an OWNER: make another one first"))
}

/// 120 bits in 20 characters, with a letter and a digit.
fn random_password() -> String {
    loop {
        let random: [u8; 15] = rand::random();
        let password = BASE64.encode(random);
        if rules::check_password("password", &password).is_ok() {
            return password;
        }
    }
}
