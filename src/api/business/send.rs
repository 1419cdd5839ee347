//! Sends of the business API: ten types of messages to a contact or into a conversation.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    api::{
        business::{
            agents,
            channels::{self, Channel},
            chats::{self, ChatId},
            interactive,
            send_body::{self, SendBody, SendType},
            sessions, template_send, values,
        },
        chat::{count_send, time},
        endpoint::Endpoint,
        error::ApiError,
        gate::idempotency::note_session,
        kit::{self, Body, Data, OwnSessions, Path, Repeat},
    },
    domain::{
        Content, Error, ErrorCode, Jid, MessageId, SessionId, Subject, Timestamp, address,
        conversation::{conversation_uuid, message_uuid},
        outbox::SendOptions,
    },
    inbox::{Draft, InboxState, Prepared, Recipient, SentToContact, Terms},
    messaging::{FoundMessage, MessageStatus, SendOutcome, uploads::Source},
    policy::Kind,
    providers::sms::LONGEST_TEXT,
};

const TAG: &str = "Business messages";

type Call = kit::Call<kit::Send, OwnSessions>;

pub fn endpoints() -> Vec<Endpoint> {
    let failures = [ErrorCode::Forbidden, ErrorCode::Conflict, ErrorCode::RateLimited];
    let sends = |endpoint: Endpoint| endpoint.repeats(Repeat::Repeatable).may_fail(&failures);
    vec![
        sends(Endpoint::post("/api/whatsapp-api/send", send))
            .named("sendBusinessMessage")
            .about(TAG, "Send a message to a contact")
            .details(
                "The contact must have opted in, and messages other than templates need an open window. Templates are rendered here. Buttons and lists are sent as numbered text, and the reply is mapped back for a day.",
            ),
        sends(Endpoint::post("/api/whatsapp-api/chats/{id}/messages", send_to_chat))
            .named("sendToBusinessChat")
            .about(TAG, "Send a message into a conversation"),
        sends(Endpoint::post("/api/conversations/{id}/messages", send_to_chat))
            .named("sendToConversation")
            .about(TAG, "Send a message into a conversation, under its short path"),
    ]
}

/// A message that was sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessSent, example = json!({
    "success": true, "messageId": "true_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9",
    "id": "660e8400-e29b-41d4-a716-446655440045", "conversationId": "550e8400-e29b-41d4-a716-446655440045",
    "contactId": "0194f3a0-0000-7000-8000-000000000001", "status": "SENT", "channel": "whatsapp",
    "timestamp": "2026-01-31T12:00:00.000Z", "clientRef": null, "rendered": null, "warnings": [],
}))]
pub struct SentView {
    /// Always true.
    #[schema(example = true)]
    success: bool,
    /// WhatsApp's id.
    message_id: String,
    /// UUID of the message.
    #[schema(example = "660e8400-e29b-41d4-a716-446655440045")]
    id: String,
    /// UUID of the conversation.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440045")]
    conversation_id: String,
    /// Id of the contact; null for somebody who is no contact.
    #[schema(example = "0194f3a0-0000-7000-8000-000000000001")]
    contact_id: Option<String>,
    /// SENT, or what has become of it by now; PENDING while it waits for its session.
    #[schema(example = "SENT")]
    status: String,
    /// What it goes by.
    #[schema(example = "whatsapp")]
    channel: &'static str,
    /// When it was sent or accepted, RFC 3339.
    #[schema(format = DateTime)]
    timestamp: String,
    /// The caller's own name for the message; null without one.
    #[schema(example = json!(null))]
    client_ref: Option<String>,
    /// `text` where a template, buttons or a list were sent as text.
    #[schema(example = json!(null))]
    rendered: Option<&'static str>,
    /// `outside_24h_window` and `template_rendered_locally`.
    #[schema(example = json!([]))]
    warnings: Vec<&'static str>,
}

pub async fn send(call: Call, Body(body): Body<SendBody>) -> Result<Data<SentView>, ApiError> {
    body.check_type()?;
    if body.kind() == SendType::Reaction {
        return react(&call, body, None).await;
    }
    let recipient = recipient(&call, &body).await;
    let draft = draft(&call, &body).await;
    let (recipient, draft) = Error::both(recipient, draft)?;
    deliver(&call, body, recipient, draft).await
}

async fn send_to_chat(
    call: Call,
    Path(id): Path<ChatId>,
    Body(body): Body<SendBody>,
) -> Result<Data<SentView>, ApiError> {
    body.check_type()?;
    let draft = match body.kind() {
        SendType::Reaction => None,
        _ => Some(draft(&call, &body).await?),
    };
    let found = chats::find(&call, &id).await?;
    check_names(&call, &body, (&found.state.session, &found.state.chat)).await?;
    match draft {
        Some(draft) => {
            let recipient = within(&call, found.state, &body).await?;
            deliver(&call, body, recipient, draft).await
        }
        None => react(&call, body, Some((found.state.session, found.state.chat))).await,
    }
}

/// The channel that a body names.
fn channel(body: &SendBody) -> Result<Option<Channel>, Error> {
    body.channel.as_deref().map(Channel::read).transpose()
}

/// The session that a body names.
fn named_session(body: &SendBody) -> Option<&str> {
    body.session_id.as_deref().map(str::trim).filter(|name| !name.is_empty())
}

/// Where a message into a conversation goes: by the channel that is named, else by the one that was chosen for it.
async fn within(call: &Call, state: InboxState, body: &SendBody) -> Result<Recipient, Error> {
    let channel = channel(body)?.unwrap_or_else(|| Channel::selected(&state));
    let name = named_session(body);
    if channel == Channel::of(&state.session) {
        if name.is_some() && !sessions_of(call, channel, name).await?.contains(&state.session) {
            let fault = "is not the session of the conversation";
            return Err(Error::invalid_field("sessionId", fault));
        }
        return Ok(Recipient::Chat { session: state.session, chat: state.chat });
    }
    let sessions = sessions_of(call, channel, name).await?;
    Ok(Recipient::Person { id: channels::number_of(call, &state).await?, sessions })
}

/// Refuses a body that names somebody else than the person of a conversation: a message for one would go to another.
async fn check_names(
    call: &Call,
    body: &SendBody,
    (session, chat): (&SessionId, &Jid),
) -> Result<(), Error> {
    let given = |text: &Option<String>| {
        text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    if let Some(id) = given(&body.conversation_id) {
        let record = call.conversations.get(&id).await?.record;
        if (&record.session, &record.chat) != (session, chat) {
            return Err(Error::invalid_field("conversationId", "is another conversation"));
        }
    }
    if let Some(text) = given(&body.to) {
        let person = match text.parse::<uuid::Uuid>() {
            Ok(contact) => call.contacts.get(contact).await?.chat()?,
            Err(_) => person(&text)?,
        };
        if call.chats.canonical_id(session, &person).await? != *chat {
            return Err(Error::invalid_field("to", "is not the person of the conversation"));
        }
    }
    Ok(())
}

/// A person by the address in `to`.
fn person(text: &str) -> Result<Jid, Error> {
    address::person(text).map_err(|error| Error::invalid_field("to", error.about(text)))
}

/// The sessions that serve a channel, or the one of them that is named.
async fn sessions_of(
    call: &Call,
    channel: Channel,
    name: Option<&str>,
) -> Result<Vec<SessionId>, Error> {
    match (channel, name) {
        (Channel::WhatsApp, Some(name)) => Ok(vec![sessions::named(call, name)?.id]),
        (Channel::Sms | Channel::Slack, Some(_)) => Err(Error::invalid_field(
            "sessionId",
            "names a session of WhatsApp, and the channel is another",
        )),
        (Channel::WhatsApp, None) => {
            Ok(sessions::in_order(call).into_iter().map(|status| status.id).collect())
        }
        // A key for one session does not reach the number.
        (Channel::Sms, None) if call.own_session().is_some() => {
            Err(Error::new(ErrorCode::Forbidden, "This key is for one session, which is not SMS"))
        }
        (Channel::Sms, None) => Ok(vec![call.sms.open().await?.clone()]),
        (Channel::Slack, None) => Err(Error::invalid("Slack is not enabled")),
    }
}

/// Refuses what goes by no text message.
fn check_sms(recipient: &Recipient, draft: &Draft) -> Result<(), Error> {
    let session = match recipient {
        Recipient::Chat { session, .. } => Some(session),
        Recipient::Person { sessions, .. } => sessions.first(),
    };
    if !session.is_some_and(SessionId::is_sms) {
        return Ok(());
    }
    match draft {
        Draft::Content(Content::Text { body }) if body.chars().count() <= LONGEST_TEXT => Ok(()),
        Draft::Content(Content::Text { .. }) => {
            let fault = format!("must have at most {LONGEST_TEXT} characters by SMS");
            Err(Error::invalid_field("text", fault))
        }
        Draft::File { source: Source::Url { .. }, caption, .. } => {
            let characters = caption.as_deref().map_or(0, |caption| caption.chars().count());
            let fault = format!("must have at most {LONGEST_TEXT} characters by SMS");
            if LONGEST_TEXT < characters {
                return Err(Error::invalid_field("caption", fault));
            }
            Ok(())
        }
        // The provider fetches files by itself.
        Draft::File { .. } | Draft::Stored { .. } => {
            Err(Error::invalid_field("mediaUrl", "is required: by SMS a file goes by its address"))
        }
        Draft::Content(_) | Draft::Menu(..) | Draft::Template { .. } => Err(Error::invalid_field(
            "type",
            "must be text, image, document, audio or video by SMS",
        )),
    }
}

/// Whom a message is for: a conversation or a telephone number.
async fn recipient(call: &Call, body: &SendBody) -> Result<Recipient, Error> {
    if let Some(id) = &body.conversation_id {
        let found = chats::find(call, id).await?;
        check_names(call, body, (&found.state.session, &found.state.chat)).await?;
        return within(call, found.state, body).await;
    }
    let text = body.to.as_deref().unwrap_or_default();
    if text.trim().is_empty() {
        return Err(Error::invalid_field("to", "is required"));
    }
    let channel = channel(body)?.unwrap_or(Channel::WhatsApp);
    let sessions = sessions_of(call, channel, named_session(body)).await?;
    if let Ok(id) = text.trim().parse::<uuid::Uuid>() {
        let id = call.contacts.get(id).await?.chat()?;
        return Ok(Recipient::Person { id, sessions });
    }
    Ok(Recipient::Person { id: person(text)?, sessions })
}

/// What is sent, checked before anything is looked up.
async fn draft(call: &Call, body: &SendBody) -> Result<Draft, Error> {
    match body.kind() {
        SendType::Interactive => {
            let written = body.interactive.clone().unwrap_or(Value::Null);
            let menu = interactive::read(&written).map_err(|error| error.within("interactive"))?;
            Ok(Draft::Menu(menu, written))
        }
        SendType::Image | SendType::Document | SendType::Audio | SendType::Video => {
            send_body::file(call, body, call.own_session().is_some())
        }
        SendType::Template => template_send::draft(call, body).await,
        _ => send_body::content(body).map(Draft::Content),
    }
}

async fn deliver(
    call: &Call,
    body: SendBody,
    recipient: Recipient,
    draft: Draft,
) -> Result<Data<SentView>, ApiError> {
    check_sms(&recipient, &draft)?;
    let options = SendOptions { queue_if_offline: body.queue, ..SendOptions::default() };
    let is_template = matches!(draft, Draft::Template { .. });
    let kind = if is_template { Kind::Template } else { Kind::Free };
    let prepared = call.sending.prepare(&recipient, kind, options).await?;
    note_session(call.request(), &prepared.session);
    let draft = match draft {
        Draft::Content(Content::Text { body: text }) if body.render_variables => {
            let text = values::filled_in(call, &text, prepared.contact.as_ref()).await?;
            Draft::Content(Content::Text { body: text })
        }
        draft => draft,
    };
    let quoted = match body.reply_to.as_deref().map(str::trim).filter(|id| !id.is_empty()) {
        Some(text) => Some(quoted(call, &prepared, text).await?),
        None => None,
    };
    count_send(call.request(), &prepared.session)?;
    let is_menu = matches!(draft, Draft::Menu(..));
    let terms = Terms {
        author: agents::author(call).await?,
        client_ref: body.client_ref.clone(),
        key: call.message_key(),
        quoted,
        link_preview: body.preview_url,
        options,
    };
    let SentToContact { prepared, outcome } = call.sending.send(prepared, draft, terms).await?;
    let (id, at, status) = match outcome {
        SendOutcome::Sent(sent) => (sent.id, sent.timestamp, MessageStatus::from(sent.ack)),
        SendOutcome::Queued(entry) => {
            (entry.message_id(entry.account.as_ref()), entry.queued_at, MessageStatus::Pending)
        }
    };
    let mut view = sent_view(&prepared, &id, at, status);
    view.warnings.extend(is_template.then_some(template_send::WARNING));
    let rendered = (is_menu || is_template).then_some("text");
    Ok(Data::of(SentView { client_ref: body.client_ref, rendered, ..view }))
}

fn sent_view(
    prepared: &Prepared,
    id: &MessageId,
    at: Timestamp,
    status: MessageStatus,
) -> SentView {
    SentView {
        success: true,
        message_id: id.to_string(),
        id: message_uuid(&prepared.session, id).to_string(),
        conversation_id: conversation_uuid(&prepared.session, &prepared.chat).to_string(),
        contact_id: prepared.contact.as_ref().map(|contact| contact.id.to_string()),
        status: status.as_str().to_uppercase(),
        channel: Channel::of(&prepared.session).as_str(),
        timestamp: time(at),
        client_ref: None,
        rendered: None,
        warnings: prepared.warning.iter().map(|warning| warning.as_str()).collect(),
    }
}

/// Reacts to a message, which says whose chat it is in.
async fn react(
    call: &Call,
    body: SendBody,
    within: Option<(SessionId, Jid)>,
) -> Result<Data<SentView>, ApiError> {
    let (text, emoji) = body.reaction()?;
    let (session, id) = message(call, &text, body.session_id.as_deref()).await?;
    let is_elsewhere =
        within.is_some_and(|(of, chat)| of != session || chat != id.chat) || !id.chat.is_person();
    if is_elsewhere {
        return Err(no_such_message().into());
    }
    check_names(call, &body, (&session, &id.chat)).await?;
    if channel(&body)?.is_some_and(|channel| channel != Channel::of(&session)) {
        return Err(Error::invalid_field("channel", "is not the channel of the message").into());
    }
    let recipient = Recipient::Chat { session, chat: id.chat.clone() };
    let prepared = call.sending.prepare(&recipient, Kind::Free, SendOptions::default()).await?;
    note_session(call.request(), &prepared.session);
    count_send(call.request(), &prepared.session)?;
    call.sending.react(&prepared, &id, emoji).await?;
    let view = sent_view(&prepared, &id, call.clock.now(), MessageStatus::Sent);
    Ok(Data::of(SentView { client_ref: body.client_ref, ..view }))
}

/// A message by its UUID, its number or WhatsApp's id.
async fn message(
    call: &Call,
    text: &str,
    session: Option<&str>,
) -> Result<(SessionId, MessageId), Error> {
    let sessions: Vec<SessionId> = match session {
        Some(name) => vec![sessions::named(call, name)?.id],
        None => sessions::in_order(call).into_iter().map(|status| status.id).collect(),
    };
    if let Ok(id) = text.parse::<MessageId>() {
        for session in sessions {
            if let Some(stored) = call.messages.stored(&session, &id).await? {
                return Ok((session, stored.message.id));
            }
        }
        return Err(no_such_message());
    }
    match call.messages.get(text).await? {
        FoundMessage::Stored(session, stored) if sessions.contains(&session) => {
            Ok((session, stored.message.id))
        }
        _ => Err(no_such_message()),
    }
}

fn no_such_message() -> Error {
    Error::not_found(Subject::Message, "there is no such message in a conversation")
}

/// The message that a reply quotes, which is of the same conversation.
async fn quoted(call: &Call, prepared: &Prepared, text: &str) -> Result<String, Error> {
    let (session, chat) = (&prepared.session, &prepared.chat);
    let fault = || Error::invalid_field("replyTo", "must name a message of this conversation");
    if let Ok(id) = text.parse::<MessageId>() {
        let stored = call.messages.stored(session, &id).await?;
        let stored = stored.filter(|stored| stored.message.chat() == chat);
        return stored.map(|stored| stored.message.id.to_string()).ok_or_else(fault);
    }
    let id = call.messages.quoted(session, chat, text).await?;
    id.map(|id| id.to_string()).ok_or_else(fault)
}
