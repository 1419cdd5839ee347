//! Event that is yet to be appended: a channel and a body.

use crate::{
    domain::{Body, ChannelId, LogEvent, ModuleEvent},
    store::StoreError,
};

/// An event before it has a number.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// None for the gateway as a whole.
    pub channel: Option<ChannelId>,
    pub body: Body,
}

impl NewEvent {
    /// An event of a channel.
    pub fn of(channel: &ChannelId, body: impl Into<Body>) -> Self {
        Self { channel: Some(channel.clone()), body: body.into() }
    }

    /// An event of a module's family.
    pub fn of_module(
        channel: Option<ChannelId>,
        event: &impl LogEvent,
    ) -> Result<Self, StoreError> {
        Ok(Self { channel, body: module_event(event)? })
    }
}

/// The body of an event of a module's family.
pub fn module_event<E: LogEvent>(event: &E) -> Result<Body, StoreError> {
    let event = ModuleEvent::of(event).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    Ok(Body::Module(event))
}
