//! The mails that the accounts send.

use std::time::Duration;

use uuid::Uuid;

use crate::{domain::Timestamp, providers::mail::Mail};

/// How long the sending of a notice is tried.
const NEWS: Duration = Duration::from_secs(86_400);

/// The code to show that an address is one's own.
pub fn verification(to: &str, code: &str, at: Timestamp, until: Timestamp) -> Mail {
    let text = format!(
        "Your code is {code}. It shows that this address is yours, and is good for a day.\n\n\
         If you made no account, leave it: nothing happens.\n"
    );
    mail(to, "Your verification code", text, at, until)
}

/// The code to choose another password.
pub fn reset(to: &str, code: &str, at: Timestamp, until: Timestamp) -> Mail {
    let minutes = (until.as_second() - at.as_second()) / 60;
    let text = format!(
        "Your code is {code}. With it you can choose a new password within {minutes} minutes.\n\n\
         If you did not ask for it, leave it: your password stays as it is.\n"
    );
    mail(to, "Your code for a new password", text, at, until)
}

/// That the password was changed.
pub fn password_changed(to: &str, at: Timestamp) -> Mail {
    let text = "The password of your account was changed, and all sign-ins were ended.\n\n\
                If that was not you, tell an administrator at once.\n";
    mail(to, "Your password was changed", text.to_owned(), at, at + NEWS)
}

/// That somebody who was signed in changed the password.
pub fn own_password_changed(to: &str, at: Timestamp) -> Mail {
    let text = "The password of your account was changed by somebody who was signed in and knew it. All other \
                sign-ins were ended.\n\nIf that was not you, tell an administrator at once.\n";
    mail(to, "Your password was changed", text.to_owned(), at, at + NEWS)
}

/// The link by which somebody joins.
pub fn invitation(to: &str, link: &str, at: Timestamp, until: Timestamp) -> Mail {
    let text = format!(
        "You are invited to a workspace of wagate. Choose a name and a password here:\n\n{link}\n"
    );
    mail(to, "Your invitation", text, at, until)
}

fn mail(to: &str, subject: &str, text: String, at: Timestamp, until: Timestamp) -> Mail {
    Mail {
        id: Uuid::now_v7(),
        to: to.to_owned(),
        subject: subject.to_owned(),
        text,
        written_at: at,
        good_until: until,
    }
}
