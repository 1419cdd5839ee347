//! Figures of a period: messages, conversations, contacts, advertisements and agents.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    accounts::User,
    analytics::Period,
    api::{
        business::{
            analytics_view::{AdsView, AgentsView, OverviewView, Parts, agent_view},
            csat_view::{CsatView, rated_agent},
            sessions,
        },
        endpoint::Endpoint,
        error::ApiError,
        kit::{Call, Data, OwnSessions, Query, Read},
    },
    domain::{Error, SessionStatus},
    inbox::{Agent, InboxFilter, Status},
    services::Services,
};

const TAG: &str = "Business analytics";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/whatsapp-api/analytics", overview)
            .named("getBusinessAnalytics")
            .about(TAG, "Messages, conversations and contacts of a period")
            .details(
                "Days and hours are those of the business's time zone. A message counts on the day of its own time. \
                 Groups do not count. Rates are percentages; they and averages are null where there is nothing to \
                 divide by.",
            ),
        Endpoint::get("/api/whatsapp-api/analytics/ctwa", ads)
            .named("getBusinessAdAnalytics")
            .about(TAG, "What the advertisements of a period led to")
            .details(
                "Advertisements that open a chat (click to WhatsApp), that which led most people here first. A \
                 resolved conversation counts for the advertisement that led to it last, and so does what the contact pays \
                 by payment links.",
            ),
        Endpoint::get("/api/whatsapp-api/analytics/csat", csat)
            .named("getBusinessCsatAnalytics")
            .about(TAG, "How contacts rated their conversations in a period")
            .details(
                "A rating counts on the day on which it came. The score is the percentage of ratings of 4 and 5. The 100 \
                 newest comments are shown.",
            ),
        Endpoint::get("/api/whatsapp-api/analytics/agents", agents)
            .named("getBusinessAgentAnalytics")
            .about(TAG, "What each agent did in a period")
            .details(
                "Who resolved most comes first. A resolution counts for whom the conversation is assigned to, or for \
                 who resolved it where that is nobody.",
            ),
    ]
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = BusinessAnalyticsChannel)]
enum Channel {
    WhatsApp,
    Sms,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PeriodQuery {
    /// The first day, such as 2026-03-01, or a time in it; 30 days in all when it is not given.
    #[schema(max_length = 40)]
    from: Option<String>,
    /// The last day, or a time in it; today when it is not given. A period has 366 days at most.
    #[schema(max_length = 40)]
    to: Option<String>,
    /// Only what happened in this session.
    #[schema(max_length = 64, format = "session-name")]
    session_id: Option<String>,
    /// Only what happened there; everywhere when it is not given.
    channel: Option<Channel>,
}

type Reader = Call<Read, OwnSessions>;

/// The days and the sessions that a caller asks for.
struct Asked {
    period: Period,
    sessions: Vec<SessionStatus>,
}

impl Asked {
    /// How many conversations have a status now. The length of a list is a counter.
    async fn conversations(&self, services: &Services, status: Status) -> Result<u64, Error> {
        let sessions = self.sessions.iter().map(|session| session.id.clone()).collect();
        let statuses = vec![status];
        let filter = InboxFilter { sessions, statuses, ..InboxFilter::default() };
        Ok(services.inbox.page(&filter, None, (0, 0)).await?.total)
    }

    fn of(call: &Reader, query: &PeriodQuery) -> Result<Self, ApiError> {
        let period = call.analytics.period(query.from.as_deref(), query.to.as_deref())?;
        let mut sessions = match query.session_id.as_deref() {
            Some(name) => vec![sessions::named(call, name)?],
            None => sessions::in_order(call),
        };
        // Every session that a caller can name is one of WhatsApp.
        sessions.retain(|_| query.channel != Some(Channel::Sms));
        let is_by_sms = query.channel != Some(Channel::WhatsApp) && query.session_id.is_none();
        if is_by_sms && call.own_session().is_none() {
            sessions.extend(sms_number(call));
        }
        Ok(Self { period, sessions })
    }

    fn channels(&self) -> Vec<Uuid> {
        self.sessions.iter().map(|session| session.uuid).collect()
    }
}

/// The session of the number for text messages; none where there is none, or nothing was sent by it yet.
fn sms_number(call: &Reader) -> Option<SessionStatus> {
    let handle = call.supervisor.get(call.sms.session().ok()?).ok()?;
    Some(handle.status())
}

pub async fn overview(
    call: Reader,
    Query(query): Query<PeriodQuery>,
) -> Result<Data<OverviewView>, ApiError> {
    let asked = Asked::of(&call, &query)?;
    let figures = call.analytics.channels(&asked.channels(), asked.period).await?;
    let parts = Parts {
        period: asked.period,
        figures,
        contacts: call.analytics.contacts(asked.period).await?,
        all_contacts: call.contacts.counts().await?.total,
        open: asked.conversations(&call, Status::Open).await?,
        assigned: asked.conversations(&call, Status::Assigned).await?,
    };
    Ok(Data::of(parts.into()))
}

pub async fn ads(
    call: Reader,
    Query(query): Query<PeriodQuery>,
) -> Result<Data<AdsView>, ApiError> {
    let asked = Asked::of(&call, &query)?;
    let found = call.analytics.ads(&asked.channels(), asked.period).await?;
    let currency = call.settings.now().payments.currency.to_uppercase();
    Ok(Data::of(AdsView::of(asked.period, found, &currency)))
}

pub async fn csat(
    call: Reader,
    Query(query): Query<PeriodQuery>,
) -> Result<Data<CsatView>, ApiError> {
    let asked = Asked::of(&call, &query)?;
    let channels = asked.channels();
    let (people, mut agents) = (call.accounts.users().await?, Vec::new());
    for (agent, counts) in call.analytics.agents(&channels, asked.period).await? {
        if 0 < counts.ratings.count() {
            let name = name_of(&call, &people, agent).await?;
            agents.push(rated_agent(agent, name, &counts.ratings));
        }
    }
    let total = call.analytics.channels(&channels, asked.period).await?.total;
    let comments = call.analytics.comments(&channels, asked.period).await?;
    Ok(Data::of(CsatView::of(asked.period, &total, comments, agents)))
}

pub async fn agents(
    call: Reader,
    Query(query): Query<PeriodQuery>,
) -> Result<Data<AgentsView>, ApiError> {
    let asked = Asked::of(&call, &query)?;
    let (people, mut agents) = (call.accounts.users().await?, Vec::new());
    for (agent, counts) in call.analytics.agents(&asked.channels(), asked.period).await? {
        let name = name_of(&call, &people, agent).await?;
        agents.push(agent_view(agent, name, &counts));
    }
    Ok(Data::of(AgentsView::of(asked.period, agents)))
}

/// The name of a person, or of an API key; none for one that is gone.
async fn name_of(
    services: &Services,
    people: &[User],
    agent: Agent,
) -> Result<Option<String>, Error> {
    match agent {
        Agent::Key(id) => services.api_keys.name(id).await,
        Agent::User(id) => {
            Ok(people.iter().find(|user| user.id == id).map(|user| user.name.clone()))
        }
    }
}
