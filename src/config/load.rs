//! Loader of the configuration: merges its sources and reports all errors at once.

use std::{collections::BTreeMap, fmt, net::SocketAddr, path::PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use crate::{
    config::{
        AccessMode, Config, NetworkKind, environment,
        slips::{did_you_mean, nearest},
    },
    domain::session::EngineKind,
};

/// The shipped settings file.
pub const DEFAULTS: &str = include_str!("../../config/default.toml");

/// Settings given as flags; they win over everything else.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    pub config: Option<PathBuf>,
    pub listen: Option<SocketAddr>,
    pub port: Option<u16>,
    pub data: Option<PathBuf>,
    pub network: Option<NetworkKind>,
    pub engine: Option<EngineKind>,
    pub max_sessions: Option<usize>,
}

/// Everything that is wrong with the settings.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the settings are wrong:")?;
        self.0.iter().try_for_each(|fault| write!(out, "\n  - {fault}"))
    }
}

impl std::error::Error for ConfigErrors {}

impl Config {
    /// The settings as shipped.
    pub fn shipped() -> Result<Self, ConfigErrors> {
        Self::load(&Flags::default(), &BTreeMap::new())
    }

    pub fn load(
        flags: &Flags,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, ConfigErrors> {
        let mut faults = Vec::new();
        let mut table = parse(DEFAULTS, "the shipped settings", &mut faults);
        if let Some(path) = &flags.config {
            match std::fs::read_to_string(path) {
                Ok(text) => {
                    let file = parse(&text, &path.display().to_string(), &mut faults);
                    overlay(&mut table, file, "", &mut faults);
                }
                Err(error) => faults.push(format!("{}: {error}", path.display())),
            }
        }
        environment::overlay(&mut table, environment, &mut faults);
        if !faults.is_empty() {
            return Err(ConfigErrors(faults));
        }
        let mut config = Self::deserialize(Value::Table(table))
            .map_err(|error| ConfigErrors(vec![unreadable(&error, environment)]))?;
        config.take_flags(flags);
        config.check()
    }

    fn take_flags(&mut self, flags: &Flags) {
        let Flags { config, listen, port, data, network, engine, max_sessions } = flags.clone();
        self.source = config;
        if let Some(listen) = listen {
            self.server.listen = listen;
        }
        if let Some(port) = port {
            self.server.listen.set_port(port);
        }
        self.data.dir = data.unwrap_or_else(|| self.data.dir.clone());
        self.network = network.unwrap_or(self.network);
        self.engine = engine.unwrap_or(self.engine);
        self.sessions.max = max_sessions.unwrap_or(self.sessions.max);
    }

    fn check(self) -> Result<Self, ConfigErrors> {
        let mut faults = Vec::new();
        if self.engine == EngineKind::Simulated && self.network == NetworkKind::Whatsapp {
            faults.push(
                "engine = \"simulated\" needs network = \"simulated\" (--network simulated)"
                    .to_owned(),
            );
        }
        if self.sessions.max == 0 {
            faults.push("sessions.max must be at least 1".to_owned());
        }
        let sessions = &self.sessions;
        let waits = [
            sessions.probe_interval_seconds,
            sessions.start_deadline_seconds,
            sessions.command_deadline_seconds,
            sessions.file_deadline_seconds,
        ];
        if waits.contains(&0) {
            faults.push("intervals and deadlines of sessions must be at least 1 second".to_owned());
        }
        if self.outbox.at_once == 0 || self.outbox.most_waiting == 0 {
            faults.push("outbox.at_once and outbox.most_waiting must be at least 1".to_owned());
        }
        let unclear = self.browser.allowed_hosts.iter().filter(|host| !is_host_pattern(host));
        faults.extend(unclear.map(|host| {
            format!("browser.allowed_hosts: '{host}' is neither a host nor one with '*.' before it")
        }));
        if !(1..=100).contains(&self.openwa.max_media_mib) {
            faults.push("openwa.max_media_mib must be between 1 and 100".to_owned());
        }
        if self.openwa.basic_user.is_empty() != self.openwa.basic_password.is_empty() {
            faults.push("openwa.basic_user and openwa.basic_password go together".to_owned());
        }
        faults.extend(self.accounts.faults());
        faults.extend(self.mail.faults());
        faults.extend(self.payments.faults());
        let of_business = self.business.faults().into_iter().chain(self.surveys.faults());
        faults.extend(of_business.map(|(path, fault)| format!("{path}: {fault}")));
        faults.extend(self.sms.faults());
        let is_simulated = self.network == NetworkKind::Simulated;
        faults.extend(self.assistant.faults(is_simulated));
        let origins = self.server.cors_origins.iter().filter(|origin| !is_origin(origin));
        faults.extend(origins.map(|origin| {
            format!(
                "server.cors_origins: '{origin}' is not an origin such as https://app.example.com"
            )
        }));
        let hosts = self.server.allowed_hosts.iter().filter(|host| !is_host(host));
        faults.extend(hosts.map(|host| {
            format!("server.allowed_hosts: '{host}' is not a host name without a port")
        }));
        if faults.is_empty() { Ok(self) } else { Err(ConfigErrors(faults)) }
    }

    /// `openwa.auth` as it is in effect: `auto` lets nobody in without a key once others than
    /// programs of this machine are meant to call.
    pub fn access(&self) -> AccessMode {
        match (self.openwa.auth, self.reason_for_keys()) {
            (AccessMode::Auto, Some(_)) => AccessMode::Required,
            (mode, _) => mode,
        }
    }

    /// The setting that says that others than programs of this machine call.
    pub fn reason_for_keys(&self) -> Option<&'static str> {
        let server = &self.server;
        if !server.listen.ip().to_canonical().is_loopback() {
            Some("server.listen is not loopback")
        } else if !server.public_url.is_empty() {
            Some("server.public_url is set")
        } else if !server.trusted_proxies.is_empty() {
            Some("server.trusted_proxies is set")
        } else {
            None
        }
    }
}

/// Scheme, host and port of a web page, as browsers write it.
fn is_origin(text: &str) -> bool {
    let url = url::Url::parse(text).ok();
    url.is_some_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.origin().ascii_serialization().eq_ignore_ascii_case(text)
    })
}

fn is_host(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

/// A name or an IPv4 address, all names below one, or `*` for every host.
fn is_host_pattern(text: &str) -> bool {
    let name = text.strip_prefix("*.").unwrap_or(text);
    let is_plain = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '-' | '_');
    let is_name = name.split('.').all(|label| !label.is_empty() && label.chars().all(is_plain));
    text == "*" || is_name
}

fn parse(text: &str, name: &str, faults: &mut Vec<String>) -> Table {
    text.parse::<Table>().unwrap_or_else(|error| {
        // Not the whole error: it repeats the line, which may hold a secret.
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        faults.push(format!("{name}: line {line}: {}", error.message().trim()));
        Table::new()
    })
}

/// Puts one table over another; a key that the lower one lacks is a fault.
fn overlay(base: &mut Table, over: Table, path: &str, faults: &mut Vec<String>) {
    for (key, value) in over {
        let name = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match (base.get_mut(&key), value) {
            (Some(Value::Table(base)), Value::Table(over)) => overlay(base, over, &name, faults),
            (Some(base), value) if base.same_type(&value) => *base = value,
            (Some(base), value) => {
                let (wanted, found) =
                    (with_article(base.type_str()), with_article(value.type_str()));
                faults.push(format!("{name}: expected {wanted}, found {found}"));
            }
            (None, _) => {
                let nearest = nearest(base.keys().map(String::as_str), &key);
                let section = name.strip_suffix(key.as_str()).unwrap_or_default();
                let meant = did_you_mean(nearest.map(|nearest| format!("{section}{nearest}")));
                faults.push(format!("{name}: there is no such setting{meant}"));
            }
        }
    }
}

fn with_article(word: &str) -> String {
    let article = if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {word}")
}

/// A value that cannot be read, by the name under which it was given.
fn unreadable(error: &toml::de::Error, environment: &BTreeMap<String, String>) -> String {
    let text = error.to_string();
    let (message, path) = text.trim().rsplit_once("\nin `").unwrap_or((text.trim(), ""));
    let path = path.trim_end_matches('`');
    let variable =
        environment.keys().find(|name| environment::path_of(name).is_some_and(|each| each == path));
    match variable {
        Some(variable) => format!("{variable} ({path}): {message}"),
        None if path.is_empty() => message.to_owned(),
        None => format!("{path}: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_wrong_value_is_named_by_its_variable_and_what_it_may_be() {
        for (name, value, fault) in [
            ("PORT", "abc", "PORT: 'abc' is not a port"),
            ("PORT", "99999", "PORT: '99999' is not a port"),
            ("HOST", "abc", "HOST: 'abc' is not an IP address such as 127.0.0.1 or [::1]"),
            (
                "WAGATE_ENGINE",
                "sms",
                "WAGATE_ENGINE (engine): unknown variant `sms`, expected `browser` or `simulated`",
            ),
            (
                "WAGATE_LISTEN",
                "abc",
                "WAGATE_LISTEN (server.listen): invalid socket address syntax",
            ),
        ] {
            let loaded = Config::load(&Flags::default(), &environment(&[(name, value)]));
            assert_eq!(loaded.unwrap_err().0, [fault]);
        }
        let both = environment(&[("HOST", "[::1]"), ("PORT", "9000")]);
        let config = Config::load(&Flags::default(), &both).unwrap();
        assert_eq!(config.server.listen.to_string(), "[::1]:9000");
    }

    #[test]
    fn a_value_of_another_type_is_named_with_both_types() {
        let mut faults = Vec::new();
        let mut base: Table = "[server]\nlisten = \"x\"".parse().unwrap();
        overlay(&mut base, "[server]\nlisten = 5".parse().unwrap(), "", &mut faults);
        assert_eq!(faults, ["server.listen: expected a string, found an integer"]);
    }

    #[test]
    fn the_shipped_file_gives_every_setting() {
        let config = Config::shipped().unwrap();
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
        assert_eq!((config.limits.session_creation, config.limits.messaging), (5, 30));
    }

    #[test]
    fn a_flag_wins_over_the_environment_and_that_over_the_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "[sessions]\nmax = 2\nparallel_starts = 7").unwrap();
        let flags = Flags {
            config: Some(file.path().to_owned()),
            max_sessions: Some(4),
            ..Flags::default()
        };
        let environment =
            environment(&[("MAX_SESSIONS", "3"), ("PORT", "9000"), ("WAGATE_LOG__FORMAT", "json")]);
        let config = Config::load(&flags, &environment).unwrap();
        assert_eq!((config.sessions.max, config.sessions.parallel_starts), (4, 7));
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:9000");
        assert_eq!(config.log.format, crate::config::LogFormat::Json);
    }

    #[test]
    fn a_list_is_given_with_commas_or_as_the_file_writes_it() {
        let arguments = |text: &str| {
            let environment = environment(&[("WAGATE_BROWSER__EXTRA_ARGS", text)]);
            Config::load(&Flags::default(), &environment).map(|config| config.browser.extra_args)
        };
        assert_eq!(arguments("").unwrap(), Vec::<String>::new());
        assert_eq!(arguments("no-sandbox").unwrap(), ["no-sandbox"]);
        assert_eq!(arguments(" --a=1 , b ").unwrap(), ["--a=1", "b"]);
        assert_eq!(arguments(r#"["window-size=9,9", "b"]"#).unwrap(), ["window-size=9,9", "b"]);
        for wrong in ["[", "[1]", "[]\nport = 1"] {
            assert!(arguments(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "colour = 1\n[server]\nlisten = 5\nport = 1").unwrap();
        let flags = Flags { config: Some(file.path().to_owned()), ..Flags::default() };
        let faults = Config::load(&flags, &environment(&[("MAX_SESSIONS", "many")])).unwrap_err().0;
        assert_eq!(faults.len(), 4, "{faults:?}");
    }

    #[test]
    fn an_error_in_a_file_names_its_line_and_shows_nothing_of_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "[vault]\nformer_key = \"\"\nkey = a-key-4719\n").unwrap();
        let flags = Flags { config: Some(file.path().to_owned()), ..Flags::default() };
        let faults = Config::load(&flags, &environment(&[])).unwrap_err().to_string();
        assert!(faults.contains("line 3: ") && !faults.contains("4719"), "{faults}");
        let set = environment(&[("WAGATE_VAULT__KEY", "a-key-4719")]);
        let config = Config::load(&Flags::default(), &set).unwrap();
        assert_eq!(config.vault.key.expose(), "a-key-4719");
        assert!(!format!("{config:?}").contains("4719"));
    }

    #[test]
    fn an_allowed_host_is_a_name_and_no_rule_of_the_browser() {
        let hosts = |text| {
            let environment = environment(&[("WAGATE_BROWSER__ALLOWED_HOSTS", text)]);
            Config::load(&Flags::default(), &environment).map(|config| config.browser.allowed_hosts)
        };
        assert_eq!(hosts("*.example.org,10.0.0.5").unwrap(), ["*.example.org", "10.0.0.5"]);
        assert!(hosts("*").is_ok());
        for text in ["a b", "*.", "*example.org", "a.*.org", "https://a.org", "a.org:443", "a..b"] {
            assert!(hosts(text).is_err(), "{text}");
        }
    }

    #[test]
    fn auto_means_required_once_others_than_this_machine_call() {
        let access = |pairs: &[(&str, &str)]| {
            Config::load(&Flags::default(), &environment(pairs)).unwrap().access()
        };
        assert_eq!(access(&[]), AccessMode::Auto);
        // A page that may call with a key needs that key all the same.
        let origins = ("WAGATE_SERVER__CORS_ORIGINS", "https://app.example.com");
        assert_eq!(access(&[origins]), AccessMode::Auto);
        for (name, value) in [
            ("PUBLIC_URL", "https://gateway.example.com"),
            ("WAGATE_SERVER__TRUSTED_PROXIES", "127.0.0.1"),
            ("WAGATE_LISTEN", "0.0.0.0:8080"),
            ("WAGATE_LISTEN", "[::]:8080"),
        ] {
            assert_eq!(access(&[(name, value)]), AccessMode::Required, "{name}");
            assert_eq!(access(&[(name, value), ("OPENWA_AUTH", "open")]), AccessMode::Open);
        }
    }

    #[test]
    fn a_slip_in_a_name_is_told_with_the_name_that_was_meant() {
        let fault = |pairs: &[(&str, &str)]| {
            Config::load(&Flags::default(), &environment(pairs)).unwrap_err().to_string()
        };
        let said = fault(&[("WAGATE_SERVER__LISTN", "1")]);
        assert!(said.contains("no setting server.listn; did you mean server.listen?"), "{said}");
        let said = fault(&[("WAGATE_SESION__MAX", "1")]);
        assert!(said.contains("did you mean sessions.max?"), "{said}");
        let said = fault(&[("WAGATE_WEATHER__FORECAST", "1")]);
        assert!(said.contains("no setting weather.forecast") && !said.contains("mean"), "{said}");
        let said = fault(&[("WAGATE_NETWORK", "moon")]);
        assert!(said.contains("WAGATE_NETWORK (network): unknown variant `moon`"), "{said}");
        let said = fault(&[("OPENWA_AUTH", "maybe")]);
        assert!(said.contains("OPENWA_AUTH (openwa.auth): unknown variant `maybe`"), "{said}");
        let mut faults = Vec::new();
        let mut base = parse(DEFAULTS, "the defaults", &mut faults);
        let file = parse("[server]\nlistn = \"a\"\n[servr]\n[moon]\n", "a file", &mut faults);
        overlay(&mut base, file, "", &mut faults);
        let mut expected = [
            "server.listn: there is no such setting; did you mean server.listen?",
            "servr: there is no such setting; did you mean server?",
            "moon: there is no such setting",
        ];
        faults.sort();
        expected.sort();
        assert_eq!(faults, expected);
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        let load = |name: &str, value: &str| {
            Config::load(&Flags::default(), &environment(&[(name, value)])).is_ok()
        };
        for (origin, is_fine) in [
            ("https://app.example.com", true),
            ("http://localhost:3000", true),
            ("https://app.example.com/", false),
            ("https://app.example.com:443", false),
            ("app.example.com", false),
            ("*", false),
            ("null", false),
        ] {
            assert_eq!(load("WAGATE_SERVER__CORS_ORIGINS", origin), is_fine, "{origin}");
        }
        assert!(load("WAGATE_SERVER__ALLOWED_HOSTS", "wagate,gateway.lan"));
        assert!(!load("WAGATE_SERVER__ALLOWED_HOSTS", "wagate:8080"));
    }

    #[test]
    fn the_simulated_engine_needs_the_simulated_network() {
        let flags = Flags { engine: Some(EngineKind::Simulated), ..Flags::default() };
        assert!(Config::load(&flags, &BTreeMap::new()).is_err());
    }

    #[test]
    fn the_simulated_model_needs_the_simulated_network() {
        let set =
            |(key, value): (&str, &str)| (format!("WAGATE_ASSISTANT__{key}"), value.to_owned());
        let variables = [("BASE_URL", "simulated"), ("MODEL", "small")].map(set).into();
        let load = |network| Config::load(&Flags { network, ..Flags::default() }, &variables);
        assert!(load(Some(NetworkKind::Simulated)).is_ok());
        assert!(load(Some(NetworkKind::Whatsapp)).is_err());
    }
}
