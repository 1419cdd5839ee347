//! Groups: details, creation and participants, through the engine.

use crate::{
    domain::{Command, Error, Group, Jid, ParticipantOutcome, Reply, SessionId},
    messaging::engines::{Engines, unexpected_reply},
};

/// Clones are the same service.
#[derive(Clone)]
pub struct Groups {
    engines: Engines,
}

impl Groups {
    pub fn new(engines: Engines) -> Self {
        Self { engines }
    }

    pub async fn get(&self, session: &SessionId, id: &Jid) -> Result<Group, Error> {
        match self.engines.execute(session, Command::Group { id: id.clone() }).await? {
            Reply::Group(group) => Ok(*group),
            _ => Err(unexpected_reply()),
        }
    }

    pub async fn create(
        &self,
        session: &SessionId,
        name: String,
        description: Option<String>,
        participants: Vec<Jid>,
    ) -> Result<(Jid, Vec<ParticipantOutcome>), Error> {
        let command = Command::CreateGroup { name, description, participants };
        match self.engines.execute(session, command).await? {
            Reply::GroupCreated { id, participants } => Ok((id, participants)),
            _ => Err(unexpected_reply()),
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
        match self.engines.execute(session, command).await? {
            Reply::Participants(outcomes) => Ok(outcomes),
            _ => Err(unexpected_reply()),
        }
    }
}
