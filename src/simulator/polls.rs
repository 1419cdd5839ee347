//! Votes in polls.

use std::collections::HashMap;

use crate::{
    domain::{EventBody, Jid, MessageId, details::Vote},
    simulator::{
        Network,
        linking::refusal,
        protocol::{Answer, Refusal, RefusalKind},
        world::World,
    },
};

impl Network {
    /// A person votes on their phone, in place of what they chose before; nothing takes it back.
    pub fn vote_from_phone(
        &self,
        phone: &Jid,
        id: &MessageId,
        options: Vec<String>,
    ) -> Result<Answer, Refusal> {
        let mut world = self.world();
        world.check_writing()?;
        world.vote(phone, id, options)
    }
}

impl World {
    pub fn vote(
        &mut self,
        me: &Jid,
        id: &MessageId,
        options: Vec<String>,
    ) -> Result<Answer, Refusal> {
        let now = self.now();
        let id = self.own_name_of(me, id);
        let message = &self.stored(me, &id)?.message;
        let invalid = |reason: &str| Err(refusal(RefusalKind::Invalid, reason));
        let Some(poll) = &message.details().poll else {
            return invalid("this message is no poll");
        };
        if let Some(unknown) = options.iter().find(|option| !poll.options.contains(option)) {
            return invalid(&format!("'{unknown}' is no option of this poll"));
        }
        // Each once, in the order of the poll, as the apps name them.
        let is_chosen = |option: &&String| options.contains(option);
        let options: Vec<String> = poll.options.iter().filter(is_chosen).cloned().collect();
        if poll.selectable != 0 && (poll.selectable as usize) < options.len() {
            return invalid("these are more options than one person may choose");
        }
        let id = message.id.clone();
        self.for_everyone(me, &id, None, |message| {
            let (sender, options) = (me.clone(), options.clone());
            if let Some(poll) = message.details.as_mut().and_then(|all| all.poll.as_mut()) {
                poll.vote(Vote {
                    sender: sender.clone(),
                    options: options.clone(),
                    timestamp: now,
                });
            }
            EventBody::PollVote { message: message.id.clone(), sender, options }
        });
        Ok(Answer::Done)
    }

    /// A message as this account names it, also where the id is the sender's.
    fn own_name_of(&self, me: &Jid, id: &MessageId) -> MessageId {
        if self.ledger.stored(me, &id.chat, &id.key).is_some() {
            return id.clone();
        }
        let mut chats = self.ledger.chats(me).into_iter().flat_map(HashMap::keys);
        let found = chats.find_map(|chat| self.ledger.stored(me, chat, &id.key));
        found.map_or_else(|| id.clone(), |stored| stored.message.id.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Clock, Content},
        simulator::{Extra, NetworkSettings, protocol::DeviceContent},
    };

    #[tokio::test]
    async fn a_vote_is_held_to_the_poll_and_everybody_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let settings = NetworkSettings::new(folder.path().to_owned(), Clock::system());
        let network = Network::new(settings).unwrap();
        let (me, ada): (Jid, Jid) =
            ("15557654321@c.us".parse().unwrap(), "15550000011@c.us".parse().unwrap());
        let content = DeviceContent::Other(Content::Poll {
            question: "Tea?".to_owned(),
            options: vec!["yes".to_owned(), "no".to_owned()],
            selectable: 1,
        });
        let sent = network.write_content(&me, &ada, content, Extra::default()).unwrap();
        while network.messages(&ada, &me).is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let vote = |options: &[&str]| {
            let options = options.iter().map(|option| (*option).to_owned()).collect();
            network.vote_from_phone(&ada, &sent.id, options)
        };
        assert_eq!(vote(&["perhaps"]).unwrap_err().kind, RefusalKind::Invalid);
        assert_eq!(vote(&["yes", "no"]).unwrap_err().kind, RefusalKind::Invalid);
        vote(&["yes"]).unwrap();
        vote(&["no"]).unwrap();
        for (who, with) in [(&me, &ada), (&ada, &me)] {
            let poll = network.messages(who, with)[0].details().poll.clone().unwrap();
            assert_eq!((poll.voters("yes").count(), poll.voters("no").count()), (0, 1));
        }
    }
}
