//! Account of a person: name, behaviour, devices.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::Jid,
    simulator::{
        Behaviour, Network,
        actions::linking::not_on_whatsapp,
        protocol::{Refusal, RefusalKind},
        state::{
            Person,
            directory::{ensure_account, open_account},
        },
    },
};

/// An account as the control API shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SimulatedAccount)]
pub struct AccountView {
    pub phone: String,
    /// Name of the person.
    #[schema(example = "Ada")]
    pub name: String,
    /// What the person does by themselves.
    pub behaviour: Behaviour,
    /// Linked devices.
    pub devices: usize,
}

/// A linked device as its phone shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SimulatedDevice)]
pub struct DeviceView {
    /// The first part of the credential: tells devices apart, and cannot be used to log in.
    #[schema(example = "a1b2c3d4")]
    pub id: String,
    pub connected: bool,
}

/// Letters of a credential that name a device.
const DEVICE_ID: usize = 8;

/// The account of a person, and the devices that are linked to it.
#[derive(Clone, Copy)]
pub struct Account<'n> {
    pub(super) network: &'n Network,
    pub(super) phone: &'n Jid,
}

impl Network {
    pub fn account<'n>(&'n self, phone: &'n Jid) -> Account<'n> {
        Account { network: self, phone }
    }

    pub fn accounts(&self) -> Vec<AccountView> {
        let world = self.world();
        let view = |person: &Person| AccountView {
            phone: person.me.id.user().to_owned(),
            name: person.name(),
            behaviour: person.behaviour,
            devices: person.devices.len(),
        };
        let mut accounts: Vec<AccountView> = world.state.people().iter().map(view).collect();
        accounts.sort_by(|a, b| a.phone.cmp(&b.phone));
        accounts
    }
}

impl Account<'_> {
    /// Opens the account, or renames it.
    pub fn open(&self, name: Option<String>) -> Result<(), Refusal> {
        let opened = open_account(&mut self.network.writing()?.state, self.phone, name);
        opened.map(|_| ()).ok_or_else(not_on_whatsapp)
    }

    pub fn set_behaviour(&self, behaviour: Behaviour) -> Result<(), Refusal> {
        let mut world = self.network.writing()?;
        let id = ensure_account(&mut world.state, self.phone).map(|person| person.me.id.clone());
        let id = id.ok_or_else(not_on_whatsapp)?;
        world.state.change_person(&id, |person| person.behaviour = behaviour);
        Ok(())
    }

    pub fn devices(&self) -> Vec<DeviceView> {
        let world = self.network.world();
        let Some(person) = world.state.people().get(self.phone) else { return Vec::new() };
        let is_connected = |credential: &str| world.connections.uses_credential(credential);
        let view = |credential: &String| DeviceView {
            id: credential.chars().take(DEVICE_ID).collect(),
            connected: is_connected(credential),
        };
        person.devices.iter().map(view).collect()
    }

    /// Removes a linked device on the phone.
    pub fn remove_device(&self, id: &str) -> Result<(), Refusal> {
        let mut world = self.network.writing()?;
        let starts = |credential: &&String| DEVICE_ID <= id.len() && credential.starts_with(id);
        let person = world.state.people().get(self.phone);
        match person.and_then(|person| person.devices.iter().find(starts).cloned()) {
            Some(credential) if world.linking().unlink(&credential) => Ok(()),
            _ => Err(Refusal::new(RefusalKind::Invalid, "this phone has no such device")),
        }
    }
}
