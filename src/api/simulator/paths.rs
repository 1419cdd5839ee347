//! Path parameters of the control API: phones, their chats and their devices.

use crate::{
    api::{kit::path_value, simulator::shared::phone_of, texts::recipient},
    domain::Jid,
};

path_value! {
    /// The telephone number of a person on the network.
    pub enum Phone = "phone" as Jid;
    about: "The telephone number of the person", example: "15551234567",
    read: phone_of
}

path_value! {
    /// A chat of a phone.
    pub enum Chat = "chat" as Jid;
    about: "The id of the chat, or a telephone number", example: "15550000001@c.us",
    read: recipient
}

path_value! {
    /// A device that is linked to a phone.
    pub enum Device = "device" as String;
    about: "The id of the device, as the list of devices names it", example: "1",
    read: |text| Ok(text.to_owned())
}
