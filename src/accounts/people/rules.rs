//! Rules for what people give themselves: e-mail address, name, password. Pure.

use crate::{
    accounts::{principal::Principal, role::Role},
    contacts,
    domain::{Error, ErrorCode},
};

/// Accounts of the workspace.
const MOST_USERS: usize = 1_000;
const LONGEST_NAME: usize = 100;
pub const SHORTEST_PASSWORD: usize = 8;
pub const LONGEST_PASSWORD: usize = 128;

/// An e-mail address.
pub fn email(text: &str) -> Result<String, Error> {
    contacts::email(text)?.ok_or_else(|| Error::invalid_field("email", "is required"))
}

/// A name, without blanks around it.
pub fn name(field: &str, text: &str) -> Result<String, Error> {
    let name = text.trim();
    let length = name.chars().take(LONGEST_NAME + 1).count();
    if length == 0 || LONGEST_NAME < length || name.chars().any(char::is_control) {
        let fault = "must have 1 to 100 characters, none of them a control character";
        return Err(Error::invalid_field(field, fault));
    }
    Ok(name.to_owned())
}

/// Whether a password can be one.
pub fn check_password(field: &str, text: &str) -> Result<(), Error> {
    let length = text.chars().take(LONGEST_PASSWORD + 1).count();
    let fault = match () {
        () if !(SHORTEST_PASSWORD..=LONGEST_PASSWORD).contains(&length) => {
            "must have 8 to 128 characters"
        }
        () if !text.chars().any(char::is_alphabetic) => "must have a letter",
        () if !text.chars().any(char::is_numeric) => "must have a digit",
        () => return Ok(()),
    };
    Err(Error::invalid_field(field, fault))
}

/// Whether there is room for one more.
pub fn check_room(count: usize) -> Result<(), Error> {
    if MOST_USERS <= count {
        let message = format!("There are {MOST_USERS} accounts already. Remove one first");
        return Err(Error::new(ErrorCode::Conflict, message).detail("limit", MOST_USERS));
    }
    Ok(())
}

pub fn taken() -> Error {
    Error::new(ErrorCode::Conflict, "Email already registered")
}

/// Whether a caller may make or change somebody in this role.
pub fn check_governs(by: &Principal, role: Role) -> Result<(), Error> {
    if by.rank().is_some_and(|rank| rank.governs(role)) {
        return Ok(());
    }
    let message = format!("Only an OWNER may make or change an account of the role {role}");
    Err(Error::new(ErrorCode::Forbidden, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_enough_characters_with_a_letter_and_a_digit() {
        for good in ["abcdefg1", "пароль12", &format!("a1{}", " ".repeat(126))] {
            assert_eq!(check_password("password", good), Ok(()), "{good}");
        }
        for bad in ["", "abcdef1", "abcdefgh", "12345678", &format!("a1{}", "x".repeat(127))] {
            let error = check_password("password", bad).unwrap_err();
            assert!(error.details["fields"].get("password").is_some(), "{bad}");
            assert!(bad.is_empty() || !error.message.contains(bad));
        }
    }

    #[test]
    fn a_name_and_an_address_are_no_blanks() {
        assert_eq!(name("name", " Ada "), Ok("Ada".to_owned()));
        assert!(name("name", " ").is_err() && name("name", "a\nb").is_err());
        assert_eq!(email(" Ada@example.com "), Ok("Ada@example.com".to_owned()));
        assert!(email(" ").is_err() && email("ada").is_err());
    }
}
