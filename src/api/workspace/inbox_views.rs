//! Views: filters of the inbox that people save.

use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::{ArrayBuilder, RefOr, Schema},
};
use uuid::Uuid;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Body, Call, Conversations, Created, Data, Message, Path, Query, choice, path::uuid,
            path_value, required_choice,
        },
        sessions::wire::seconds,
        workspace::{
            notes::TAG,
            pages::{PageQuery, PageView},
        },
    },
    contacts::check_tag,
    domain::{Error, ErrorCode, Subject, Timestamp},
    inbox::{BUILT_IN, InboxView, ViewAssignee, ViewDraft, ViewFilters, ViewStatus, built_in},
};

const ALL: &str = "/api/v1/inbox/views";
const CHANNELS: [&str; 3] = ["whatsapp", "sms", "web"];

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ALL, list).named("listInboxViews").about(
            TAG,
            "Saved filters: five that everybody has, one's own, and those that are shared",
        ),
        Endpoint::post(ALL, create)
            .named("createInboxView")
            .about(TAG, "Save filters under a name")
            .details("A view is not edited: another takes its place. A person has 100 at most."),
        Endpoint::delete("/api/v1/inbox/views/{id}", remove)
            .named("deleteInboxView")
            .about(TAG, "Delete a view")
            .details("One's own; an administrator deletes those of others too."),
    ]
}

path_value! {
    /// A view, by its UUID.
    enum ViewId = "id" as Uuid;
    about: "The UUID of the view", example: "550e8400-e29b-41d4-a716-446655440057",
    read: |text| uuid(text, Subject::View)
}

#[derive(Deserialize, ToSchema)]
pub struct ViewsQuery {
    #[serde(flatten)]
    page: PageQuery,
}

/// A page of views.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceInboxViews)]
struct ViewsView {
    /// Those that everybody has, then the others, oldest first.
    views: Vec<OneView>,
    #[serde(flatten)]
    page: PageView,
}

/// A saved filter of the inbox.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceInboxView)]
struct OneView {
    /// UUID of the view; all, mine, unassigned, handoff or resolved for one that everybody has.
    #[schema(example = "mine")]
    id: String,
    /// Name of the view.
    #[schema(example = "Mine")]
    name: String,
    /// What is listed.
    filters: FiltersView,
    /// Whether it is shown first.
    is_default: bool,
    /// Whether everybody sees it.
    shared: bool,
    /// When it was made, RFC 3339; null for one that everybody has.
    #[schema(example = "2026-03-24T10:31:00Z")]
    created_at: Option<String>,
}

/// What a view lists.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceInboxFilters)]
struct FiltersView {
    /// bot, open, assigned or resolved, any of them; empty for all.
    #[schema(example = json!(["open"]))]
    status: Vec<&'static str>,
    /// The UUID of a person, `me` or `unassigned`; null for all.
    #[schema(example = "me")]
    assigned_to: Option<String>,
    /// Names of tags, all of them.
    #[schema(example = json!(["vip"]))]
    tags: Vec<String>,
    /// whatsapp, sms or web; null for all.
    #[schema(example = json!(null))]
    channel: Option<String>,
    /// Only those with unread messages, or only the others; null for all.
    unread: Option<bool>,
    /// Only those with a star, or only the others; null for all.
    starred: Option<bool>,
    /// Whether those that are snoozed are listed in place of the others; null for the others.
    snoozed: Option<bool>,
    /// A part of the name or of the number; null for all.
    #[schema(example = json!(null))]
    search: Option<String>,
    /// The last activity is not before this time, RFC 3339; null for any.
    #[schema(example = json!(null))]
    date_from: Option<String>,
    /// The last activity is not after this time, RFC 3339; null for any.
    #[schema(example = json!(null))]
    date_to: Option<String>,
    /// Only those in which a bot asked for a person, or only the others; null for all.
    handoff: Option<bool>,
}

impl From<ViewFilters> for FiltersView {
    fn from(filters: ViewFilters) -> Self {
        let assignee = |assignee| match assignee {
            ViewAssignee::Me => "me".to_owned(),
            ViewAssignee::Nobody => "unassigned".to_owned(),
            ViewAssignee::Agent(id) => id.to_string(),
        };
        Self {
            status: filters.statuses.into_iter().map(ViewStatus::as_str).collect(),
            assigned_to: filters.assignee.map(assignee),
            tags: filters.tags,
            channel: filters.channel,
            unread: filters.unread,
            starred: filters.starred,
            snoozed: filters.snoozed,
            search: filters.search,
            date_from: filters.from.map(seconds),
            date_to: filters.to.map(seconds),
            handoff: filters.handoff,
        }
    }
}

impl From<InboxView> for OneView {
    fn from(view: InboxView) -> Self {
        Self {
            id: view.id.to_string(),
            name: view.name,
            filters: view.filters.into(),
            is_default: false,
            shared: view.shared,
            created_at: Some(seconds(view.created_at)),
        }
    }
}

async fn list(
    call: Call<Conversations>,
    Query(query): Query<ViewsQuery>,
) -> Result<Data<ViewsView>, ApiError> {
    let of_all = |(id, name): (&str, &str)| OneView {
        id: id.to_owned(),
        name: name.to_owned(),
        filters: built_in(id).unwrap_or_default().into(),
        is_default: id == BUILT_IN[0].0,
        shared: true,
        created_at: None,
    };
    let saved = call.views.list(call.principal().person()).await?;
    let saved = saved.into_iter().map(OneView::from);
    let all: Vec<OneView> = BUILT_IN.into_iter().map(of_all).chain(saved).collect();
    let page = query.page.view(all.len());
    Ok(Data::of(ViewsView { views: query.page.of(all), page }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceInboxViewDraft, example = json!({
    "name": "Unread of VIPs", "filters": { "tags": ["vip"], "unread": true }, "shared": false,
}))]
struct Draft {
    /// Name of the view.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// What it lists; all when it is not given.
    filters: Option<Filters>,
    /// Whether everybody sees it; false when it is not given.
    shared: Option<bool>,
}

/// What a view shall list.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = WorkspaceInboxFiltersBody)]
struct Filters {
    #[schema(schema_with = statuses)]
    status: Option<Vec<ViewStatus>>,
    /// The UUID of a person or of an API key, `me` or `unassigned`.
    #[schema(max_length = 36, example = "me")]
    assigned_to: Option<String>,
    /// Names of tags, all of them; 1 to 50 characters each.
    #[schema(max_items = 20, example = json!(["vip"]))]
    tags: Option<Vec<String>>,
    #[schema(schema_with = channel)]
    channel: Option<String>,
    /// Only those with unread messages, or only the others.
    unread: Option<bool>,
    /// Only those with a star, or only the others.
    starred: Option<bool>,
    /// Whether those that are snoozed are listed in place of the others.
    snoozed: Option<bool>,
    /// A part of the name or of the number.
    #[schema(max_length = 200, example = "ada")]
    search: Option<String>,
    /// The last activity is not before this time.
    #[schema(max_length = 40, format = "date-time")]
    date_from: Option<String>,
    /// The last activity is not after this time.
    #[schema(max_length = 40, format = "date-time")]
    date_to: Option<String>,
    /// Only those in which a bot asked for a person, or only the others.
    handoff: Option<bool>,
}

fn statuses() -> Schema {
    let one = required_choice("A status.", &ViewStatus::WORDS);
    let list = ArrayBuilder::new().items(RefOr::T(one)).max_items(Some(4));
    Schema::Array(list.description(Some("Any of these; all when it is not given.")).build())
}

fn channel() -> Schema {
    choice("What their messages go by.", &CHANNELS)
}

impl Filters {
    fn checked(self) -> Result<ViewFilters, Error> {
        let tags = self.tags.unwrap_or_default();
        let marks = Error::both(
            self.assigned_to.as_deref().map(assignee).transpose(),
            Error::all(tags.iter().map(|tag| check_tag(tag))),
        );
        let times = Error::both(time("date_from", self.date_from), time("date_to", self.date_to));
        let ((assignee, tags), (from, to)) = Error::both(marks, times)?;
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            return Err(Error::invalid_field("date_to", "is before date_from"));
        }
        let mut statuses = self.status.unwrap_or_default();
        statuses.dedup();
        let search = self.search.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let Self { channel, unread, starred, snoozed, handoff, .. } = self;
        Ok(ViewFilters {
            statuses,
            assignee,
            tags,
            channel,
            unread,
            starred,
            snoozed,
            search,
            from,
            to,
            handoff,
        })
    }
}

fn assignee(text: &str) -> Result<ViewAssignee, Error> {
    match text.trim() {
        "me" => Ok(ViewAssignee::Me),
        "unassigned" => Ok(ViewAssignee::Nobody),
        id => id.parse().map(ViewAssignee::Agent).map_err(|_| {
            Error::invalid_field("assigned_to", "must be the id of a person, me or unassigned")
        }),
    }
}

fn time(field: &str, text: Option<String>) -> Result<Option<Timestamp>, Error> {
    let Some(text) = text else { return Ok(None) };
    let read = text.trim().parse::<Timestamp>();
    read.map(Some)
        .map_err(|_| Error::invalid_field(field, "must be a time such as 2026-01-31T08:00:00Z"))
}

async fn create(
    call: Call<Conversations>,
    Body(body): Body<Draft>,
) -> Result<Created<OneView>, ApiError> {
    let filters = body.filters.unwrap_or_default().checked();
    let filters = filters.map_err(|error| error.within("filters"))?;
    let owner = call.principal().person().ok_or_else(|| {
        Error::new(ErrorCode::Forbidden, "A view is saved by a person, whose it is")
    })?;
    let draft = ViewDraft { name: body.name, filters, shared: body.shared.unwrap_or_default() };
    Ok(Created::of(call.views.create(draft, owner).await?.into()))
}

async fn remove(call: Call<Conversations>, Path(id): Path<ViewId>) -> Result<Message, ApiError> {
    let caller = call.principal();
    call.views.delete(id, caller.person(), caller.administers()).await?;
    Ok(Message::of("View deleted"))
}
