//! Path parameters of the control API: phones, their chats and their devices.

use crate::{
    api::{kit::PathValue, simulator::shared::phone_of, texts::recipient},
    domain::{Error, Jid},
};

/// The telephone number of a person on the network.
pub enum Phone {}

impl PathValue for Phone {
    type Value = Jid;
    const NAME: &'static str = "phone";
    const ABOUT: &'static str = "The telephone number of the person";
    const EXAMPLE: &'static str = "15551234567";

    fn read(text: &str) -> Result<Jid, Error> {
        phone_of(text)
    }
}

/// A chat of a phone.
pub enum Chat {}

impl PathValue for Chat {
    type Value = Jid;
    const NAME: &'static str = "chat";
    const ABOUT: &'static str = "The id of the chat, or a telephone number";
    const EXAMPLE: &'static str = "15550000001@c.us";

    fn read(text: &str) -> Result<Jid, Error> {
        recipient(text)
    }
}

/// A device that is linked to a phone.
pub enum Device {}

impl PathValue for Device {
    type Value = String;
    const NAME: &'static str = "device";
    const ABOUT: &'static str = "The id of the device, as the list of devices names it";
    const EXAMPLE: &'static str = "1";

    fn read(text: &str) -> Result<String, Error> {
        Ok(text.to_owned())
    }
}
