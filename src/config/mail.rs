//! Settings of outgoing mail.

use serde::Deserialize;

use crate::config::Secret;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub provider: MailProvider,
    pub host: String,
    pub port: u16,
    pub security: MailSecurity,
    pub user: String,
    pub password: Secret,
    pub from: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailProvider {
    None,
    Smtp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    StartTls,
    Tls,
    None,
}

impl Mail {
    /// What is wrong with the settings.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.provider == MailProvider::None {
            return faults;
        }
        if self.host.is_empty() {
            faults
                .push("mail.host: mail.provider = \"smtp\" needs the name of a server".to_owned());
        }
        if !self.from.contains('@') {
            faults.push("mail.from must be an address such as wagate@example.com".to_owned());
        }
        if self.user.is_empty() != self.password.is_empty() {
            faults.push("mail.user and mail.password go together".to_owned());
        }
        faults
    }
}
