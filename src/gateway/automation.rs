//! Start of what acts by itself: rules, flows, and the tickets and tasks that they make.

use std::{sync::Arc, time::Duration};

use crate::{
    accounts::MediaLinks,
    automation::{
        AutomaticWork, Automations, FileMessages, FlowJob, FlowRunner, Flows, IdleJob, Means,
    },
    config::Config,
    domain::Clock,
    inbox::InboxParts,
    jobs::{Handler, Jobs},
    messaging::{Messaging, Tags},
    store::{Store, StoreError},
    webhooks::BotEndpoints,
    work_items::{DueJob, WorkItems},
};

/// The services of what acts by itself.
pub struct Automation {
    pub work_items: WorkItems,
    pub rules: Automations,
    pub flows: Flows,
}

/// Links to files, which hold as long as the configuration says; and what makes messages of files, with links to them
/// where others know an address of the gateway.
pub async fn files(
    config: &Config,
    (store, clock): (&Store, &Clock),
    messaging: &Messaging,
) -> Result<(MediaLinks, FileMessages), StoreError> {
    let life = Duration::from_secs(config.media.link_minutes.saturating_mul(60));
    let links = MediaLinks::open(store, clock.clone(), life).await?;
    let Messaging { library, uploads, message_files, .. } = messaging.clone();
    let public_url = config.server.public_url.clone();
    let links_of_messages = links.clone();
    let messages =
        FileMessages { library, uploads, message_files, links: links_of_messages, public_url };
    Ok((links, messages))
}

impl Automation {
    /// Opens them; and the part that the inbox calls.
    pub async fn open(
        parts: &InboxParts,
        jobs: &Jobs,
        (tags, files): (&Tags, FileMessages),
    ) -> Result<(Self, AutomaticWork), StoreError> {
        let InboxParts { store, log, clock, contacts, settings, .. } = parts.clone();
        let rules = Automations::open(store.clone(), clock.clone()).await?;
        let flows = Flows::open(store.clone(), clock.clone()).await?;
        let (jobs, contacts) = (jobs.clone(), contacts.clone());
        let work_items = WorkItems { store, log, jobs: jobs.clone(), clock };
        let (tags, endpoints) = (tags.clone(), Arc::new(BotEndpoints));
        let means = Means { tags, work_items: work_items.clone(), endpoints };
        let runner = FlowRunner {
            flows: flows.clone(),
            jobs,
            contacts,
            means: means.clone(),
            files,
            settings: settings.clone(),
        };
        let work = AutomaticWork { rules: rules.clone(), flows: runner, means, settings };
        Ok((Self { work_items, rules, flows }, work))
    }

    /// The handlers of their jobs.
    pub fn jobs(&self) -> [(&'static str, Arc<dyn Handler>); 3] {
        let clock = &self.work_items.clock;
        [
            (DueJob::KIND, Arc::new(DueJob::new(clock.clone()))),
            (IdleJob::KIND, Arc::new(IdleJob::new(self.rules.clone(), clock.clone()))),
            (FlowJob::KIND, Arc::new(FlowJob::new(clock.clone()))),
        ]
    }
}
