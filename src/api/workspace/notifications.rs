//! Notifications of the person who calls.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Body, Call, Data, Path, Person, Query, Repeat, path::uuid, path_value, required_choice,
        },
        sessions::wire::seconds,
        workspace::{
            pages::{PageQuery, PageView},
            preferences::{PreferencesBody, PreferencesView},
        },
    },
    domain::Subject,
    notifications::{Filter, Kind, Notification, Page},
};

pub const TAG: &str = "Notifications";
const PREFERENCES: &str = "/api/v1/notifications/preferences";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/api/v1/notifications", list)
            .named("listNotifications")
            .about(TAG, "One's notifications, newest first")
            .details("A person has a thousand at most, none older than 90 days."),
        Endpoint::get("/api/v1/notifications/unread-count", count)
            .named("getUnreadNotificationCount")
            .about(TAG, "How many notifications were not read"),
        Endpoint::put("/api/v1/notifications/read/{id}", read)
            .named("markNotificationRead")
            .about(TAG, "Mark a notification as read")
            .repeats(Repeat::Repeatable),
        Endpoint::put("/api/v1/notifications/read-all", read_all)
            .named("markAllNotificationsRead")
            .about(TAG, "Mark all notifications as read")
            .repeats(Repeat::Repeatable),
        Endpoint::get(PREFERENCES, preferences)
            .named("getNotificationPreferences")
            .about(TAG, "Which notifications one gets, and where"),
        Endpoint::put(PREFERENCES, choose)
            .named("updateNotificationPreferences")
            .about(TAG, "Choose which notifications one gets, and where")
            .details(
                "What is not given stays as it is. Mail comes while one is offline, outside of the quiet hours, to \
                 an address that is known to be one's own.",
            )
            .repeats(Repeat::Repeatable),
    ]
}

path_value! {
    /// A notification, by its UUID.
    enum NotificationId = "id" as Uuid;
    about: "The UUID of the notification", example: "550e8400-e29b-41d4-a716-446655440053",
    read: |text| uuid(text, Subject::Notification)
}

#[derive(Deserialize, ToSchema)]
pub struct NotificationsQuery {
    /// Only those that were not read, or only the others.
    unread: Option<bool>,
    /// Only those of this kind.
    #[serde(rename = "type")]
    #[schema(max_length = 40, example = "mention")]
    kind: Option<String>,
    #[serde(flatten)]
    page: PageQuery,
}

/// A page of notifications.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceNotifications)]
struct NotificationsView {
    /// Newest first.
    notifications: Vec<NotificationView>,
    #[serde(flatten)]
    page: PageView,
    /// How many were not read, whatever the filter.
    unread_count: u64,
}

/// What a person should know of.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceNotification)]
struct NotificationView {
    /// UUID of the notification.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    #[serde(rename = "type")]
    #[schema(schema_with = kind_schema)]
    kind: &'static str,
    /// A sentence.
    #[schema(example = "Ada Lovelace mentioned you in a note")]
    title: String,
    /// What it is about, as far as it is a text; may be empty.
    #[schema(example = "@grace please call back")]
    body: String,
    /// Ids of what it is about, such as `session_id`, the UUID of a conversation.
    #[schema(value_type = Object, example = json!({ "session_id": "550e8400-e29b-41d4-a716-446655440045" }))]
    data: Value,
    /// Whether it was read.
    read: bool,
    /// When it was read, RFC 3339; null before.
    #[schema(example = json!(null))]
    read_at: Option<String>,
    /// When it happened, RFC 3339.
    #[schema(example = "2026-03-24T10:31:00Z")]
    created_at: String,
}

fn kind_schema() -> utoipa::openapi::Schema {
    required_choice("What it is about.", Kind::WORDS)
}

impl From<Notification> for NotificationView {
    fn from(one: Notification) -> Self {
        let data =
            if one.data.is_null() { Value::Object(serde_json::Map::new()) } else { one.data };
        Self {
            id: one.id.to_string(),
            kind: one.kind.as_str(),
            title: one.title,
            body: one.body,
            data,
            read: one.read_at.is_some(),
            read_at: one.read_at.map(seconds),
            created_at: seconds(one.created_at),
        }
    }
}

async fn list(
    call: Call<Person>,
    Query(query): Query<NotificationsQuery>,
) -> Result<Data<NotificationsView>, ApiError> {
    let unknown = || {
        let fault = format!("must be one of {}", Kind::WORDS.join(", "));
        crate::domain::Error::invalid_field("type", fault)
    };
    let kind = query.kind.as_deref().map(|word| Kind::of(word).ok_or_else(unknown)).transpose()?;
    let filter = Filter { unread: query.unread, kind };
    let found = call.notifications.list(call.person()?, filter, query.page.place()).await?;
    let Page { notifications, total, unread } = found;
    Ok(Data::of(NotificationsView {
        notifications: notifications.into_iter().map(Into::into).collect(),
        page: query.page.view(total),
        unread_count: unread,
    }))
}

/// How many notifications were not read; both say the same.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceUnreadCount)]
struct CountView {
    /// The number.
    count: u64,
    /// The same.
    unread_count: u64,
}

async fn count(call: Call<Person>) -> Result<Data<CountView>, ApiError> {
    let count = call.notifications.unread(call.person()?).await?;
    Ok(Data::of(CountView { count, unread_count: count }))
}

async fn read(
    call: Call<Person>,
    Path(id): Path<NotificationId>,
) -> Result<Data<NotificationView>, ApiError> {
    Ok(Data::of(call.notifications.read(call.person()?, id).await?.into()))
}

/// How many notifications changed.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceNotificationsRead)]
struct UpdatedView {
    /// Those that were not read before.
    updated: u64,
}

async fn read_all(call: Call<Person>) -> Result<Data<UpdatedView>, ApiError> {
    let updated = call.notifications.read_all(call.person()?).await?;
    Ok(Data::of(UpdatedView { updated }))
}

async fn preferences(call: Call<Person>) -> Result<Data<PreferencesView>, ApiError> {
    let chosen = call.notifications.preferences(call.person()?).await?;
    Ok(Data::of(PreferencesView::of(&chosen)))
}

async fn choose(
    call: Call<Person>,
    Body(body): Body<PreferencesBody>,
) -> Result<Data<PreferencesView>, ApiError> {
    let chosen = call.notifications.choose(call.person()?, &body.into()).await?;
    Ok(Data::of(PreferencesView::of(&chosen)))
}
