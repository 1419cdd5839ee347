//! Mail: to a server by SMTP, or simulated. The queue before it is `mail`.

mod mailbox;
mod message;
mod smtp;

pub use self::{
    mailbox::Mailbox,
    message::{Mail, MailError, Mailer},
    smtp::Smtp,
};
