//! Which conversation of a bot a request means, and how lists of them are filtered.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        kit::{Call, path::uuid, path_value},
        workspace::{
            bot_access,
            pages::PageQuery,
            people_search,
            session_view::{CHANNELS, channel_name},
        },
    },
    bots::Bot,
    domain::{Error, Jid, SessionId, Subject, Timestamp},
    inbox::{InboxFilter, InboxState, Status, ViewFilters},
    messaging::{Conversation, unknown_conversation},
    services::Services,
    teams::Access,
};

path_value! {
    /// A conversation with a bot, by its UUID.
    pub enum ChatSessionId = "id" as Uuid;
    about: "The UUID of the conversation", example: "550e8400-e29b-41d4-a716-446655440061",
    read: |text| uuid(text, Subject::Chat)
}

/// A conversation that a caller may touch.
pub struct Found {
    pub state: InboxState,
    pub conversation: Conversation,
    /// None for one whose bot is gone.
    pub bot: Option<Bot>,
    /// What the caller may do with it.
    pub access: Access,
}

impl Found {
    pub fn place(&self) -> (&SessionId, &Jid) {
        (&self.state.session, &self.state.chat)
    }
}

/// A conversation of a bot that the caller sees. Who administers the workspace sees those without a bot, too.
pub async fn find<S, R>(call: &Call<S, R>, id: Uuid) -> Result<Found, Error> {
    let id = id.to_string();
    let unknown = || unknown_conversation(&id);
    let conversation = call.conversations.get(&id).await?;
    let record = &conversation.record;
    let state = call.inbox.get(&record.session, &record.chat).await?.ok_or_else(unknown)?;
    let bots = call.bots.all().await?;
    let bot = bots.iter().find(|bot| state.bot == Some(bot.id)).cloned();
    let principal = call.principal();
    let access = match &bot {
        Some(bot) => call.teams.access(&principal, bot).await?,
        None => principal.administers().then_some(Access::Manage),
    };
    let access = access.ok_or_else(unknown)?;
    Ok(Found { state, conversation, bot, access })
}

/// A conversation that the caller may write in and change: who only looks at its bot may not.
pub async fn worked<S, R>(call: &Call<S, R>, id: Uuid) -> Result<Found, Error> {
    let found = find(call, id).await?;
    bot_access::check_worked(found.access)?;
    Ok(found)
}

/// Which conversations of a bot a list holds.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SessionsQuery {
    /// bot, open, assigned, resolved or all; several with commas.
    #[schema(max_length = 100)]
    status: Option<String>,
    /// web, whatsapp or sms.
    #[schema(max_length = 20)]
    channel: Option<String>,
    /// A part of the name, in any case and without marks, or of the number; or the beginning of the e-mail address.
    #[schema(max_length = 100)]
    search: Option<String>,
    /// Not before this time, by last activity.
    #[schema(format = DateTime, max_length = 40)]
    from: Option<String>,
    /// Not after this time, by last activity.
    #[schema(format = DateTime, max_length = 40)]
    to: Option<String>,
    #[serde(flatten)]
    pub pages: PageQuery,
}

impl SessionsQuery {
    /// With the filters of a view where nothing else is given.
    pub fn under(self, view: &ViewFilters) -> Self {
        let statuses = view.statuses.iter().map(|status| status.as_str());
        let statuses = statuses.collect::<Vec<_>>().join(",");
        let moment = |at: Option<Timestamp>| at.map(|at| at.to_string());
        Self {
            status: self.status.or_else(|| (!statuses.is_empty()).then_some(statuses)),
            channel: self.channel.or_else(|| view.channel.clone()),
            search: self.search.or_else(|| view.search.clone()),
            from: self.from.or_else(|| moment(view.from)),
            to: self.to.or_else(|| moment(view.to)),
            pages: self.pages,
        }
    }

    /// The filter of the query.
    pub async fn filter(&self, services: &Services, bot: &Bot) -> Result<InboxFilter, Error> {
        let statuses = statuses(self.status.as_deref().unwrap_or("all"));
        let sessions = sessions(services, bot.id, self.channel.as_deref());
        let period =
            Error::both(moment("from", self.from.as_deref()), moment("to", self.to.as_deref()));
        let ((statuses, sessions), period) = Error::both(Error::both(statuses, sessions), period)?;
        let search = self.search.clone().filter(|search| !search.trim().is_empty());
        let people = people_search::by_email(services, search.as_deref()).await?;
        let bot = Some(bot.id);
        Ok(InboxFilter {
            sessions,
            statuses,
            bot,
            period,
            search,
            people,
            ..InboxFilter::default()
        })
    }
}

fn moment(field: &str, text: Option<&str>) -> Result<Option<Timestamp>, Error> {
    let fault = || Error::invalid_field(field, "must be a time such as 2026-03-24T10:31:00Z");
    text.map(|text| text.trim().parse().map_err(|_| fault())).transpose()
}

/// Statuses by the names of this API; none for all.
pub fn statuses(text: &str) -> Result<Vec<Status>, Error> {
    let mut found = Vec::new();
    for name in text.split(',').map(|name| name.trim().to_lowercase()) {
        match name.as_str() {
            "all" => return Ok(Vec::new()),
            "" => (),
            name => found.extend(status(name)?),
        }
    }
    Ok(found)
}

/// The statuses that one name of this API stands for, the usual first.
pub fn status(name: &str) -> Result<&'static [Status], Error> {
    match name.trim().to_lowercase().as_str() {
        "bot" => Ok(&[Status::AiActive, Status::BotActive]),
        "open" | "pending" => Ok(&[Status::Open]),
        "assigned" => Ok(&[Status::Assigned]),
        "resolved" | "closed" => Ok(&[Status::Resolved]),
        _ => Err(Error::invalid_field("status", "must be bot, open, assigned or resolved")),
    }
}

/// The sessions in which a bot has conversations: all but the web chats of other bots.
pub fn sessions(
    services: &Services,
    bot: Uuid,
    channel: Option<&str>,
) -> Result<Vec<SessionId>, Error> {
    let channel = channel.map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty());
    if channel.as_ref().is_some_and(|name| !CHANNELS.contains(&name.as_str())) {
        return Err(Error::invalid_field("channel", "must be web, whatsapp or sms"));
    }
    let all = services.supervisor.all().into_iter().map(|status| status.id);
    let is_its = |id: &SessionId| id.web_bot().is_none_or(|of| of == bot);
    let is_of_channel =
        |id: &SessionId| channel.as_deref().is_none_or(|channel| channel == channel_name(id));
    Ok(all.filter(is_its).filter(is_of_channel).collect())
}
