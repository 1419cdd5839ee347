//! What people change of their own account: their name, and their password with the present one.

use uuid::Uuid;

use crate::{
    accounts::people::{
        code::{Code, Purpose},
        login, mails, rules,
        service::Accounts,
        user::{self, User, unknown},
    },
    domain::{Error, ErrorCode},
};

impl Accounts {
    /// Whether anybody has an account.
    pub async fn has_any(&self) -> Result<bool, Error> {
        Ok(!user::all(&self.store).await?.is_empty())
    }

    pub async fn rename_oneself(&self, id: Uuid, name: &str) -> Result<User, Error> {
        let name = rules::name("name", name)?;
        let rename = |user: &mut User| {
            user.name.clone_from(&name);
            Ok(())
        };
        let user = user::change(&self.store, id, rename).await?;
        tracing::info!(user = %id, "user {id} changed their name");
        Ok(user)
    }

    /// Chooses a new password with the present one. All sign-ins of the person end but this one.
    pub async fn change_password(
        &self,
        (id, own): (Uuid, Uuid),
        present: &str,
        new: &str,
    ) -> Result<(), Error> {
        rules::check_password("new_password", new)?;
        let known = self.user(id).await?;
        let wrong = || Error::invalid_field("current_password", "is not your password");
        self.sign_ins.failures.begin(&known.email, &self.clock)?;
        if !self.passwords.is_right(present, Some(&known.password)).await? {
            tracing::info!(user = %id, "user {id} gave a wrong password for a new one");
            return Err(wrong());
        }
        self.sign_ins.failures.succeeded(&known.email);
        if present == new {
            return Err(Error::invalid_field("new_password", "is the present one"));
        }
        let hash = self.passwords.hash(new).await?;
        let mut transaction = self.store.transaction();
        let ended = loop {
            let now = self.clock.now();
            let user = transaction.get(&User::at(id)).await?.ok_or_else(|| unknown(id))?;
            // Of two changes at the same time, the second was made with a password that is none any more.
            if user.password != known.password {
                return Err(wrong());
            }
            if user.is_disabled {
                return Err(Error::new(ErrorCode::Forbidden, "The account is disabled"));
            }
            let mail = mails::own_password_changed(&user.email, now);
            self.post.queue_in(transaction.store(), &mail).await?;
            transaction.put(&User::at(id), &User { password: hash.clone(), ..user }).await?;
            transaction.delete(&Code::at(id, Purpose::Reset)).await?;
            let others = login::remove_others(&transaction, id, own).await?;
            if transaction.commit().await? {
                break others;
            }
        };
        self.store.durable().await?;
        self.post.woken();
        self.sign_ins.replaced(id, &ended);
        tracing::info!(user = %id, "user {id} changed their password; {} sign-ins ended", ended.len());
        Ok(())
    }
}
