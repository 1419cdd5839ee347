//! Figures of the inbox of a bot. Each number of conversations is the length of a list of them.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Call, Conversations, Data, Path},
        workspace::{bot_access, bots::BotId, inbox::TAG, sessions},
    },
    domain::{Timestamp, clock::between},
    inbox::{Agent, Folder, InboxFilter, InboxList, InboxState, Status},
};

/// Conversations, newest activity first, that averages and today's figures are counted over.
const COUNTED: usize = 5_000;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/inbox/stats/{id}", stats)
            .named("getInboxStats")
            .about(TAG, "How many conversations of a bot are in which state")
            .details(
                "The numbers of conversations are exact. Averages, `resolved_today` and `by_agent` are over the 5,000 \
                 conversations with the newest activity; today begins at midnight UTC.",
            ),
    ]
}

/// How many conversations are in which state.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceInboxStats)]
struct StatsView {
    /// All of the bot.
    #[schema(example = 4)]
    total: u64,
    /// Those that wait for somebody.
    #[schema(example = 1)]
    open: u64,
    /// Those that somebody works on.
    #[schema(example = 1)]
    assigned: u64,
    /// Those that are resolved.
    #[schema(example = 1)]
    resolved: u64,
    /// Those that the bot answers.
    #[schema(example = 1)]
    bot: u64,
    /// Those that are assigned to nobody, whatever their status.
    #[schema(example = 2)]
    unassigned: u64,
    /// Those with unread messages, and those that were marked as unread.
    #[schema(example = 1)]
    unread: u64,
    /// Those that are snoozed, which no other of these numbers counts.
    #[schema(example = 0)]
    snoozed: u64,
    /// Those whose bot asked for a person.
    #[schema(example = 1)]
    handoff_waiting: u64,
    /// Those that were resolved today.
    #[schema(example = 1)]
    resolved_today: u64,
    /// From the visitor's first message to the first one of a person; null where there was none.
    #[schema(example = 42.5)]
    avg_first_response_seconds: Option<f64>,
    /// From the beginning to the end of a conversation; null where none was resolved.
    #[schema(example = 600.0)]
    avg_resolution_seconds: Option<f64>,
    /// People who have conversations in work.
    by_agent: Vec<AgentLoadView>,
}

/// What somebody has in work.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceAgentLoad)]
struct AgentLoadView {
    /// UUID of the person.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    user_id: String,
    /// Null for somebody who is gone.
    #[schema(example = "Grace Hopper")]
    name: Option<String>,
    /// Conversations that are assigned to them and not resolved.
    #[schema(example = 1)]
    open: u64,
}

async fn stats(
    call: Call<Conversations>,
    Path(id): Path<BotId>,
) -> Result<Data<StatsView>, ApiError> {
    let bot = bot_access::seen(&call, id).await?;
    let sessions = sessions::sessions(&call, bot.id, None)?;
    let lists = [
        InboxList::All,
        InboxList::Status(Status::Open),
        InboxList::Status(Status::Assigned),
        InboxList::Status(Status::Resolved),
        InboxList::Status(Status::AiActive),
        InboxList::Status(Status::BotActive),
        InboxList::Assignee(None),
        InboxList::Unread,
        InboxList::Handoff,
    ];
    let in_folder = |folder| (sessions.as_slice(), folder);
    let lengths = call.inbox.lengths(in_folder(Folder::Inbox), Some(bot.id), &lists).await?;
    let snoozed = in_folder(Folder::Snoozed);
    let snoozed = call.inbox.lengths(snoozed, Some(bot.id), &[InboxList::All]).await?;
    let of = |list: InboxList| {
        lists.iter().zip(&lengths).find(|(known, _)| **known == list).map_or(0, |(_, count)| *count)
    };
    let filter =
        InboxFilter { sessions: sessions.clone(), bot: Some(bot.id), ..InboxFilter::default() };
    let newest = call.inbox.page(&filter, None, (0, COUNTED)).await?.items;
    let users = call.accounts.users().await?;
    let now = call.clock.now();
    let loads = loads(&newest).into_iter().map(|(id, open)| AgentLoadView {
        user_id: id.to_string(),
        name: users.iter().find(|user| user.id == id).map(|user| user.name.clone()),
        open,
    });
    let is_today =
        |at: &Timestamp| at.as_second().div_euclid(DAY) == now.as_second().div_euclid(DAY);
    let today = newest.iter().filter_map(|state| state.resolved_at).filter(is_today).count();
    let responses = newest.iter().filter_map(|state| {
        Some(between(state.first_inbound_at?, state.first_response_at?).as_secs_f64())
    });
    let resolutions = newest
        .iter()
        .filter_map(|state| Some(between(state.opened_at, state.resolved_at?).as_secs_f64()));
    Ok(Data::of(StatsView {
        total: of(InboxList::All),
        open: of(InboxList::Status(Status::Open)),
        assigned: of(InboxList::Status(Status::Assigned)),
        resolved: of(InboxList::Status(Status::Resolved)),
        bot: of(InboxList::Status(Status::AiActive)) + of(InboxList::Status(Status::BotActive)),
        unassigned: of(InboxList::Assignee(None)),
        unread: of(InboxList::Unread),
        snoozed: snoozed.iter().sum(),
        handoff_waiting: of(InboxList::Handoff),
        resolved_today: u64::try_from(today).unwrap_or(u64::MAX),
        avg_first_response_seconds: average(responses),
        avg_resolution_seconds: average(resolutions),
        by_agent: loads.collect(),
    }))
}

const DAY: i64 = 86_400;

/// What each person has in work.
fn loads(states: &[InboxState]) -> BTreeMap<Uuid, u64> {
    let mut loads = BTreeMap::new();
    for state in states.iter().filter(|state| state.status == Status::Assigned) {
        if let Some(Agent::User(id)) = state.assignee {
            *loads.entry(id).or_default() += 1;
        }
    }
    loads
}

fn average(seconds: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = seconds.fold((0.0, 0_u32), |(sum, count), one| (sum + one, count + 1));
    (0 < count).then(|| sum / f64::from(count))
}
