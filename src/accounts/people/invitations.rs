//! Invitations: a link by which one address may make an account. It is shown once, and mailed where mail is sent.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    accounts::{
        people::{
            invitation::{self, Invitation},
            mails,
            rules::{self, check_governs, taken},
            user,
        },
        principal::Principal,
        role::Role,
        teams::{self, TeamInvite, TeamRole},
    },
    config::BaseUrl,
    domain::{Clock, Error, ErrorCode, Subject},
    mail::Post,
    store::Store,
};

const PREFIX: &str = "inv_";
/// Invitations that are open at once.
const MOST_INVITATIONS: usize = 500;

/// Invitations into the workspace. Clones are the same.
#[derive(Clone)]
pub struct Invitations {
    pub(in crate::accounts::people) store: Store,
    pub(in crate::accounts::people) clock: Clock,
    pub(in crate::accounts::people) post: Post,
    /// How long an invitation is good.
    pub(in crate::accounts::people) life: Duration,
    /// The address of the gateway, for links.
    pub(in crate::accounts::people) url: BaseUrl,
}

impl Invitations {
    /// Invites an address; an earlier invitation of it is good no more. The invitation and its code.
    pub async fn invite(
        &self,
        email: &str,
        role: Role,
        by: &Principal,
    ) -> Result<(Invitation, String), Error> {
        self.invite_with(email, role, by, None).await
    }

    /// Invites an address into the workspace and a team of it.
    pub async fn invite_to_team(
        &self,
        email: &str,
        (role, team, in_team): (Role, Uuid, TeamRole),
        by: &Principal,
    ) -> Result<(Invitation, String), Error> {
        self.invite_with(email, role, by, Some((team, in_team))).await
    }

    async fn invite_with(
        &self,
        email: &str,
        role: Role,
        by: &Principal,
        team: Option<(Uuid, TeamRole)>,
    ) -> Result<(Invitation, String), Error> {
        let email = rules::email(email)?;
        check_governs(by, role)?;
        let random: [u8; 32] = rand::random();
        let code = format!("{PREFIX}{}", BASE64.encode(random));
        let now = self.clock.now();
        let made = Invitation {
            id: Uuid::now_v7(),
            email,
            role,
            hash: Sha256::digest(code.as_bytes()).into(),
            by: by.person(),
            created_at: now,
            expires_at: now + self.life,
        };
        let mut transaction = self.store.transaction();
        loop {
            // Changed by each: of two at the same time one counts again.
            transaction.next_number("invitations").await?;
            if user::by_email(transaction.store(), &made.email).await?.is_some() {
                return Err(taken());
            }
            let mut open = 0;
            for known in invitation::all(transaction.store()).await? {
                let is_same = user::folded(&known.email) == user::folded(&made.email);
                if is_same || known.expires_at <= now {
                    transaction.delete(&Invitation::at(known.id)).await?;
                } else {
                    open += 1;
                }
            }
            if MOST_INVITATIONS <= open {
                let message =
                    format!("There are {MOST_INVITATIONS} invitations already. Withdraw one first");
                let error = Error::new(ErrorCode::Conflict, message);
                return Err(error.detail("limit", MOST_INVITATIONS));
            }
            transaction.put(&Invitation::at(made.id), &made).await?;
            if let Some((team, role)) = team {
                let invite = TeamInvite {
                    id: made.id,
                    team,
                    email: user::folded(&made.email),
                    role,
                    created_at: now,
                    expires_at: made.expires_at,
                };
                if !teams::add_invite(&transaction, &invite).await? {
                    let message = "There are too many invitations into this team already";
                    return Err(Error::new(ErrorCode::Conflict, message));
                }
            }
            let link = self.link(&code);
            let mail = mails::invitation(&made.email, &link, now, made.expires_at);
            self.post.queue_in(transaction.store(), &mail).await?;
            if transaction.commit().await? {
                break;
            }
        }
        self.store.durable().await?;
        self.post.woken();
        tracing::info!(invitation = %made.id, "{by} made invitation {} for {role}", made.id);
        Ok((made, code))
    }

    /// Where somebody with this code joins. Behind `#` it reaches no server and no log.
    pub fn link(&self, code: &str) -> String {
        format!("{}/#/join?code={code}", self.url.get())
    }

    /// Those that are open, newest first.
    pub async fn open(&self) -> Result<Vec<Invitation>, Error> {
        let now = self.clock.now();
        let mut all = invitation::all(&self.store).await?;
        all.retain(|invitation| now < invitation.expires_at);
        all.reverse();
        Ok(all)
    }

    /// Withdraws an invitation: its link is good no more.
    pub async fn withdraw(&self, id: Uuid, by: &Principal) -> Result<(), Error> {
        let unknown =
            || Error::not_found(Subject::Invitation, format!("there is no invitation {id}"));
        let mut transaction = self.store.transaction();
        loop {
            let found = transaction.get(&Invitation::at(id)).await?.ok_or_else(unknown)?;
            check_governs(by, found.role)?;
            transaction.delete(&Invitation::at(id)).await?;
            teams::withdraw(&transaction, &user::folded(&found.email), id).await?;
            if transaction.commit().await? {
                break;
            }
        }
        self.store.durable().await?;
        tracing::info!(invitation = %id, "{by} withdrew invitation {id}");
        Ok(())
    }
}
