//! Groups: reading, making, and who is in them.

use crate::{
    domain::{Command, Error, Group, Jid, ParticipantOutcome, Reply, SessionId},
    messaging::{Messaging, odd_reply},
};

impl Messaging {
    pub async fn group(&self, session: &SessionId, id: &Jid) -> Result<Group, Error> {
        match self.execute(session, Command::Group { id: id.clone() }).await? {
            Reply::Group(group) => Ok(*group),
            _ => Err(odd_reply()),
        }
    }

    pub async fn create_group(
        &self,
        session: &SessionId,
        name: String,
        description: Option<String>,
        participants: Vec<Jid>,
    ) -> Result<(Jid, Vec<ParticipantOutcome>), Error> {
        let command = Command::CreateGroup { name, description, participants };
        match self.execute(session, command).await? {
            Reply::GroupCreated { id, participants } => Ok((id, participants)),
            _ => Err(odd_reply()),
        }
    }

    pub async fn add_participants(
        &self,
        session: &SessionId,
        group: &Jid,
        participants: Vec<Jid>,
    ) -> Result<Vec<ParticipantOutcome>, Error> {
        let command = Command::AddParticipants { group: group.clone(), participants };
        self.change_participants(session, command).await
    }

    pub async fn remove_participants(
        &self,
        session: &SessionId,
        group: &Jid,
        participants: Vec<Jid>,
    ) -> Result<Vec<ParticipantOutcome>, Error> {
        let command = Command::RemoveParticipants { group: group.clone(), participants };
        self.change_participants(session, command).await
    }

    async fn change_participants(
        &self,
        session: &SessionId,
        command: Command,
    ) -> Result<Vec<ParticipantOutcome>, Error> {
        match self.execute(session, command).await? {
            Reply::Participants(outcomes) => Ok(outcomes),
            _ => Err(odd_reply()),
        }
    }
}
