//! Environment variables as settings: `WAGATE_SECTION__KEY`, and names that other tools use.

use std::{collections::BTreeMap, net::SocketAddr};

use toml::{Table, Value};

use crate::config::slips::{did_you_mean, nearest, paths};

const PREFIX: &str = "WAGATE_";

/// Names that people and other tools use already, and the setting that each stands for.
const ALIASES: &[(&str, &str)] = &[
    ("WAGATE_LISTEN", "server.listen"),
    ("WAGATE_DATA", "data.dir"),
    ("SESSION_DATA_PATH", "data.sessions_dir"),
    ("MAX_SESSIONS", "sessions.max"),
    ("QR_TIMEOUT", "sessions.qr_timeout_seconds"),
    ("CHROME_PATH", "browser.executable"),
    ("OPENWA_AUTH", "openwa.auth"),
    ("OPENWA_BASIC_USER", "openwa.basic_user"),
    ("OPENWA_BASIC_PASSWORD", "openwa.basic_password"),
    ("PUBLIC_URL", "server.public_url"),
    ("RUST_LOG", "log.filter"),
];

/// The setting that an environment variable names, be there such a setting or not.
pub fn path_of(variable: &str) -> Option<String> {
    if let Some((_, path)) = ALIASES.iter().find(|(alias, _)| *alias == variable) {
        return Some((*path).to_owned());
    }
    let rest = variable.strip_prefix(PREFIX)?;
    // Names with a section hold two underscores; the two settings without one stand alone.
    let is_setting = rest.contains("__") || matches!(rest, "NETWORK" | "ENGINE");
    is_setting.then(|| rest.to_lowercase().replace("__", "."))
}

/// Writes what environment variables say into the settings; what is wrong with them becomes faults.
pub fn overlay(
    table: &mut Table,
    environment: &BTreeMap<String, String>,
    faults: &mut Vec<String>,
) {
    for (name, text) in environment {
        if let Some(path) = path_of(name) {
            set(table, &path, text).unwrap_or_else(|fault| faults.push(format!("{name}: {fault}")));
        }
    }
    for (name, is_host) in [("HOST", true), ("PORT", false)] {
        let Some(text) = environment.get(name) else { continue };
        let now =
            table.get("server").and_then(|server| server.get("listen")).and_then(Value::as_str);
        let (host, port) =
            now.and_then(|listen| listen.rsplit_once(':')).unwrap_or(("127.0.0.1", "8080"));
        // The other half may be wrong too, which is a fault of its own.
        let (listen, tried, what) = if is_host {
            (
                format!("{text}:{port}"),
                format!("{text}:1"),
                "an IP address such as 127.0.0.1 or [::1]",
            )
        } else {
            (format!("{host}:{text}"), format!("127.0.0.1:{text}"), "a port")
        };
        if tried.parse::<SocketAddr>().is_err() {
            faults.push(format!("{name}: '{text}' is not {what}"));
            continue;
        }
        set(table, "server.listen", &listen)
            .unwrap_or_else(|fault| faults.push(format!("{name}: {fault}")));
    }
}

/// Writes a text into the setting at a path, read as the type that the setting has.
fn set(table: &mut Table, path: &str, text: &str) -> Result<(), String> {
    let names = paths(table);
    let meant = nearest(names.iter().map(String::as_str), path).map(str::to_owned);
    let unknown = format!("there is no setting {path}{}", did_you_mean(meant));
    let slot = match path.split_once('.') {
        Some((section, key)) => {
            table.get_mut(section).and_then(Value::as_table_mut).and_then(|t| t.get_mut(key))
        }
        None => table.get_mut(path),
    };
    let slot = slot.ok_or_else(|| unknown.clone())?;
    *slot = match slot {
        Value::String(_) => Value::String(text.to_owned()),
        Value::Integer(_) => {
            Value::Integer(text.parse().map_err(|_| format!("'{text}' is not a whole number"))?)
        }
        Value::Boolean(_) => Value::Boolean(match text.to_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => true,
            "false" | "0" | "no" | "off" => false,
            _ => return Err(format!("'{text}' is neither true nor false")),
        }),
        Value::Array(_) => Value::Array(list(text)?),
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => return Err(unknown),
    };
    Ok(())
}

/// Texts separated by commas, or a list as the settings file writes it, for texts with commas.
fn list(text: &str) -> Result<Vec<Value>, String> {
    const NAME: &str = "list";
    let text = text.trim();
    if !text.starts_with('[') {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        return Ok(entries.map(|entry| Value::String(entry.to_owned())).collect());
    }
    let mut table: Table = format!("{NAME} = {text}")
        .parse()
        .map_err(|_| format!("'{text}' is not a list; one looks like [\"a\", \"b\"]"))?;
    match table.remove(NAME) {
        Some(Value::Array(entries)) if table.is_empty() => Ok(entries),
        _ => Err(format!("'{text}' is more than a list")),
    }
}
