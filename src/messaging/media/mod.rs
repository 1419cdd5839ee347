//! Files of messages: a folder for each session, and uploads that wait to be sent.

pub mod folder;
pub mod library;
pub mod message_files;
pub mod uploads;
