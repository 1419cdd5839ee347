//! Names of channels: which channel has a name now.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use uuid::Uuid;

use crate::domain::{Channel, ChannelId};

/// The UUID of each channel that has a name now. An event under a name without a channel belongs to none.
#[derive(Default)]
pub struct Channels {
    by_name: RwLock<HashMap<ChannelId, Uuid>>,
}

impl Channels {
    /// Binds a name to a channel, in place of the one before.
    pub fn bind(&self, channel: Channel) {
        let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        by_name.insert(channel.id, channel.uuid);
    }

    /// Frees a name, unless it is another channel's by now.
    pub fn unbind(&self, channel: &Channel) {
        let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        if by_name.get(&channel.id) == Some(&channel.uuid) {
            by_name.remove(&channel.id);
        }
    }

    /// Nil for a name without a channel.
    pub fn uuid_of(&self, name: &ChannelId) -> Uuid {
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        by_name.get(name).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_has_another_channel_by_now_is_not_freed() {
        let channel = |uuid| Channel { id: "s".parse().unwrap(), uuid: Uuid::from_u128(uuid) };
        let (first, second) = (channel(1), channel(2));
        let channels = Channels::default();
        assert!(channels.uuid_of(&first.id).is_nil());
        channels.bind(first.clone());
        channels.bind(second.clone());
        channels.unbind(&first);
        assert_eq!(channels.uuid_of(&first.id), second.uuid);
        channels.unbind(&second);
        assert!(channels.uuid_of(&first.id).is_nil());
    }
}
