//! Manifest of an archive: its head and its summary.

use serde::{Deserialize, Serialize};

use crate::{
    backup::BackupError,
    domain::Timestamp,
    store::SCHEMA,
    vault::{KeyId, Keys},
};

const FORMAT: &str = "wagate backup";
/// The layout of archives that this version writes and reads.
const VERSION: u32 = 2;

/// The first file of an archive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    pub format: String,
    pub version: u32,
    /// Of the gateway that took it.
    pub wagate: String,
    /// The layout of the store.
    pub schema: u64,
    /// The moment that the store is of.
    pub created_at: Timestamp,
}

impl Head {
    pub fn new(created_at: Timestamp) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            wagate: env!("CARGO_PKG_VERSION").to_owned(),
            schema: SCHEMA,
            created_at,
        }
    }

    /// Whether this version can read it.
    pub fn check(&self) -> Result<(), BackupError> {
        if self.format != FORMAT {
            return Err(BackupError::Refused("this is no backup of wagate".to_owned()));
        }
        if VERSION < self.version {
            return Err(self.too_new(&format!("archive layout {}", self.version), VERSION.into()));
        }
        if SCHEMA < self.schema {
            return Err(self.too_new(&format!("store layout {}", self.schema), SCHEMA));
        }
        Ok(())
    }

    fn too_new(&self, what: &str, known: u64) -> BackupError {
        let (by, own) = (&self.wagate, env!("CARGO_PKG_VERSION"));
        BackupError::Refused(format!(
            "the backup was taken by wagate {by} ({what}); this is wagate {own} and knows {known}: \
             restore it with {by} or newer"
        ))
    }
}

/// The last file of an archive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    #[serde(flatten)]
    pub head: Head,
    /// Pairs in the store.
    pub records: u64,
    /// Files listed in `SHA256SUMS`, and their bytes.
    pub files: u64,
    pub bytes: u64,
    /// SHA-256 of `SHA256SUMS`.
    pub sums: String,
    pub has_simulated_network: bool,
    /// The longest time that a write to the store had to wait for the backup.
    pub longest_pause_microseconds: u64,
    pub sessions: Vec<Part>,
    /// None in archives of before secrets were sealed.
    #[serde(default)]
    pub secrets: Option<Secrets>,
}

/// Ids of the keys that secrets in the store are sealed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Secrets {
    /// Those that are in the archive.
    pub keys: Vec<String>,
    /// Those that are not: the settings hold them.
    pub keys_elsewhere: Vec<String>,
}

impl Secrets {
    pub fn of(keys: &Keys) -> Self {
        let texts = |ids: &[KeyId]| ids.iter().map(KeyId::to_string).collect();
        Self { keys: texts(&keys.in_file()), keys_elsewhere: texts(&keys.elsewhere) }
    }
}

impl std::fmt::Display for Secrets {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.keys_elsewhere.is_empty() {
            return write!(out, "secrets: the key that they are sealed with is in (master.key)");
        }
        let ids = self.keys_elsewhere.join(", ");
        write!(out, "secrets: the key that they are sealed with ({ids}) is NOT in: it is set by ")?;
        write!(out, "vault.key (WAGATE_VAULT__KEY), and a restore needs it")
    }
}

/// What one session got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    pub id: String,
    pub profile: Profile,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    Copied,
    /// Its browser was closed for the copy and is opened again.
    ClosedAndCopied,
    /// There is none on the disk.
    Nothing,
    LeftOut(String),
}

impl std::fmt::Display for Part {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let id = &self.id;
        match &self.profile {
            Profile::Copied => write!(out, "session {id}: its login is in"),
            Profile::ClosedAndCopied => {
                write!(out, "session {id}: its login is in; its browser was closed for the copy")
            }
            Profile::Nothing => write!(out, "session {id}: it has no login on the disk"),
            Profile::LeftOut(why) => write!(out, "session {id}: its login is NOT in: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::from_seconds;

    #[test]
    fn a_newer_archive_or_store_is_refused_in_words() {
        let head = Head::new(from_seconds(1_000));
        assert!(head.check().is_ok());
        let newer = Head { schema: SCHEMA + 1, wagate: "9.9.9".to_owned(), ..head.clone() };
        let said = newer.check().unwrap_err().to_string();
        let layout = format!("(store layout {})", SCHEMA + 1);
        assert!(said.contains(&format!("taken by wagate 9.9.9 {layout}")), "{said}");
        assert!(Head { version: VERSION + 1, ..head.clone() }.check().is_err());
        assert!(Head { format: "else".to_owned(), ..head }.check().is_err());
    }
}
