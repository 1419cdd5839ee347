//! A listener that asks for a stream: whether it gets one, for how long, and what it may see of it.
//!
//! WebSockets and event streams are admitted alike. All refusals come before the stream begins.

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    accounts::{Lease, Who},
    api::{
        dialects,
        error::ApiError,
        gate::{
            auth::{client_of, principal},
            caller::address::Network,
        },
        streams::{
            feed::{Feed, Start},
            frames::{AllFrames, codes_for},
            inbox::{Follower, INBOX},
            places::{Caller, Place, Places},
        },
    },
    events::Codes,
    presence::Listening,
    services::Services,
    session::SessionHandle,
};

/// What a listener may ask for.
#[derive(Deserialize, ToSchema)]
pub struct StreamQuery {
    /// Names of the events wanted, separated by commas.
    events: Option<String>,
    /// Replay everything after this number first.
    #[schema(minimum = 0)]
    since: Option<u64>,
    /// Also what becomes of conversations in the inbox, of those that the caller sees: needs the scope `conversations`.
    inbox: Option<bool>,
    /// A stream ticket, instead of a credential.
    #[serde(rename = "ticket")]
    _ticket: Option<String>,
}

/// An admitted listener.
pub struct Listener {
    pub feed: Feed,
    pub start: Start,
    pub codes: Codes,
    /// The stream ends with it.
    pub lease: Lease,
    /// Held while the stream is open.
    pub place: Place,
    /// While it is open, the person who listens is here.
    _listening: Option<Listening>,
}

impl Listener {
    /// Of the events of one session, or of all, in the wording of the route's dialect. `resume` is the
    /// number that a client resumes by, when that is not in the query.
    pub async fn admit(
        services: &Services,
        request: &HttpRequest,
        query: &StreamQuery,
        session: Option<&SessionHandle>,
        resume: Option<u64>,
    ) -> Result<Self, ApiError> {
        let missing = || crate::domain::Error::internal("the server is not set up");
        let all = request.app_data::<web::Data<AllFrames>>().ok_or_else(missing)?;
        let frames = all.of(dialects::of(request).wording()).ok_or_else(missing)?;
        let places = request.app_data::<web::Data<Places>>().ok_or_else(missing)?;
        let caller = principal(request);
        let since = resume.or(query.since);
        let inbox = match (query.inbox, all.of(INBOX)) {
            (Some(true), Some(frames)) => Some((frames.clone(), Follower::new(services, &caller)?)),
            _ => None,
        };
        let codes = codes_for(&caller);
        let place = places.take(session.map(SessionHandle::id), who(request))?;
        let (log, frames) = (services.events.clone(), frames.clone());
        let followed = session.map(|session| session.status().uuid);
        let feed = Feed::new(log, frames, followed, codes).with_inbox(inbox);
        let mut feed = feed.of_names(query.events.as_deref())?;
        let start = feed.begin(since);
        // Last, so that a revocation that comes meanwhile is seen.
        let lease = services.api_keys.lease(&caller).await?;
        let person = match caller.who {
            Who::User { id, .. } => Some(id),
            Who::Nobody | Who::Local | Who::Key { .. } => None,
        };
        let listening = person.map(|person| services.presence.listening(person));
        Ok(Self { feed, start, codes, lease, place, _listening: listening })
    }
}

/// Whose place a stream takes.
pub fn who(request: &HttpRequest) -> Caller {
    if let Some(id) = principal(request).id() {
        return Caller::Key(id);
    }
    Caller::Address(Network::of(client_of(request)).to_string())
}
