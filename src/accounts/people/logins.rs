//! The sign-ins of a person: listed and ended by themselves.

use uuid::Uuid;

use crate::{
    accounts::people::{
        login::{self, Login},
        service::Accounts,
    },
    domain::{Error, Subject},
};

impl Accounts {
    /// Those that last, newest first.
    pub async fn logins(&self, user: Uuid) -> Result<Vec<Login>, Error> {
        let now = self.parts.clock.now();
        let mut logins = login::of_user(&self.parts.store, user).await?;
        logins.retain(|login| now < login.expires_at);
        logins.reverse();
        Ok(logins)
    }

    /// Ends a sign-in of a person, and its streams. The token opens nothing more.
    pub async fn sign_out(&self, user: Uuid, login: Uuid) -> Result<(), Error> {
        let unknown =
            || Error::not_found(Subject::Login, format!("there is no sign-in {login} of yours"));
        let mut transaction = self.parts.store.transaction();
        loop {
            let found = transaction.get(&Login::at(login)).await?;
            found.filter(|found| found.user == user).ok_or_else(unknown)?;
            transaction.delete(&Login::at(login)).await?;
            if transaction.commit().await? {
                break;
            }
        }
        self.parts.leases.revoke(login);
        self.parts.store.durable().await?;
        Ok(())
    }
}
