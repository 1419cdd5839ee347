//! The visitor's conversation as server-sent events: each message under its number, who works on it, and that an answer is
//! being made.
//!
//! ```text
//! Last-Event-ID ─▶ messages above that number, the present state ─▶ log: something of this chat ─▶ the same again
//! ```
//!
//! Messages are read from the conversation and not from the log, so that a page which comes back after days misses none.

use std::{collections::VecDeque, time::Duration};

use actix_web::web::{self, Bytes};
use serde::Deserialize;
use serde_json::json;
use tokio::{
    sync::watch,
    time::{Instant, Interval, interval_at},
};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        gate::{auth::client_of, caller::address::Network},
        kit::{
            Call, File, FileKind, Public, Query,
            event_stream::{self, EVENT_STREAM, Pieces},
        },
        streams::places::{Caller, Place, Places},
        workspace::{
            chat_stream::frame,
            widget::{
                caller::{Looks, Visitor},
                views::{self, TAG, VisitorSessionView},
            },
        },
    },
    domain::{Error, ErrorCode, EventBody, SessionStatus, conversation::Window},
    services::Services,
    widget::Visit,
};

const HEARTBEAT: Duration = Duration::from_secs(15);
/// Events and messages that are read at once.
const READ_AT_ONCE: usize = 100;

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/widget/{token}/events", follow)
            .named("streamWidgetEvents")
            .about(TAG, "Follow the visitor's conversation")
            .details(
                "`message` has the number of the message as its id: who comes back with `Last-Event-ID` gets each later \
                 message once; without it, the stream begins now. `assigned`, `resolved` and `status` have the \
                 conversation as it is, one of them at the beginning. `typing` says that the bot makes an answer. A \
                 comment comes each 15 seconds.",
            )
            .may_fail(&[ErrorCode::Unavailable]),
    ]
}

#[derive(Deserialize, ToSchema)]
struct EventsQuery {
    /// UUID of the conversation; that of the token where it is not given.
    #[schema(max_length = 64)]
    session_id: Option<String>,
}

const EXAMPLE: &str = "id: 1000000002\nevent: message\ndata: {\"id\":\"660e8400-e29b-41d4-a716-446655440062\",\
    \"number\":1000000002,\"role\":\"agent\",\"content\":\"Hello!\"}\n\n";

/// A stream of what happens in a conversation.
struct VisitorEvents;

impl FileKind for VisitorEvents {
    const CONTENT_TYPE: &'static str = EVENT_STREAM;
    const EXAMPLE: &'static str = EXAMPLE;
}

async fn follow(
    call: Call<Public>,
    caller: Visitor<Looks>,
    Query(query): Query<EventsQuery>,
) -> Result<File<VisitorEvents>, ApiError> {
    caller.check_session(query.session_id.as_deref())?;
    let request = call.request();
    if let Some(head) = event_stream::of_head(request) {
        return Ok(head.into());
    }
    let places = request.app_data::<web::Data<Places>>();
    let places = places.ok_or_else(|| Error::internal("the server is not set up"))?;
    let address = Network::of(client_of(request)).to_string();
    let session = call.web_chats.open(caller.bot.id).await?;
    let place = places.take(Some(&session), Caller::Address(address))?;
    let status = call.supervisor.get(&session)?.watch();
    let channel = status.borrow().uuid;
    let last_id = request.headers().get("last-event-id").and_then(|value| value.to_str().ok());
    let resume = last_id.and_then(|id| id.trim().parse().ok());
    // Before anything is read: what happens meanwhile is looked at again.
    let (wake, cursor) = (call.events.wake(), call.events.newest());
    let number = match resume {
        Some(number) => number,
        None => newest(&call, &caller.visit).await?,
    };
    let following = Following {
        services: call.services(),
        token: caller.token,
        visit: caller.visit,
        channel,
        wake,
        cursor,
        number,
        shown: None,
        is_by_bot: true,
        ready: VecDeque::from([Bytes::from_static(b": connected\n\n")]),
        news: Some(cursor),
        status,
        heartbeat: interval_at(Instant::now() + HEARTBEAT, HEARTBEAT),
        is_over: false,
        _place: place,
    };
    Ok(event_stream::streaming(request, following).into())
}

/// The number of the newest message of a conversation; 0 where it has none.
async fn newest(services: &Services, visit: &Visit) -> Result<u64, Error> {
    let Some((record, _)) = views::find(services, visit).await? else { return Ok(0) };
    let page = services.message_history.page(&record, Window::Newest, 1).await?;
    Ok(page.messages.last().map_or(0, |newest| newest.number))
}

/// A stream under way.
struct Following {
    services: web::Data<Services>,
    token: String,
    visit: Visit,
    /// The channel of the bot's web chats in the log.
    channel: Uuid,
    wake: watch::Receiver<u64>,
    /// How far the log was read.
    cursor: u64,
    /// The newest message that was sent.
    number: u64,
    /// The state that was sent last.
    shown: Option<VisitorSessionView>,
    /// Whether a bot answers what the visitor says.
    is_by_bot: bool,
    ready: VecDeque<Bytes>,
    /// The number of an event after which there may be something to send.
    news: Option<u64>,
    status: watch::Receiver<SessionStatus>,
    heartbeat: Interval,
    is_over: bool,
    _place: Place,
}

impl Pieces for Following {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(next) = self.ready.pop_front() {
                return Some(next);
            }
            if self.is_over {
                return None;
            }
            // What failed is read again by the client, which comes back with the number that it has.
            self.step().await.ok()?;
        }
    }
}

impl Following {
    /// Looks at what there is, or waits for more.
    async fn step(&mut self) -> Result<(), Error> {
        if let Some(event) = self.news.take() {
            // The inbox says whose a message is, so it comes first; where it is late, the next event leads here again.
            self.services.inbox.reached(event).await;
            return self.look().await;
        }
        tokio::select! {
            biased;
            () = ended(&mut self.status) => self.is_over = true,
            // However much happens elsewhere: proxies hear of the stream, and a token that has expired ends it.
            _ = self.heartbeat.tick() => {
                self.is_over = !self.services.widgets.is_open(&self.token, &self.visit).await;
                self.ready.push_back(Bytes::from_static(b": ping\n\n"));
            }
            woken = self.wake.changed() => match woken {
                Ok(()) => self.read_log().await?,
                Err(_) => self.is_over = true,
            },
        }
        Ok(())
    }

    /// Reads the log for what concerns this conversation.
    async fn read_log(&mut self) -> Result<(), Error> {
        let (log, chat) = (&self.services.events, self.visit.chat());
        self.wake.mark_unchanged();
        loop {
            let newest = log.newest();
            // What the log has dropped meanwhile may have concerned it.
            if self.cursor + 1 < log.oldest() {
                self.news = Some(newest);
            }
            let events = log.read(Some(self.channel), self.cursor, READ_AT_ONCE).await?;
            let of_chat = events.iter().filter(|event| event.body.chat() == Some(&chat));
            let mut is_said = false;
            for event in of_chat {
                self.news = Some(event.seq);
                is_said |= matches!(
                    event.body.whatsapp(),
                    Some(EventBody::Message { message }) if !message.from_me()
                );
            }
            if is_said && self.is_by_bot {
                self.ready.push_back(frame("typing", &json!({ "role": "assistant" })));
            }
            let is_at_end = events.len() < READ_AT_ONCE;
            let last = events.last().map_or(self.cursor, |event| event.seq);
            self.cursor = if is_at_end { self.cursor.max(newest) } else { last };
            if is_at_end {
                return Ok(());
            }
        }
    }

    /// Adds the messages that are new, and the state where it is another.
    async fn look(&mut self) -> Result<(), Error> {
        let services = self.services.clone();
        let found = views::find(&services, &self.visit).await?;
        let Some((record, state)) = found else {
            self.show(VisitorSessionView::new(&self.visit));
            return Ok(());
        };
        let window = Window::After(self.number);
        let page = services.message_history.page(&record, window, READ_AT_ONCE).await?;
        for message in views::messages(&services, &state, &page.messages).await? {
            self.number = message.number;
            let data = json!(message);
            let event = format!("id: {}\nevent: message\ndata: {data}\n\n", message.number);
            self.ready.push_back(event.into());
        }
        if page.has_more {
            // Once the client has these.
            self.news = Some(self.cursor);
            return Ok(());
        }
        self.is_by_bot = state.is_for_bots();
        self.show(VisitorSessionView::of(&services, &state).await?);
        Ok(())
    }

    fn show(&mut self, view: VisitorSessionView) {
        if self.shown.as_ref() == Some(&view) {
            return;
        }
        let name = match view.status {
            "assigned" => "assigned",
            "resolved" => "resolved",
            _ => "status",
        };
        self.ready.push_back(frame(name, &json!(view)));
        self.shown = Some(view);
    }
}

/// Resolves once the bot's chat has ended: the bot was removed, or the gateway stops.
async fn ended(status: &mut watch::Receiver<SessionStatus>) {
    while status.changed().await.is_ok() {}
}
