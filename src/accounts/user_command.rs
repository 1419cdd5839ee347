//! People on the command line: through the gateway that uses the data folder, or else in its store.

use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::{
    accounts::{
        command_place::{KeysError, NoStore, Place},
        leases::Leases,
        people::{AccountSettings, Accounts, AccountsParts, User, UserChange, UserDraft},
        principal::Principal,
        role::Role,
    },
    config::Config,
    domain::{Clock, Timestamp},
    mail::Post,
    store::Catalogue,
};

/// How long the gateway may take to answer.
const DEADLINE: Duration = Duration::from_secs(30);
const PATH: &str = "/api/v1/users";

/// The people of one data folder.
pub struct People {
    place: Place<Box<Accounts>>,
}

/// Somebody as they are listed.
#[derive(Debug, PartialEq, Eq)]
pub struct Person {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub role: String,
    pub status: String,
}

impl People {
    /// Finds the gateway of this folder, or opens its store.
    pub async fn open(
        config: &Config,
        clock: Clock,
        catalogue: Catalogue,
        without: NoStore,
    ) -> Result<Self, KeysError> {
        let store = match Place::of(config, catalogue, without, "").await? {
            Place::Gateway(gateway) => return Ok(Self { place: Place::Gateway(gateway) }),
            Place::Store(store) => store,
        };
        let parts = AccountsParts {
            store,
            clock,
            leases: Leases::default(),
            post: Post::closed(),
            tasks: TaskTracker::new(),
            settings: AccountSettings::of(config),
        };
        let accounts = Accounts::open(parts).await.map_err(KeysError::of)?;
        Ok(Self { place: Place::Store(Box::new(accounts)) })
    }

    /// Makes an account; its password, which is shown this once.
    pub async fn create(
        &self,
        email: String,
        name: String,
        role: Role,
    ) -> Result<(Person, String), KeysError> {
        match &self.place {
            Place::Store(accounts) => {
                let draft = UserDraft { email, name, role, password: None };
                let made = accounts.create_user(draft, &Principal::owner()).await;
                let (user, password) = made.map_err(KeysError::of)?;
                Ok((user.into(), password.unwrap_or_default()))
            }
            Place::Gateway(gateway) => {
                let body = json!({ "email": email, "name": name, "role": role });
                let made = gateway.post(PATH, Some(body), DEADLINE).await.map_err(KeysError::of)?;
                let password = made["password"].as_str().unwrap_or_default().to_owned();
                Ok((Person::of(&made["user"])?, password))
            }
        }
    }

    pub async fn list(&self) -> Result<Vec<Person>, KeysError> {
        match &self.place {
            Place::Store(accounts) => {
                let users = accounts.users().await.map_err(KeysError::of)?;
                Ok(users.into_iter().map(Person::from).collect())
            }
            Place::Gateway(gateway) => {
                let list = gateway.get(PATH, DEADLINE).await.map_err(KeysError::of)?;
                list["users"].as_array().into_iter().flatten().map(Person::of).collect()
            }
        }
    }

    pub async fn set_role(&self, email: &str, role: Role) -> Result<(), KeysError> {
        let id = self.find(email).await?;
        match &self.place {
            Place::Store(accounts) => {
                let change = UserChange { role: Some(role), ..UserChange::default() };
                let changed = accounts.change_account(id, change, &Principal::owner()).await;
                changed.map(|_| ()).map_err(KeysError::of)
            }
            Place::Gateway(gateway) => {
                let path = format!("{PATH}/{id}");
                let changed = gateway.patch(&path, json!({ "role": role }), DEADLINE).await;
                changed.map(|_| ()).map_err(KeysError::of)
            }
        }
    }

    /// A code with which somebody chooses a new password, and its end.
    pub async fn reset_code(&self, email: &str) -> Result<(String, String), KeysError> {
        let id = self.find(email).await?;
        match &self.place {
            Place::Store(accounts) => {
                let made = accounts.make_reset_code(id, &Principal::owner()).await;
                let (code, end): (String, Timestamp) = made.map_err(KeysError::of)?;
                Ok((code, end.to_string()))
            }
            Place::Gateway(gateway) => {
                let path = format!("{PATH}/{id}/reset-code");
                let made = gateway.post(&path, None, DEADLINE).await.map_err(KeysError::of)?;
                let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
                Ok((text("code"), text("expires_at")))
            }
        }
    }

    pub async fn disable_totp(&self, email: &str) -> Result<(), KeysError> {
        let id = self.find(email).await?;
        match &self.place {
            Place::Store(accounts) => {
                accounts.take_totp(id, &Principal::owner()).await.map_err(KeysError::of)
            }
            Place::Gateway(gateway) => {
                let path = format!("{PATH}/{id}/totp");
                gateway.delete(&path, DEADLINE).await.map(|_| ()).map_err(KeysError::of)
            }
        }
    }

    async fn find(&self, email: &str) -> Result<Uuid, KeysError> {
        let wanted = email.trim().to_lowercase();
        let all = self.list().await?;
        let found = all.into_iter().find(|person| person.email.to_lowercase() == wanted);
        found
            .map(|person| person.id)
            .ok_or_else(|| KeysError::of(format!("nobody has the e-mail address {email}")))
    }
}

impl From<User> for Person {
    fn from(user: User) -> Self {
        let status = if user.is_disabled { "disabled" } else { "active" };
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            role: user.role.to_string(),
            status: status.to_owned(),
        }
    }
}

impl Person {
    fn of(view: &Value) -> Result<Self, KeysError> {
        let text = |name: &str| view[name].as_str().unwrap_or_default().to_owned();
        Ok(Self {
            id: text("id").parse().map_err(KeysError::of)?,
            email: text("email"),
            name: text("name"),
            role: text("role"),
            status: text("status"),
        })
    }
}
