//! Broadcasts: a template to all contacts with some tags, now or at a time.

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    api::{
        business::{
            agents,
            broadcast_view::{
                BroadcastId, BroadcastView, PreviewView, RecipientView, StateView, StatusView,
            },
            contact_view::given,
            send_body::Language,
            sessions,
        },
        endpoint::Endpoint,
        error::ApiError,
        kit::{Body, Broadcasts, Call, Created, Data, Paged, Paging, Path, Query, Repeat},
        texts::moment,
    },
    campaigns::{BroadcastChange, BroadcastDraft},
    domain::{Error, ErrorCode, SessionId, Timestamp},
};

const TAG: &str = "Business broadcasts";
const ALL: &str = "/api/whatsapp-api/broadcasts";
const ONE: &str = "/api/whatsapp-api/broadcasts/{id}";

pub fn endpoints() -> Vec<Endpoint> {
    let starts = [ErrorCode::Forbidden, ErrorCode::NotReady];
    vec![
        Endpoint::get(ALL, list)
            .named("listBroadcasts")
            .about(TAG, "Broadcasts in pages, the newest first"),
        Endpoint::post(ALL, create)
            .named("createBroadcast")
            .about(TAG, "Create a broadcast")
            .details(
                "It is a draft, is sent at once with `sendNow`, or waits for `scheduledAt`. Recipients are the \
                 contacts with any of the tags who have opted in when it starts. One broadcast is sent at a time, \
                 with a pause at random between two messages; direct messages overtake it. On the plan `starter` one \
                 with more than 1,000 recipients is refused as a whole: 403 `plan_limit`.",
            )
            .may_fail(&starts),
        Endpoint::post("/api/whatsapp-api/broadcasts/preview", preview)
            .named("previewBroadcast")
            .about(TAG, "Who would get a broadcast, and who would not")
            .details("Nothing is sent. Without a template it is taken for marketing.")
            .repeats(Repeat::Repeatable),
        Endpoint::get(ONE, read).named("getBroadcast").about(TAG, "One broadcast with its numbers"),
        Endpoint::patch(ONE, change)
            .named("updateBroadcast")
            .about(TAG, "Change a broadcast that was not started")
            .details(
                "What is not given stays as it is. `scheduledAt` schedules it, and null makes it a draft again.",
            )
            .may_fail(&[ErrorCode::Forbidden])
            .repeats(Repeat::Repeatable),
        Endpoint::post("/api/whatsapp-api/broadcasts/{id}/send", send)
            .named("sendBroadcast")
            .about(TAG, "Start a draft, or a scheduled broadcast before its time")
            .details(
                "The session must be connected: 409. While it is away later, the broadcast waits, and has failed \
                 after 30 minutes. Consent, the limits of each recipient and the last marketing message are looked at \
                 again before each message: who is passed over is listed as skipped, with the reason.",
            )
            .may_fail(&starts),
        Endpoint::post("/api/whatsapp-api/broadcasts/{id}/cancel", cancel)
            .named("cancelBroadcast")
            .about(TAG, "Cancel a broadcast before its next recipient")
            .details("Messages that lie in the outbox are taken out of it, but for those on their way.")
            .repeats(Repeat::Repeatable),
        Endpoint::get("/api/whatsapp-api/broadcasts/{id}/recipients", recipients)
            .named("listBroadcastRecipients")
            .about(TAG, "Recipients of a broadcast in pages, with what became of each")
            .details("They are noted when the broadcast starts."),
    ]
}

#[derive(Deserialize, ToSchema)]
struct BroadcastsQuery {
    /// Only those with this status.
    status: Option<StatusView>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Deserialize, ToSchema)]
struct RecipientsQuery {
    /// Only those with this status, and not those who went on from it.
    status: Option<StateView>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BroadcastDraft, example = json!({
    "name": "Spring sale", "templateName": "spring_sale", "language": "en_US", "tags": ["vip"],
}))]
pub struct Draft {
    /// Name of the broadcast.
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    /// Name of a template that is approved.
    #[schema(min_length = 1, max_length = 512)]
    template_name: String,
    /// Language of the template.
    language: Language,
    /// Parameters of its header, its body and its buttons, in the form of Meta's Cloud API; the same for everybody.
    #[schema(value_type = Option<Vec<Object>>, max_items = 12)]
    components: Option<Vec<Value>>,
    /// Contacts with any of them; `*` stands for all contacts.
    #[schema(min_items = 1, max_items = 50, max_length = 50)]
    tags: Vec<String>,
    /// When it starts, RFC 3339, in the future.
    #[schema(format = "date-time", max_length = 40)]
    scheduled_at: Option<String>,
    /// Whether it starts at once; false when it is not given.
    send_now: Option<bool>,
    /// The session that sends it; the first that is ready when it is not given.
    #[schema(max_length = 64, format = "session-name")]
    session_id: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BroadcastChange, example = json!({ "name": "Spring sale, second round" }))]
struct Change {
    /// Name of the broadcast.
    #[schema(min_length = 1, max_length = 120, example = "Spring sale")]
    name: Option<String>,
    /// Name of a template that is approved.
    #[schema(min_length = 1, max_length = 512, example = "spring_sale")]
    template_name: Option<String>,
    /// Language of the template.
    language: Option<Language>,
    /// All parameters, in place of those before.
    #[schema(value_type = Option<Vec<Object>>, max_items = 12)]
    components: Option<Vec<Value>>,
    /// All tags, in place of those before.
    #[schema(min_items = 1, max_items = 50, max_length = 50)]
    tags: Option<Vec<String>>,
    /// When it starts; null makes it a draft.
    #[serde(default, deserialize_with = "given")]
    #[schema(format = "date-time", max_length = 40, value_type = Option<String>)]
    scheduled_at: Option<Option<String>>,
    /// The session that sends it.
    #[schema(max_length = 64, format = "session-name", example = "shop")]
    session_id: Option<String>,
}

impl Change {
    fn change(self, call: &Call<Broadcasts>) -> Result<BroadcastChange, Error> {
        let name = self.session_id.as_deref();
        let session = name.map(|name| session(call, Some(name))).transpose();
        let at = match &self.scheduled_at {
            Some(Some(text)) => time(text).map(|at| Some(Some(at))),
            Some(None) => Ok(Some(None)),
            None => Ok(None),
        };
        let (session, scheduled_at) = Error::both(session, at)?;
        Ok(BroadcastChange {
            name: self.name,
            template_name: self.template_name,
            language: self.language.map(|language| language.as_str().to_owned()),
            components: self.components,
            tags: self.tags,
            session,
            scheduled_at,
        })
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BroadcastPreviewDraft, example = json!({ "tags": ["vip"] }))]
pub struct PreviewDraft {
    /// Contacts with any of them; `*` stands for all contacts.
    #[schema(min_items = 1, max_items = 50, max_length = 50)]
    tags: Vec<String>,
    /// Name of the template, which says whether it is marketing.
    #[schema(min_length = 1, max_length = 512)]
    template_name: Option<String>,
    /// Language of the template.
    language: Option<Language>,
}

async fn list(
    call: Call<Broadcasts>,
    Query(query): Query<BroadcastsQuery>,
) -> Result<Paged<BroadcastView>, ApiError> {
    let (status, paging) = (query.status.map(Into::into), query.paging);
    let (page, total) = call.campaigns.page(status, paging.skipped(), paging.limit()).await?;
    let page: Vec<BroadcastView> = page.into_iter().map(BroadcastView::from).collect();
    Ok(Paged::of(&page, paging, total))
}

pub async fn create(
    call: Call<Broadcasts>,
    Body(body): Body<Draft>,
) -> Result<Created<BroadcastView>, ApiError> {
    let at = body.scheduled_at.as_deref().map(time).transpose();
    let (session, scheduled_at) = Error::both(session(&call, body.session_id.as_deref()), at)?;
    let draft = BroadcastDraft {
        name: body.name,
        template_name: body.template_name,
        language: body.language.as_str().to_owned(),
        components: body.components.unwrap_or_default(),
        tags: body.tags,
        session,
        scheduled_at,
        send_now: body.send_now.unwrap_or_default(),
        by: agents::author(&call).await?,
    };
    Ok(Created::of(call.campaigns.create(draft).await?.into()))
}

pub async fn preview(
    call: Call<Broadcasts>,
    Body(body): Body<PreviewDraft>,
) -> Result<Data<PreviewView>, ApiError> {
    let language = body.language.as_ref().map(Language::as_str);
    let is_marketing = match (body.template_name.as_deref(), language) {
        (Some(name), Some(language)) => call.campaigns.is_marketing(name, language).await?,
        (None, None) => true,
        (Some(_), None) => {
            return Err(Error::invalid_field("language", "goes with templateName").into());
        }
        (None, Some(_)) => {
            return Err(Error::invalid_field("templateName", "goes with language").into());
        }
    };
    Ok(Data::of(call.campaigns.preview(&body.tags, is_marketing).await?.into()))
}

async fn read(
    call: Call<Broadcasts>,
    Path(id): Path<BroadcastId>,
) -> Result<Data<BroadcastView>, ApiError> {
    Ok(Data::of(call.campaigns.get(id).await?.into()))
}

async fn change(
    call: Call<Broadcasts>,
    Path(id): Path<BroadcastId>,
    Body(body): Body<Change>,
) -> Result<Data<BroadcastView>, ApiError> {
    let change = body.change(&call)?;
    Ok(Data::of(call.campaigns.change(id, change).await?.into()))
}

async fn send(
    call: Call<Broadcasts>,
    Path(id): Path<BroadcastId>,
) -> Result<Data<BroadcastView>, ApiError> {
    Ok(Data::of(call.campaigns.send(id).await?.into()))
}

async fn cancel(
    call: Call<Broadcasts>,
    Path(id): Path<BroadcastId>,
) -> Result<Data<BroadcastView>, ApiError> {
    Ok(Data::of(call.campaigns.cancel(id).await?.into()))
}

async fn recipients(
    call: Call<Broadcasts>,
    Path(id): Path<BroadcastId>,
    Query(query): Query<RecipientsQuery>,
) -> Result<Paged<RecipientView>, ApiError> {
    let (state, paging) = (query.status.map(Into::into), query.paging);
    let page = call.campaigns.recipients(id, state, paging.skipped(), paging.limit()).await?;
    let view = |(recipient, contact)| RecipientView::of(&page.broadcast, &recipient, contact);
    let recipients: Vec<RecipientView> = page.recipients.into_iter().map(view).collect();
    Ok(Paged::of(&recipients, paging, page.total))
}

fn time(text: &str) -> Result<Timestamp, Error> {
    moment(text).map_err(|error| Error::invalid_field("scheduledAt", error.message))
}

/// A session by its name, or the one that is meant without a name.
fn session(call: &Call<Broadcasts>, name: Option<&str>) -> Result<SessionId, Error> {
    let Some(name) = name else {
        let first = sessions::ordered(call, None).into_iter().next();
        let none = || Error::invalid_field("sessionId", "is required, as there is no session yet");
        return first.map(|status| status.id).ok_or_else(none);
    };
    let id: SessionId = name
        .parse()
        .map_err(|_| Error::invalid_field("sessionId", "is not the name of a session"))?;
    Ok(call.supervisor.get(&id)?.status().id)
}
