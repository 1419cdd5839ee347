//! Lists and single results that the control of the simulated network answers with.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::simulator::views::{PhoneChat, PhoneGroup, PhoneMessage},
    simulator::{AccountView, DeviceView},
};

#[derive(Serialize, ToSchema)]
#[schema(as = SimulatedAccounts)]
pub struct Accounts {
    /// By telephone number.
    pub accounts: Vec<AccountView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SimulatedDevices)]
pub struct Devices {
    /// The linked devices.
    pub devices: Vec<DeviceView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PhoneChats)]
pub struct Chats<'a> {
    /// Newest activity first.
    pub chats: Vec<PhoneChat<'a>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PhoneMessages)]
pub struct Messages<'a> {
    /// Oldest first.
    pub messages: Vec<PhoneMessage<'a>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WrittenMessage)]
pub struct Written<'a> {
    /// The message that was written.
    pub message: PhoneMessage<'a>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MadeGroup)]
pub struct MadeGroup<'a> {
    /// The group.
    pub group: PhoneGroup<'a>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MadeChannel)]
pub struct MadeChannel<'a> {
    /// The channel.
    pub channel: PhoneGroup<'a>,
}

/// How many devices it reached.
#[derive(Serialize, ToSchema)]
pub struct DevicesReached {
    /// Devices that are linked and were reached.
    #[schema(example = 1)]
    pub devices: usize,
}

/// The number of the newest change on the phones.
#[derive(Serialize, ToSchema)]
pub struct Revision {
    /// The number of the newest change.
    #[schema(example = 42)]
    pub revision: u32,
}
