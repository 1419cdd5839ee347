//! The composition root: builds the gateway from its settings in one order and takes it down in
//! the reverse.
//!
//! Start: store, event log, network and engines, sessions, webhooks, API. Stop: the API takes no
//! more, sessions close so that no event is new, webhooks reach the end of the log or a deadline,
//! the store is flushed. The only module that knows all the others.

mod automation;
mod business;
mod engines;
mod people;
mod rounds;
mod settings;
mod start_error;
mod store_opening;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use self::start_error::StartError;
use self::{
    automation::Automation,
    settings::{outbox_settings, supervisor_settings, upload_limits, webhook_settings},
};
use crate::{
    accounts::{ApiKeys, BootstrapKey},
    answers::Summaries,
    api::{self, WorkspaceWords},
    audit::Audit,
    backup::{self, Backups, BackupsParts},
    bots::Bots,
    config::Config,
    contacts::{ContactImports, Contacts},
    content::{QuickReplies, Templates},
    descriptors,
    domain::Clock,
    egress::{OwnPort, OwnPorts},
    events::{Consumers, EventLog, Retry},
    inbox::{Assignments, InboxActions, InboxParts},
    jobs::{Jobs, Tries},
    messaging::{
        Ingest, Messaging, MessagingParts, Outbox, OutboxParts, Reservations, SendResults,
    },
    presence::Presence,
    private,
    search::Search,
    services::{
        EventRetention, Health, Services, Sessions, SessionsParts, Vault, history::History,
        idempotency::IdempotencyStore,
    },
    session::{Supervisor, SupervisorParts},
    settings::Settings,
    sms::{Sms, SmsParts},
    store::{MemoryEngine, Opener, Opening, Store, StoreError, disk::Disk},
    tables::CATALOGUE,
    telemetry,
    web_chat::{WebChatParts, WebChats},
    webhooks::{BUSINESS, WORKSPACE, Webhooks},
    widget::Widgets,
};

/// How long consumers of the event log may take to reach its end when the gateway stops.
const DRAIN_DEADLINE: Duration = Duration::from_secs(10);
/// How often it is looked whether the store is well.
const STORE_LOOK_AFTER: Duration = Duration::from_millis(500);

/// A running gateway.
pub struct Gateway {
    /// The wording of the business's webhooks reads from them too, while they are here.
    services: Arc<Services>,
    store: Store,
    server: api::Server,
    world: engines::World,
    tasks: TaskTracker,
    stop: CancellationToken,
    address: SocketAddr,
    _own_ports: Vec<OwnPort>,
}

impl Gateway {
    /// Starts everything. Must be called on the runtime that sessions run on.
    pub async fn start(config: Config, clock: Clock) -> Result<Self, StartError> {
        Self::start_showing(config, clock, Opening::default()).await
    }

    /// The same, and shows how far the opening of the store has come.
    pub async fn start_showing(
        config: Config,
        clock: Clock,
        opening: Opening,
    ) -> Result<Self, StartError> {
        let reserve = config.data.min_free_mib.saturating_mul(1_024 * 1_024);
        let disk = Disk::system(store_folder(&config), reserve);
        Self::start_with_disk(config, clock, disk, opening).await
    }

    /// The same on a disk that a test sets.
    pub async fn start_on(config: Config, clock: Clock, disk: Disk) -> Result<Self, StartError> {
        Self::start_with_disk(config, clock, disk, Opening::default()).await
    }

    async fn start_with_disk(
        config: Config,
        clock: Clock,
        disk: Disk,
        opening: Opening,
    ) -> Result<Self, StartError> {
        protect_folders(&config).await?;
        let folder = store_folder(&config);
        let opened = store_opening::open_store(&config, &folder, disk, opening).await;
        let store = opened.map_err(|source| store_error(&config, source))?;
        // On the heap: the future holds every part while it is put together.
        Box::pin(Self::start_with(config, clock, store)).await
    }

    /// The same with a store in memory.
    pub async fn start_in_memory(
        config: Config,
        clock: Clock,
        disk: Disk,
        engine: MemoryEngine,
    ) -> Result<Self, StartError> {
        protect_folders(&config).await?;
        let opened = Opener::of(CATALOGUE).on(disk).in_memory(engine).await;
        let store = opened.map_err(|source| store_error(&config, source))?;
        Box::pin(Self::start_with(config, clock, store)).await
    }

    async fn start_with(config: Config, clock: Clock, store: Store) -> Result<Self, StartError> {
        let started = Instant::now();
        telemetry::start_metrics();
        let descriptors = descriptors::raise();
        let config = Arc::new(config);
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        // Before anything is sent; 0 is found out when the server listens.
        let own_ports = OwnPorts::new(&config.server.public_url);
        let listening = own_ports.add(config.server.listen.port());

        match store.health().probe_disk().await {
            // What is there can be read, and the disk may have room again.
            Ok(()) | Err(StoreError::Full) => (),
            Err(source) => return Err(store_error(&config, source)),
        }
        backup::clear_left_over(&config.data.dir);
        let first_key = BootstrapKey::in_file(config.data.dir.join(private::BOOTSTRAP));
        let api_keys = ApiKeys::new(store.clone(), clock.clone()).with_bootstrap_key(first_key);
        api_keys.remove_stale_bootstrap_file().await?;
        let events = EventLog::open(store.clone(), clock.clone())
            .await
            .map_err(|source| store_error(&config, source))?;
        let consumers = Consumers::new(events.clone(), Retry::default());
        // Before anything of the log is dropped: it keeps what the index has not.
        let search = start_search(&config, &store, (&events, &consumers), &tasks, &stop)
            .await
            .map_err(|source| store_error(&config, source))?;
        let world = engines::World::build(&config, &clock, &own_ports).await?;

        let media = config.data.dir.join("media");
        let sink = Ingest::new(store.clone(), events.clone(), clock.clone());
        let supervisor = Supervisor::start(SupervisorParts {
            engines: world.engines.clone(),
            store: store.clone(),
            sink: sink.clone(),
            clock: clock.clone(),
            sessions_dir: config.sessions_dir(),
            settings: supervisor_settings(&config),
        })
        .await?;
        let parts = OutboxParts {
            store: store.clone(),
            supervisor: supervisor.clone(),
            results: SendResults::of(&sink),
            events: events.clone(),
            clock: clock.clone(),
            settings: outbox_settings(&config),
            run: uuid::Uuid::new_v4(),
            reservations: Reservations::default(),
        };
        let (log, end) = (events.clone(), stop.clone());
        tasks.spawn(async move { log.publisher().run(end).await });
        tasks.spawn(sink.clone().run_retries(supervisor.clone(), stop.clone()));
        let outbox = Outbox::start(parts, &tasks, stop.clone())
            .await
            .map_err(|source| store_error(&config, source))?;
        let messaging = Messaging::new(MessagingParts {
            store: store.clone(),
            supervisor: supervisor.clone(),
            ingest: sink.clone(),
            outbox,
            clock: clock.clone(),
            media_dir: media,
            upload_limits: upload_limits(&config, &own_ports),
        });

        let jobs = Jobs::new(store.clone(), events.clone(), clock.clone());
        let settings = Settings::open(&store, events.clone(), &config).await;
        let settings = settings.map_err(|source| store_error(&config, source))?;
        settings.feed(&world.secrets);
        let parts = (store.clone(), events.clone(), clock.clone());
        let (knowledge, retrieval, fetch) = business::knowledge(&config, parts, &jobs, &own_ports);
        let contacts = Contacts::new(store.clone(), events.clone(), clock.clone());
        let bots = Bots::new(store.clone(), clock.clone());
        let inbox_parts = InboxParts {
            store: store.clone(),
            log: events.clone(),
            consumers: consumers.clone(),
            conversations: messaging.conversations.clone(),
            contacts: contacts.clone(),
            clock: clock.clone(),
            settings: settings.clone(),
            jobs: jobs.clone(),
        };
        let opened = automation::files(&config, (&store, &clock), &messaging).await;
        let (media_links, files) = opened.map_err(|source| store_error(&config, source))?;
        let opened = Automation::open(&inbox_parts, &jobs, (&messaging.tags, files)).await;
        let (automation, automatic) = opened.map_err(|source| store_error(&config, source))?;
        let assistant = business::assistant(&config, &retrieval, &own_ports, &clock);
        let (inbox, answers) = business::start_inbox(
            inbox_parts,
            &jobs,
            (&messaging.outbox, &bots, &assistant),
            automatic,
            &tasks,
            stop.clone(),
        );
        let (drafts, sending, bulk) = business::sending(&config, &inbox, &messaging);
        let ports = (&own_ports, &world.secrets);
        let (payments, payment_handlers) = business::payments(&config, &inbox, &jobs, ports);

        let templates = Templates::new(store.clone(), clock.clone());
        let analytics = business::start_analytics(&inbox, &tasks, stop.clone());
        let campaigns = business::start_campaigns(
            (&inbox, &bulk),
            (&templates, &jobs),
            &consumers,
            &tasks,
            stop.clone(),
        );
        let web_chats = WebChats::new(WebChatParts {
            store: store.clone(),
            supervisor: supervisor.clone(),
            ingest: sink.clone(),
            inbox: inbox.clone(),
            log: events.clone(),
            clock: clock.clone(),
            answers,
        });
        let widgets = Widgets::open(&store, bots.clone(), clock.clone()).await;
        let widgets = widgets.map_err(|source| store_error(&config, source))?;
        let parts = (store.clone(), clock.clone());
        let summaries = Summaries::new(parts, assistant.clone());
        let sms = Sms::start(SmsParts {
            configured: world.sms.clone(),
            supervisor: supervisor.clone(),
            ingest: sink,
            store: store.clone(),
            jobs: jobs.clone(),
            uploads: messaging.uploads.clone(),
            files: messaging.message_files.clone(),
            clock: clock.clone(),
        })
        .await?;

        let mail = people::Mail::of(&config).map_err(StartError::Setting)?;
        let parts = (&store, &clock, &tasks);
        let accounts = people::accounts(&config, parts, &api_keys, mail.post(&jobs)).await;
        let accounts = accounts.map_err(|source| store_error(&config, source))?;

        let (log, ends) = (events.clone(), stop.clone());
        let presence = Presence::start(store.clone(), log, clock.clone(), &tasks, ends).await;
        let presence = presence.map_err(|source| store_error(&config, source))?;
        let team = people::start_team_work(
            (&inbox, &accounts),
            (&presence, mail.post(&jobs)),
            &tasks,
            stop.clone(),
        );

        let frames = api::AllFrames::default();
        let words = business::words(&store).await;
        let words = words.map_err(|source| store_error(&config, source))?;
        let bot_words = WorkspaceWords::default();
        let wordings = frames.wordings().with(BUSINESS, Arc::new(words.clone()));
        let wordings = wordings.with(WORKSPACE, Arc::new(bot_words.clone()));
        let webhooks = Webhooks::new(
            store.clone(),
            events.clone(),
            clock.clone(),
            webhook_settings(&config, &own_ports),
            wordings,
        );
        let idempotency = IdempotencyStore::new(store.clone(), clock.clone());
        let retention = EventRetention::new(
            events.clone(),
            webhooks.endpoints.clone(),
            consumers.clone(),
            &config.events,
        );
        let kept = (&retention, &idempotency);
        let rounds = rounds::repeat(&jobs, kept, &messaging, (&webhooks, &web_chats)).await;
        let rounds = rounds.map_err(|source| store_error(&config, source))?;
        let own = business::jobs(&inbox, &campaigns, &sms);
        let own = own.into_iter().chain([fetch]).chain(automation.jobs()).chain(mail.job(&clock));
        let handlers = rounds.into_iter().chain(own).chain(payment_handlers).collect();
        jobs.start(handlers, Tries::default(), &tasks, stop.clone());

        let backups = Backups::new(BackupsParts {
            store: store.clone(),
            data: config.data.dir.clone(),
            sessions_dir: config.sessions_dir(),
            network: world.network.clone(),
            supervisor: supervisor.clone(),
            clock: clock.clone(),
            tasks: tasks.clone(),
            stop: stop.clone(),
        });

        let sessions = Sessions::start(SessionsParts {
            store: store.clone(),
            supervisor: supervisor.clone(),
            cleanup: messaging.session_cleanup,
            webhooks: webhooks.endpoints.clone(),
            api_keys: api_keys.clone(),
            idempotency: idempotency.clone(),
            bots: bots.clone(),
            flows: automation.flows.clone(),
            jobs: jobs.clone(),
            tasks: tasks.clone(),
        });

        let history = History::default();
        let follow = history.clone().follow(
            supervisor.clone(),
            messaging.outbox.clone(),
            clock.clone(),
            stop.clone(),
        );
        tasks.spawn(follow);

        let services = Services {
            backups,
            vault: Vault::new(store.clone(), tasks.clone()),
            history,
            media_links,
            api_keys,
            accounts,
            audit: Audit::new(store.clone(), clock.clone()),
            mailer: mail.mailer,
            mailbox: mail.mailbox,
            sessions,
            idempotency,
            health: Health::new(store.clone()),
            inbox_actions: InboxActions::new(inbox.parts()),
            assignments: Assignments::new(inbox.parts()),
            inbox,
            sandbox_warning: world.sandbox_warning,
            network: world.network.clone(),
            page: world.page_door(&config),
            config: config.clone(),
            quick_replies: QuickReplies::new(store.clone(), clock.clone()),
            clock,
            supervisor,
            sends: messaging.sends,
            outbox: messaging.outbox,
            message_actions: messaging.message_actions,
            messages: messaging.messages,
            message_history: messaging.message_history,
            chats: messaging.chats,
            conversations: messaging.conversations,
            tags: messaging.tags,
            directory: messaging.directory,
            groups: messaging.groups,
            message_files: messaging.message_files,
            uploads: messaging.uploads,
            library: messaging.library,
            drafts,
            sending,
            payments,
            settings,
            sms,
            web_chats,
            widgets,
            search,
            contact_imports: ContactImports::new(contacts.clone(), tasks.clone(), stop.clone()),
            contacts,
            templates,
            knowledge,
            retrieval,
            bots,
            teams: team.teams,
            notes: team.notes,
            notifications: team.notifications,
            canned_responses: team.canned_responses,
            views: team.views,
            work_items: automation.work_items,
            automations: automation.rules,
            flows: automation.flows,
            presence,
            analytics,
            summaries,
            assistant,
            campaigns,
            events,
            consumers,
            retention,
            webhooks,
            started,
        };
        let listen = config.server.listen;
        let server = api::Server::bind(services.clone(), frames, listen, descriptors)
            .map_err(|source| StartError::Listen { address: listen, source })?;
        let address = server.address();
        services.config.server.bound.set(address);
        let _own_ports = vec![listening, own_ports.add(address.port())];
        let services = Arc::new(services);
        words.read_from(&services);
        bot_words.read_from(&services);
        services.webhooks.start(&tasks, stop.clone());
        Ok(Self { services, store, server, world, tasks, stop, address, _own_ports })
    }

    /// Where the API listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns when the store can write no more, and must be opened again.
    pub async fn broken(&self) {
        while !self.store.health().is_broken() {
            tokio::time::sleep(STORE_LOOK_AFTER).await;
        }
    }

    /// The handles that surfaces hold.
    pub fn services(&self) -> &Services {
        &self.services
    }
}

impl Gateway {
    /// Takes everything down in the reverse order of its start. Bounded in time, however stuck a
    /// part is. Says what did not end in order.
    pub async fn stop(self) -> Vec<String> {
        let mut faults = Vec::new();
        self.server.stop(self.services.supervisor.stop()).await;
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(DRAIN_DEADLINE, self.tasks.wait()).await.is_err() {
            faults.push(format!("{} background tasks did not end in time", self.tasks.len()));
        }
        self.world.stop().await;
        if let Err(error) = self.store.durable().await {
            faults.push(format!("the store could not be flushed: {error}"));
        }
        faults
    }
}

fn store_folder(config: &Config) -> PathBuf {
    config.data.dir.join("store")
}

async fn protect_folders(config: &Config) -> Result<(), StartError> {
    let inner = store_folder(config);
    let (data, sessions) = (config.data.dir.clone(), config.sessions_dir());
    let protecting = tokio::task::spawn_blocking(move || {
        private::protect(&data, &sessions)?;
        private::make_folder(&inner)
    });
    let protected = protecting.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
    protected.map_err(|source| StartError::Folder {
        folder: config.data.dir.display().to_string(),
        source,
    })
}

async fn start_search(
    config: &Config,
    store: &Store,
    (events, consumers): (&EventLog, &Consumers),
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<Search, StoreError> {
    let folder = config.data.dir.join("search");
    if config.search.enabled {
        let followed = (events.clone(), consumers.external(Search::NAME));
        return Ok(Search::start(store.clone(), followed, folder, tasks, stop.clone()));
    }
    Search::off(store, folder).await
}

fn store_error(config: &Config, source: StoreError) -> StartError {
    StartError::Store { folder: config.data.dir.display().to_string(), source }
}
