//! What a caller may do with a bot.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    accounts::{Principal, TeamMember, User},
    bots::{Bot, Viewer},
    domain::Error,
    teams::{
        readers::{people_of, workers_of},
        service::Teams,
        share::{Access, Share},
    },
};

impl Teams {
    /// What a caller may do with a bot; none where it does not exist to them.
    pub async fn access(&self, caller: &Principal, bot: &Bot) -> Result<Option<Access>, Error> {
        if Viewer::of(caller).sees(bot) {
            return Ok(Some(Access::Manage));
        }
        match caller.person() {
            Some(person) => Ok(self.shared_bots(person).await?.get(&bot.id).copied()),
            None => Ok(None),
        }
    }

    /// The bots that are shared with a person through teams, each with what the person may do.
    pub async fn shared_bots(&self, user: Uuid) -> Result<HashMap<Uuid, Access>, Error> {
        let mut bots: HashMap<Uuid, Access> = HashMap::new();
        for member in TeamMember::of_user(self.store(), user).await? {
            for share in Share::of_team(self.store(), member.team).await? {
                let access = share.access_of(member.role);
                let known = bots.entry(share.bot).or_insert(access);
                *known = access.max(*known);
            }
        }
        Ok(bots)
    }

    /// The teams that each of these bots is shared with, in their order.
    pub async fn teams_of_bots(&self, bots: &[Uuid]) -> Result<Vec<Vec<Uuid>>, Error> {
        let all = Share::of_bots(self.store(), bots).await?.into_iter();
        Ok(all.map(|shares| shares.into_iter().map(|share| share.team).collect()).collect())
    }

    /// Removes the shares of a bot that goes.
    pub async fn forget_bot(&self, bot: Uuid) -> Result<(), Error> {
        let mut transaction = self.store().transaction();
        loop {
            for share in Share::of_bot(transaction.store(), bot).await? {
                transaction.delete(&Share::at(share.team, bot)).await?;
            }
            if transaction.commit().await? {
                return Ok(self.store().durable().await?);
            }
        }
    }

    /// People whose account is enabled and who may see a bot; everybody for none.
    pub async fn people_of(&self, bot: Option<Uuid>) -> Result<Vec<User>, Error> {
        Ok(people_of(self.store(), bot).await?)
    }

    /// Those of them who may work on the conversations of the bot.
    pub async fn workers_of(&self, bot: Option<Uuid>) -> Result<Vec<User>, Error> {
        Ok(workers_of(self.store(), bot).await?)
    }
}
