//! Layout of an archive: allowed names and their meaning. Pure.
//!
//! | name | what |
//! |---|---|
//! | `wagate-backup.json` | what this is, always first: [`crate::backup::manifest::Head`] |
//! | `store.pairs` | the store: see [`crate::backup::dump_format`] |
//! | `bootstrap.key` | the bootstrap key, while its file exists |
//! | `master.key` | the key that secrets in the store are sealed with, unless the settings hold it |
//! | `simulator/…`, `media/…` | the folders of these names |
//! | `sessions/<id>/…` | what sessions keep: their profiles |
//! | `SHA256SUMS` | a line for each file above, in their order, as `sha256sum -c` reads it |
//! | `manifest.json` | counts and what each session got, always last |

use std::path::{Path, PathBuf};

pub use crate::private::{BOOTSTRAP, MASTER_KEY};

pub const HEAD: &str = "wagate-backup.json";
pub const STORE: &str = "store.pairs";
pub const SIMULATOR: &str = "simulator";
pub const MEDIA: &str = "media";
pub const SESSIONS: &str = "sessions";
pub const SUMS: &str = "SHA256SUMS";
pub const MANIFEST: &str = "manifest.json";

/// The longest name that a file may have.
pub const LONGEST: usize = 4_096;
/// The longest part of a name between two slashes, as file systems have it.
const LONGEST_PART: usize = 255;
/// How deep folders may lie in each other. Browsers' profiles need a dozen.
const DEEPEST: usize = 64;

/// Whether a file of this name may be in an archive: below one of our names, and without anything
/// by which a path leads elsewhere.
pub fn check(name: &str) -> Result<(), String> {
    let fault = |what: &str| Err(format!("the name {name:?} {what}"));
    if LONGEST < name.len() {
        return Err("a name is too long".to_owned());
    }
    if name.chars().any(|character| character.is_control() || character == '\\') {
        return fault("has characters that no name may have");
    }
    let parts: Vec<&str> = name.split('/').collect();
    if parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
        return fault("leads out of the archive");
    }
    if DEEPEST < parts.len() {
        return Err("a name has too many folders in it".to_owned());
    }
    if parts.iter().any(|part| LONGEST_PART < part.len()) {
        return Err("a part of a name is too long".to_owned());
    }
    let is_known = matches!(
        parts.as_slice(),
        [HEAD | STORE | BOOTSTRAP | MASTER_KEY | SUMS | MANIFEST]
            | [SIMULATOR | MEDIA, _, ..]
            | [SESSIONS, _, _, ..]
    );
    if is_known { Ok(()) } else { fault("does not belong into a backup") }
}

/// Where a checked name lies below a folder.
pub fn below(folder: &Path, name: &str) -> PathBuf {
    name.split('/').fold(folder.to_owned(), |path, part| path.join(part))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in [
            "",
            "/",
            "/etc/passwd",
            "../x",
            "media/../../x",
            "media/..",
            "media//x",
            "media/./x",
            "media/",
            "media",
            "store/db",
            "sessions/x",
            "sessions/../x",
            "simulator/a\\..\\b",
            "media/a\nb",
            "media/a\0b",
            "bootstrap.key/x",
            "C:\\x",
        ] {
            assert!(check(name).is_err(), "{name:?}");
        }
        assert!(check(&format!("media/{}", "x".repeat(LONGEST))).is_err());
        assert!(check(&format!("media/{}", "x".repeat(LONGEST_PART + 1))).is_err());
        assert!(check(&format!("media{}", "/x".repeat(DEEPEST))).is_err());
        assert_eq!(check(&format!("media{}", "/x".repeat(DEEPEST - 1))), Ok(()));
        for name in ["media/s/m-1", "sessions/s/profile/Default/Web Data", "store.pairs"] {
            assert_eq!(check(name), Ok(()), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn a_name_that_passes_stays_below_its_folder(
            name in "(media|sessions|simulator|\\.\\.|/|\\.|a){1,8}",
        ) {
            if check(&name).is_ok() {
                let path = below(Path::new("/f"), &name);
                let is_plain = |part: std::path::Component<'_>| {
                    !matches!(part, std::path::Component::ParentDir)
                };
                prop_assert!(path.starts_with("/f") && path.components().all(is_plain));
            }
        }
    }
}
