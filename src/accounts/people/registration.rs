//! Registration: who may make an account for themselves, and how it begins.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    accounts::{
        people::{
            invitation::{self, Invitation},
            login::{self, Visit},
            rules::{self, check_room, taken},
            service::Accounts,
            sign_in::SignedIn,
            user::{self, User},
        },
        principal::Principal,
        role::Role,
        teams,
    },
    config::Registration,
    domain::{Error, ErrorCode},
    store::Store,
};

/// Somebody who makes an account.
#[derive(Clone)]
pub struct Newcomer {
    pub email: String,
    pub password: String,
    pub name: String,
    pub company: Option<String>,
    /// What an invitation says.
    pub invite_code: Option<String>,
}

/// A new account, whose owner is signed in.
pub struct Registered {
    pub signed_in: SignedIn,
    /// Whether the address has to be shown to be theirs.
    pub verification_required: bool,
}

/// How somebody comes in.
struct Entry {
    role: Role,
    invitation: Option<Invitation>,
}

impl Accounts {
    /// Makes an account. The first one is for a caller who owns the gateway, and owns the workspace.
    pub async fn register(
        &self,
        newcomer: Newcomer,
        by: &Principal,
        from: Visit,
    ) -> Result<Registered, Error> {
        let (email, name, company) = checked(&newcomer)?;
        let code = newcomer.invite_code.as_deref().map(str::trim).filter(|code| !code.is_empty());
        // Before a hash is made for somebody who may not come in.
        self.entry(&self.store, &email, code, by).await?;
        let password = self.passwords.hash(&newcomer.password).await?;
        let (now, id) = (self.clock.now(), Uuid::now_v7());
        let login = self.sign_ins.login(id, from);
        let mut transaction = self.store.transaction();
        let user = loop {
            // Changed by each new account: of two at the same time one looks again.
            transaction.next_number("accounts").await?;
            let Entry { role, invitation } =
                self.entry(transaction.store(), &email, code, by).await?;
            // An invitation went to the address, or its inviter answers for it.
            let is_known = invitation.is_some() || !self.post.is_open();
            let user = User {
                id,
                email: email.clone(),
                name: name.clone(),
                company: company.clone(),
                role,
                password: password.clone(),
                email_verified: is_known,
                is_disabled: false,
                second_factor: None,
                created_at: now,
                last_login_at: Some(now),
            };
            transaction.put(&User::at(id), &user).await?;
            login::add(&transaction, &login, now).await?;
            if is_known {
                teams::accept(&transaction, id, &user::folded(&email), now).await?;
            }
            if let Some(used) = invitation {
                transaction.delete(&Invitation::at(used.id)).await?;
            }
            if !is_known {
                self.recovery.ask_to_verify(&transaction, &user).await?;
            }
            if transaction.commit().await? {
                break user;
            }
        };
        self.store.durable().await?;
        self.post.woken();
        tracing::info!(user = %id, role = %user.role, "user {id} registered as {}", user.role);
        let verification_required = !user.email_verified;
        let signed_in = self.sign_ins.signed_in(user, &login)?;
        Ok(Registered { signed_in, verification_required })
    }

    /// Whether somebody may come in with this address, and as what.
    async fn entry(
        &self,
        store: &Store,
        email: &str,
        code: Option<&str>,
        by: &Principal,
    ) -> Result<Entry, Error> {
        let is_of_the_gateway = by.rank() == Some(Role::Owner);
        let known = user::by_email(store, email).await?;
        // Strangers do not learn who has an account.
        if known.is_some() && is_of_the_gateway {
            return Err(taken());
        }
        let count = user::all(store).await?.len();
        if count == 0 {
            let refused = "The first account is made on the machine of the gateway, or with its first API key";
            return match is_of_the_gateway {
                true => Ok(Entry { role: Role::Owner, invitation: None }),
                false => Err(Error::new(ErrorCode::Forbidden, refused)),
            };
        }
        let refused = |message: &str| Err(Error::new(ErrorCode::Forbidden, message));
        let entry = match (self.registration, code) {
            (Registration::Closed, _) => return refused("Registration is closed"),
            (_, Some(code)) => {
                let hash = Sha256::digest(code.as_bytes()).into();
                let found = invitation::by_hash(store, &hash).await?;
                let now = self.clock.now();
                match found.filter(|found| now < found.expires_at) {
                    Some(found) if user::folded(&found.email) == user::folded(email) => {
                        Entry { role: found.role, invitation: Some(found) }
                    }
                    Some(_) => return refused("The invitation is for another e-mail address"),
                    None => return refused("The invitation is unknown, used or has expired"),
                }
            }
            (Registration::Open, None) => Entry { role: Role::Agent, invitation: None },
            (Registration::Invite, None) => return refused("Registration needs an invitation"),
        };
        if known.is_some() {
            return Err(taken());
        }
        check_room(count)?;
        Ok(entry)
    }
}

fn checked(newcomer: &Newcomer) -> Result<(String, String, Option<String>), Error> {
    let company = newcomer.company.as_deref().filter(|company| !company.trim().is_empty());
    let company = company.map(|company| rules::name("company", company)).transpose();
    let password = rules::check_password("password", &newcomer.password);
    let texts = Error::both(rules::name("name", &newcomer.name), company);
    let ((email, ()), (name, company)) =
        Error::both(Error::both(rules::email(&newcomer.email), password), texts)?;
    Ok((email, name, company))
}
