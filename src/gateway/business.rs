//! Start of the business modules.

use std::sync::Arc;

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{
    analytics::{Analytics, AnalyticsConsumer},
    answers::{AnswerRules, Assistant},
    api::BusinessWords,
    automation::AutomaticWork,
    bots::{Bots, Responder},
    campaigns::{self, CampaignParts, Campaigns, StartJob},
    config::{Config, ProviderSecrets},
    contacts::ContactIntake,
    content::Templates,
    domain::Clock,
    egress::{Guard, OwnPorts},
    events::{Consumers, EventLog},
    inbox::{
        AnswerQueue, Answering, AnsweringParts, BulkSending, ConsumerParts, Drafts, Inbox,
        InboxConsumer, InboxParts, Sending, SendingParts, SnoozeJob, WindowJob,
    },
    jobs::{Handler, Jobs},
    knowledge::{FetchJob, Knowledge, KnowledgeParts, Retrieval},
    messaging::{Messaging, Outbox},
    payments::{Closing, Expiry, Payments, PaymentsParts},
    providers,
    sms::{FilesJob, Sms},
    store::{Store, StoreError, setting_or_make},
};

/// A handler of jobs, with the kind of its jobs.
pub type NamedHandler = (&'static str, Arc<dyn Handler>);

/// What words the answers of bots.
pub fn assistant(
    config: &Config,
    retrieval: &Retrieval,
    own_ports: &OwnPorts,
    clock: &Clock,
) -> Assistant {
    let model = providers::model::of_settings(config, own_ports);
    let rules = AnswerRules::of(&config.assistant);
    let assistant = Assistant::new(Responder::new(retrieval.clone()), model, rules, clock.clone());
    assistant.simulating(providers::model::simulated(config))
}

/// Starts the consumer of the inbox, and the answers of language models.
pub fn start_inbox(
    parts: InboxParts,
    jobs: &Jobs,
    (outbox, bots, assistant): (&Outbox, &Bots, &Assistant),
    automatic: AutomaticWork,
    tasks: &TaskTracker,
    stop: CancellationToken,
) -> (Inbox, AnswerQueue) {
    let InboxParts { consumers, clock, contacts, settings, store, log, .. } = &parts;
    let queue = AnswerQueue::new(store.clone(), clock.clone(), assistant.rules());
    let answering = AnsweringParts {
        store: store.clone(),
        log: log.clone(),
        clock: clock.clone(),
        settings: settings.clone(),
        bots: bots.clone(),
        assistant: assistant.clone(),
        queue: queue.clone(),
        outbox: outbox.clone(),
    };
    Answering::start(answering, tasks, stop.clone());
    let consumer = InboxConsumer::new(ConsumerParts {
        clock: clock.clone(),
        jobs: jobs.clone(),
        intake: ContactIntake::new(contacts, settings.clone()),
        outbox: Some(outbox.clone()),
        settings: settings.clone(),
        bots: bots.clone(),
        assistant: assistant.clone(),
        queue: queue.clone(),
        store: store.clone(),
        automatic: Some(Arc::new(automatic)),
    });
    consumers.start(consumer, tasks, stop);
    (Inbox::new(parts), queue)
}

/// Starts the consumer of analytics.
pub fn start_analytics(inbox: &Inbox, tasks: &TaskTracker, stop: CancellationToken) -> Analytics {
    let InboxParts { store, consumers, settings, clock, .. } = inbox.parts().clone();
    let consumer = AnalyticsConsumer::new(settings.clone()).behind_inbox(consumers.clone());
    consumers.start(consumer, tasks, stop);
    Analytics::new(store, settings, clock)
}

/// The jobs that announce ends of windows, end snoozes, start broadcasts, and fetch files of text messages.
pub fn jobs(inbox: &Inbox, campaigns: &Campaigns, sms: &Sms) -> [NamedHandler; 4] {
    let InboxParts { clock, settings, .. } = inbox.parts().clone();
    [
        (SnoozeJob::KIND, Arc::new(SnoozeJob::new(clock.clone()))),
        (WindowJob::KIND, Arc::new(WindowJob::new(clock, settings))),
        (StartJob::KIND, Arc::new(campaigns.start_job())),
        (FilesJob::KIND, Arc::new(FilesJob::new(sms.clone()))),
    ]
}

/// Sends to contacts, one by one and in bulk, by the rules of the settings.
pub fn sending(
    config: &Config,
    inbox: &Inbox,
    messaging: &Messaging,
) -> (Drafts, Sending, BulkSending) {
    let InboxParts { store, contacts, clock, settings, .. } = inbox.parts().clone();
    let Messaging { sends, outbox, message_actions, chats, uploads, library, .. } =
        messaging.clone();
    let per_recipient_hour = config.limits.per_recipient_hour;
    let drafts = Drafts { uploads, library, clock, per_recipient_hour };
    let bulk =
        BulkSending { sends: sends.clone(), outbox, chats: chats.clone(), drafts: drafts.clone() };
    let sending = Sending::new(SendingParts {
        store,
        inbox: inbox.clone(),
        contacts,
        sends,
        message_actions,
        chats,
        drafts: drafts.clone(),
        settings,
    });
    (drafts, sending, bulk)
}

/// Payment links, and the handlers of their jobs.
pub fn payments(
    config: &Config,
    inbox: &Inbox,
    jobs: &Jobs,
    (own_ports, secrets): (&OwnPorts, &ProviderSecrets),
) -> (Payments, [NamedHandler; 2]) {
    let InboxParts { store, log, clock, .. } = inbox.parts().clone();
    let provider = providers::payments::of_settings(config, own_ports, secrets);
    let handlers: [(&'static str, Arc<dyn Handler>); 2] = [
        (Expiry::KIND, Arc::new(Expiry::new(clock.clone(), jobs.clone()))),
        (Closing::KIND, Arc::new(Closing::new(provider.clone()))),
    ];
    let jobs = jobs.clone();
    (Payments::new(PaymentsParts { store, log, jobs, clock, provider }), handlers)
}

/// What bots know, and the handler of its job.
pub fn knowledge(
    config: &Config,
    (store, log, clock): (Store, EventLog, Clock),
    jobs: &Jobs,
    own_ports: &OwnPorts,
) -> (Knowledge, Retrieval, NamedHandler) {
    let guard = Guard::for_media(own_ports.clone(), config.media.allow_private_sources);
    let folder = config.data.dir.join("knowledge");
    // Downloads that the last run of the gateway did not finish.
    let _ = std::fs::remove_dir_all(&folder);
    let jobs = jobs.clone();
    let retrieval = Retrieval::new(store.clone());
    let parts =
        KnowledgeParts { store, log, jobs, clock, guard, folder, retrieval: retrieval.clone() };
    let knowledge = Knowledge::new(parts);
    let handler: Arc<dyn Handler> = Arc::new(FetchJob::new(knowledge.clone()));
    (knowledge, retrieval, (FetchJob::KIND, handler))
}

/// What words the events of the business API. The id of this gateway as an organization is made at its first start;
/// while the disk refuses writes, it is another.
pub async fn words(store: &Store) -> Result<BusinessWords, StoreError> {
    let organization = setting_or_make(store, "organization", Uuid::now_v7()).await?;
    Ok(BusinessWords::new(organization))
}

/// Broadcasts, with the task that sends them.
pub fn start_campaigns(
    (inbox, bulk): (&Inbox, &BulkSending),
    (templates, jobs): (&Templates, &Jobs),
    consumers: &Consumers,
    tasks: &TaskTracker,
    stop: CancellationToken,
) -> Campaigns {
    let InboxParts { store, log, contacts, clock, settings, .. } = inbox.parts().clone();
    let campaigns = Campaigns::new(CampaignParts {
        store,
        log,
        jobs: jobs.clone(),
        clock,
        contacts,
        templates: templates.clone(),
        inbox: inbox.clone(),
        bulk: bulk.clone(),
        settings,
    });
    campaigns::start(&campaigns, consumers, tasks, stop);
    campaigns
}
