//! Check of file permissions: what other users of the machine may read or replace.

use std::path::Path;

use crate::{
    config::Config,
    doctor::check::{Check, Verdict},
    private,
};

const NAME: &str = "privacy";

/// A check for each fault; one that says so where there is none.
pub fn examine(config: &Config) -> Vec<Check> {
    let (data, sessions) = (&config.data.dir, config.sessions_dir());
    let mut faults = Vec::new();
    faults.extend(folder(data));
    if !sessions.starts_with(data) {
        faults.extend(folder(&sessions));
    }
    faults.extend(file(&data.join(private::BOOTSTRAP), "it is the key to everything"));
    let why = "the secrets in the store are sealed with the key in it";
    faults.extend(file(&data.join(private::MASTER_KEY), why));
    let secrets = [
        ("openwa.basic_password", config.openwa.basic_password.is_empty()),
        ("vault.key", config.vault.key.is_empty()),
        ("vault.former_key", config.vault.former_key.is_empty()),
    ];
    let set = secrets.iter().find(|(_, is_empty)| !is_empty);
    if let (Some(path), Some((setting, _))) = (&config.source, set) {
        faults.extend(file(path, &format!("{setting} may be in it")));
    }
    if faults.is_empty() {
        let found = format!("no other user but root can reach {}", data.display());
        return vec![Check::well(NAME, found)];
    }
    faults
}

fn folder(path: &Path) -> Vec<Check> {
    let mut faults = Vec::new();
    if let Some(mode) = private::loose_mode(path) {
        let found = format!("other users may reach {} (mode {mode:04o})", path.display());
        let remedy = format!("chmod 700 {}, or start the gateway, which does it", path.display());
        faults.push(doubtful(found, remedy));
    }
    if let Some(parent) = private::loose_parent(path) {
        let found = format!(
            "other users may put another folder in the place of {}: they can write to {}",
            path.display(),
            parent.display()
        );
        let remedy = "choose a --data folder whose parents are yours or root's alone".to_owned();
        faults.push(doubtful(found, remedy));
    }
    faults
}

fn file(path: &Path, why: &str) -> Option<Check> {
    let mode = private::loose_mode(path)?;
    let path = path.display();
    let found = format!("other users may read {path} (mode {mode:04o}); {why}");
    Some(doubtful(found, format!("chmod 600 {path}")))
}

fn doubtful(found: String, remedy: String) -> Check {
    Check::wrong(NAME, Verdict::Doubtful, found, remedy)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    fn open_up(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn each_way_in_for_other_users_is_named_with_its_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("parent/data");
        private::make_folder(&data).unwrap();
        let mut config = Config::shipped().unwrap();
        data.clone_into(&mut config.data.dir);
        let said = || {
            let lines = examine(&config).iter().map(ToString::to_string).collect::<Vec<_>>();
            lines.join("\n")
        };
        assert!(said().starts_with("ok"), "{}", said());
        open_up(&data, 0o755);
        assert!(said().contains("mode 0755") && said().contains("chmod 700"), "{}", said());
        open_up(&data, 0o700);
        open_up(&folder.path().join("parent"), 0o777);
        assert!(said().contains("another folder in the place"), "{}", said());
        open_up(&folder.path().join("parent"), 0o700);
        let key = data.join(private::BOOTSTRAP);
        fs::write(&key, "wag_x").unwrap();
        open_up(&key, 0o644);
        assert!(said().contains("chmod 600"), "{}", said());
        open_up(&key, 0o600);
        let key = data.join(private::MASTER_KEY);
        fs::write(&key, "x").unwrap();
        open_up(&key, 0o640);
        assert!(said().contains("master.key (mode 0640)"), "{}", said());
        open_up(&key, 0o600);
        let file = folder.path().join("settings.toml");
        fs::write(&file, "").unwrap();
        open_up(&file, 0o644);
        let mut config = config.clone();
        config.source = Some(file);
        assert!(examine(&config)[0].verdict == Verdict::Well);
        config.vault.key = "secret".into();
        let found = examine(&config)[0].found.clone();
        assert!(found.contains("vault.key may be in it"), "{found}");
        "secret".clone_into(&mut config.openwa.basic_password);
        assert!(examine(&config)[0].found.contains("settings.toml"));
    }
}
