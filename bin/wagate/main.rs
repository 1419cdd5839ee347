//! The command line: sub-commands, and what is printed to people.
//!
//! All work is the library's; this file only chooses, prints and sets the exit code.

use std::{
    io::{IsTerminal, Write},
    path::Path,
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use wagate::{
    accounts::{
        command::{Draft, Keys, Listed, NoStore},
        user_command::{People, Person},
    },
    analytics, api,
    backup::{self, Profiles, Progress},
    config::{AccessMode, Config, NetworkKind},
    demo::{self, Narrator},
    doctor::{self, Verdict},
    domain::{Chat, Clock, session::EngineKind},
    egress,
    gateway::{Gateway, StartError},
    lifecycle::Lifecycle,
    mcp::stdio,
    messaging::MessageRecord,
    private,
    services::VaultOf,
    store::{Opening, Store, StoreError},
    tables::CATALOGUE,
    telemetry,
    vault::Keyring,
};

use crate::arguments::{
    Arguments, BackupOrder, Command, KeyAction, ProfilesChoice, Settings, UserAction, VaultAction,
    environment,
};

mod allocator;
mod arguments;

/// The exit code that says: the disk refuses, try again later (`EX_TEMPFAIL`).
const NO_DISK: u8 = 75;
/// How often it is looked whether the disk is well again.
const DISK_LOOK: Duration = Duration::from_secs(2);

/// Why a command ended badly.
type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> ExitCode {
    // Whatever is made from here on, by children too, is for this user alone.
    private::close_new_files();
    let arguments = Arguments::parse();
    let outcome = match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => serve(&arguments.settings).await,
        Command::Demo => show(&arguments.settings).await,
        Command::Doctor => examine(&arguments.settings).await,
        Command::Key { action } => keys(&arguments.settings, action).await,
        Command::User { action } => people(&arguments.settings, action).await,
        Command::Vault { action } => vault(&arguments.settings, action).await,
        Command::Backup(order) => back_up(&arguments.settings, order).await,
        Command::Restore { file, force } => put_back(&arguments.settings, &file, force).await,
        Command::Mcp { url, key } => assist(&arguments.settings, url, key).await,
        Command::Reindex { analytics } => reindex(&arguments.settings, analytics).await,
        Command::Openapi { simulator } => {
            say(&api::openapi_document(simulator));
            Ok(ExitCode::SUCCESS)
        }
    };
    outcome.unwrap_or_else(|error| {
        complain(&error.to_string());
        ExitCode::FAILURE
    })
}

async fn serve(settings: &Settings) -> Result<ExitCode, Failure> {
    let mut config = settings.load()?;
    telemetry::start_logging(&config.log);
    let mut lifecycle = Lifecycle::listen()?;
    let (network, engine, auth) = (config.network, config.engine, config.openwa.auth);
    let (most, data) = (config.sessions.max, config.data.dir.clone());
    if config.access() == AccessMode::Open {
        tracing::warn!(
            "openwa.auth is \"open\": everybody who reaches the port may use every session"
        );
    }
    let started = tokio::select! {
        started = start_showing(&config) => started,
        signal = lifecycle.stop_requested() => {
            // What a migration has done so far stays, and the next start goes on behind it.
            return Err(format!("{signal} before the gateway had started").into());
        }
    };
    let mut gateway = match started {
        Err(error) if error.is_of_the_disk() => {
            complain(&error.to_string());
            return Ok(ExitCode::from(NO_DISK));
        }
        started => started?,
    };
    config.server.listen = gateway.address();
    let base = format!("http://{}", gateway.address());
    if config.engine == EngineKind::Browser
        && let Some(fault) = doctor::missing_browser(&config.browser)
    {
        tracing::warn!("no session can start its browser: {fault}");
    }
    if let Some(key) = gateway.services().api_keys.create_bootstrap_key().await? {
        say_first_key(&key, &data.join(private::BOOTSTRAP));
    }
    say(&format!("wagate {} is listening on {base}\n", env!("CARGO_PKG_VERSION")));
    say(&format!(
        "  dashboard  {base}/\n  API        {base}/api/v1\n  API docs   {base}/api-docs\n"
    ));
    let (network, engine, auth) = (network.as_str(), engine.as_str(), auth.as_str());
    say(&format!(
        "  network    {network}, engine {engine}, at most {most} sessions, auth {auth}\n"
    ));
    say(&format!("  callers    {}\n", doctor::callers(&config).await.found));
    let signal = loop {
        tokio::select! {
            signal = lifecycle.stop_requested() => break signal,
            () = gateway.broken() => (),
        }
        gateway = match start_anew(gateway, &config, &mut lifecycle).await? {
            Some(gateway) => gateway,
            None => return Ok(ExitCode::from(NO_DISK)),
        };
    };
    tracing::info!(signal, "stopping; once more to stop at once");
    tokio::select! {
        faults = gateway.stop() => {
            for fault in &faults {
                tracing::warn!("{fault}");
            }
            Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        signal = lifecycle.stop_requested() => Err(format!("stopped at once by a second {signal}").into()),
    }
}

/// Starts, and says how far the opening of the store has come where that takes long.
async fn start_showing(config: &Config) -> Result<Gateway, StartError> {
    const INTERVAL: Duration = Duration::from_secs(2);
    let opening = Opening::default();
    let starting = Gateway::start_showing(config.clone(), Clock::system(), opening.clone());
    tokio::pin!(starting);
    loop {
        match tokio::time::timeout(INTERVAL, &mut starting).await {
            Ok(started) => return started,
            Err(_) => {
                let stage = opening.stage().map(|stage| stage.to_string());
                say(&format!("starting: {}\n", stage.as_deref().unwrap_or("opening the store")));
            }
        }
    }
}

/// After a write failed the store refuses all others until it is reopened, so everything is: as soon
/// as the disk is well. None when that cannot be done within this process.
async fn start_anew(
    broken: Gateway,
    config: &Config,
    lifecycle: &mut Lifecycle,
) -> Result<Option<Gateway>, Failure> {
    tracing::error!(
        "the store can write no more: the gateway stops, and starts when the disk is well"
    );
    for fault in broken.stop().await {
        tracing::warn!("{fault}");
    }
    loop {
        match start_showing(config).await {
            Err(error) if error.is_of_the_disk() => tracing::warn!("not yet: {error}"),
            Err(StartError::Store { source: StoreError::InUse, .. }) => {
                tracing::error!("parts of the gateway hold on to the store that cannot be written");
                return Ok(None);
            }
            started => {
                let gateway = started?;
                tracing::info!("the store works again");
                return Ok(Some(gateway));
            }
        }
        tokio::select! {
            signal = lifecycle.stop_requested() => {
                return Err(format!("{signal} while the store could not be written").into());
            }
            () = tokio::time::sleep(DISK_LOOK) => (),
        }
    }
}

/// Plays the demonstration on a gateway of its own with a store that is thrown away.
async fn show(settings: &Settings) -> Result<ExitCode, Failure> {
    let folder = private::temporary_folder("demo")?;
    let mut flags = settings.flags();
    flags.data = Some(folder.clone());
    flags.network = Some(NetworkKind::Simulated);
    flags.engine = flags.engine.or(Some(EngineKind::Browser));
    // Its own port when the usual one is taken, so that it runs beside a real gateway.
    let wanted = flags.listen.is_some() || flags.port.is_some();
    if !wanted && std::net::TcpListener::bind("127.0.0.1:8080").is_err() {
        flags.port = Some(0);
    }
    let mut config = Config::load(&flags, &environment())?;
    "warn".clone_into(&mut config.log.filter);
    telemetry::start_logging(&config.log);
    let mut lifecycle = Lifecycle::listen()?;
    let gateway = Gateway::start(config, Clock::system()).await?;
    let base = format!("http://{}", gateway.address());
    let is_terminal = std::io::stdout().is_terminal();
    let mut narrator = Narrator::new(std::io::stdout(), is_terminal);
    narrator.line(&format!("wagate on the simulated network, at {base}"));
    let played = demo::play(&mut narrator, egress::local_client()?, base.clone()).await;
    let outcome = match played {
        Ok(ending) => {
            narrator.line(&format!("\nAll {} steps worked. What next:", ending.steps));
            narrator.line(&format!("  dashboard  {base}/"));
            narrator.line(&format!("  the phone  {base}/_simulator/phone"));
            narrator.line(&format!("  API docs   {base}/api-docs"));
            narrator.line("  for real   make run");
            if is_terminal {
                narrator.line("\nThe gateway stays up for you to try; Ctrl-C ends it.");
                lifecycle.stop_requested().await;
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => Err(error.into()),
    };
    gateway.stop().await;
    // What is left of a throw-away folder is the system's to clear.
    let _ = std::fs::remove_dir_all(&folder);
    outcome
}

async fn examine(settings: &Settings) -> Result<ExitCode, Failure> {
    let config = settings.load()?;
    let checks = doctor::examine(&config, &Clock::system()).await;
    for check in &checks {
        say(&format!("{check}\n"));
    }
    let is_broken = checks.iter().any(|check| check.verdict == Verdict::Broken);
    Ok(if is_broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn keys(settings: &Settings, action: KeyAction) -> Result<ExitCode, Failure> {
    let config = settings.load()?;
    let clock = Clock::system();
    let is_new = matches!(action, KeyAction::Create { .. });
    let without = if is_new { NoStore::Make } else { NoStore::Refuse };
    let keys = Keys::open(&config, clock.clone(), CATALOGUE, without).await?;
    match action {
        KeyAction::Create { name, scopes, session, expires_in_days } => {
            let in_days = |days: u32| {
                let time = Duration::from_secs(u64::from(days) * 86_400);
                clock.now().checked_add(time).map_err(|_| "--expires-in-days is too large")
            };
            let expires_at = expires_in_days.map(in_days).transpose()?;
            let (key, secret) = keys.create(Draft { name, scopes, session, expires_at }).await?;
            say(&format!("{}  {}\n{secret}\n", key.id, key.name));
        }
        KeyAction::List => {
            for Listed { id, name, prefix, scopes, is_revoked } in keys.list().await? {
                // A name is text of somebody's, and this may be a terminal.
                let name = name.replace(char::is_control, "\u{fffd}");
                let state = if is_revoked { "revoked" } else { "active" };
                let scopes = scopes.join(",");
                say(&format!("{id}  {prefix}…  {state:<8} {scopes:<12} {name}\n"));
            }
        }
        KeyAction::Revoke { id } => {
            keys.revoke(id).await?;
            say(&format!("{id} is revoked\n"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn people(settings: &Settings, action: UserAction) -> Result<ExitCode, Failure> {
    let is_new = matches!(action, UserAction::Create { .. });
    let without = if is_new { NoStore::Make } else { NoStore::Refuse };
    let people = People::open(&settings.load()?, Clock::system(), CATALOGUE, without).await?;
    match action {
        UserAction::Create { email, name, role } => {
            let name = name.unwrap_or_else(|| email.clone());
            let (person, password) = people.create(email, name, role).await?;
            say(&format!("{}  {}  {}\n{password}\n", person.id, person.role, person.email));
        }
        UserAction::List => {
            for Person { id, email, name, role, status } in people.list().await? {
                // A name is text of somebody's, and this may be a terminal.
                let name = name.replace(char::is_control, "\u{fffd}");
                say(&format!("{id}  {role:<6} {status:<8} {email:<30} {name}\n"));
            }
        }
        UserAction::Role { email, role } => {
            people.set_role(&email, role).await?;
            say(&format!("{email} is {role}\n"));
        }
        UserAction::ResetPassword { email } => {
            let (code, end) = people.reset_code(&email).await?;
            say(&format!("{code}  good until {end}\n"));
        }
        UserAction::DisableTotp { email } => {
            people.disable_totp(&email).await?;
            say(&format!("two-factor authentication of {email} is disabled\n"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn vault(settings: &Settings, action: VaultAction) -> Result<ExitCode, Failure> {
    let vault = VaultOf::open(&settings.load()?, CATALOGUE).await?;
    let shown = match action {
        VaultAction::Status => vault.status().await?,
        VaultAction::Rotate => vault.rotate().await?,
    };
    say(&format!("{shown}\n"));
    Ok(ExitCode::SUCCESS)
}

/// Passes messages between an assistant and a running gateway.
async fn assist(
    settings: &Settings,
    url: Option<String>,
    key: Option<String>,
) -> Result<ExitCode, Failure> {
    let config = settings.load()?;
    let target = stdio::Target::new(url, key, config.server.listen, &config.data.dir);
    stdio::pass_on(target, || std::io::stdin().lock(), std::io::stdout()).await?;
    Ok(ExitCode::SUCCESS)
}

async fn reindex(settings: &Settings, analytics: bool) -> Result<ExitCode, Failure> {
    let config = settings.load()?;
    let data = config.data.dir.clone();
    let folder = data.join("store");
    if !folder.exists() {
        return Err(format!("there is no store in {}", folder.display()).into());
    }
    private::check_owner(&data)?;
    let keyring = Keyring::at(&data, &config.vault);
    let store = Store::open(&folder, &keyring, CATALOGUE).await?;
    if analytics {
        let done = analytics::recount_store(&store, Clock::system(), &config).await?;
        let from = done.from.map(|day| format!(" from {day} on")).unwrap_or_default();
        say(&format!("counted {} events{from}\n", done.events));
        return Ok(ExitCode::SUCCESS);
    }
    let done = store.upkeep().reindex().await?;
    let (messages, chats) = (done.of::<MessageRecord>(), done.of::<Chat>());
    say(&format!("indexed {messages} messages in {chats} chats\n"));
    Ok(ExitCode::SUCCESS)
}

async fn back_up(settings: &Settings, order: BackupOrder) -> Result<ExitCode, Failure> {
    let config = settings.load()?;
    let profiles = match order.profiles {
        ProfilesChoice::Stop => Profiles::Stop,
        ProfilesChoice::Stopped => Profiles::Stopped,
        ProfilesChoice::None => Profiles::None,
    };
    let gateway = backup::Gateway { url: order.url, key: order.key };
    let progress = Progress::default();
    let work = backup::back_up(&config, CATALOGUE, &gateway, profiles, &order.file, &progress);
    let manifest = with_progress("backup", &progress, work).await?;
    for session in &manifest.sessions {
        say(&format!("{session}\n"));
    }
    if let Some(secrets) = &manifest.secrets {
        say(&format!("{secrets}\n"));
    }
    let network = if manifest.has_simulated_network { ", the simulated network" } else { "" };
    say(&format!(
        "{}: {} records, {} files, {} MiB before compression{network}; read back and whole\n",
        order.file.display(),
        manifest.records,
        manifest.files,
        manifest.bytes >> 20,
    ));
    Ok(ExitCode::SUCCESS)
}

async fn put_back(settings: &Settings, file: &Path, force: bool) -> Result<ExitCode, Failure> {
    let config = settings.load()?;
    let progress = Progress::default();
    let now = Clock::system().now();
    let work = backup::restore(&config, CATALOGUE, file, force, now, &progress);
    let restored = with_progress("restore", &progress, work).await?;
    let (manifest, folder) = (restored.manifest, config.data.dir.display());
    for session in &manifest.sessions {
        say(&format!("{session}\n"));
    }
    say(&format!(
        "{folder}: restored {} records and {} files, as they were on {}\n",
        manifest.records, manifest.files, manifest.head.created_at
    ));
    for path in &restored.replaced {
        say(&format!("what was there before is in {}\n", path.display()));
    }
    if manifest.has_simulated_network {
        say("it holds a simulated network: start it with --network simulated\n");
    }
    say("never run it beside the gateway that it was taken from: both have the same logins\n");
    Ok(ExitCode::SUCCESS)
}

/// Tells how far a long work is, every few seconds.
async fn with_progress<T>(name: &str, progress: &Progress, work: impl Future<Output = T>) -> T {
    const INTERVAL: Duration = Duration::from_secs(2);
    tokio::pin!(work);
    loop {
        match tokio::time::timeout(INTERVAL, &mut work).await {
            Ok(done) => return done,
            Err(_) => {
                let kibibytes = progress.bytes() >> 10;
                complain(&format!("{name}: {kibibytes} KiB so far"));
            }
        }
    }
}

/// The key itself goes to a person alone: what is no terminal may be a log that others read.
fn say_first_key(key: &str, file: &Path) {
    let file = file.display();
    if std::io::stdout().is_terminal() {
        say(&format!("\nThe first API key, shown this once (also in {file}):\n\n    {key}\n\n"));
    } else {
        say(&format!("The first API key is in {file}; read it with: cat {file}\n"));
    }
}

fn say(text: &str) {
    // Nobody is left to read it when this fails.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "wagate: {text}");
}
