//! Tasks: what somebody has to do, beside a conversation or not.

use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Schema};
use uuid::Uuid;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Body, Call, Conversations, Created, Data, Message, Path, Query, Repeat, choice,
            path::uuid, path_value,
        },
        workspace::{
            bot_access::{self, Sight},
            fields::given,
            inbox::caller,
            pages::{PageQuery, PageView},
            tickets::{self, TAG, about, assignee, due, me, priority, priority_filter, status},
            work_item_view::{self, TASK_STATUSES, TaskView, priority_choice, task_status_choice},
        },
    },
    domain::{Error, ErrorCode, Subject},
    inbox::Agent,
    teams::Access,
    work_items::{ItemChange, ItemDraft, ItemFilter, ItemKind, ItemList, WorkItem},
};

const ALL: &str = "/api/v1/tasks";
const ONE: &str = "/api/v1/tasks/{id}";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ALL, list)
            .named("listTasks")
            .about(TAG, "Tasks, newest first")
            .details(
                "One's own (to a key without a person, those of `scope=team`); with `scope=team` those of all conversations that one sees and those that one made; with \
                 `scope=session` those of the conversation `session_id`. The total counts the newest 10,000.",
            )
            .may_fail(&[ErrorCode::NotFound]),
        Endpoint::post(ALL, create)
            .named("createTask")
            .about(TAG, "Give somebody a task")
            .details(
                "Whom it is assigned to gets a notification, and another when it is due. A webhook of the \
                 conversation's bot gets `task_created`.",
            )
            .may_fail(&[ErrorCode::NotFound]),
        Endpoint::put(ONE, change)
            .named("updateTask")
            .about(TAG, "Change a task")
            .details("What is not given stays as it is; null removes a text or a time.")
            .repeats(Repeat::Repeatable),
        Endpoint::delete(ONE, remove).named("deleteTask").about(TAG, "Delete a task"),
    ]
}

path_value! {
    /// A task, by its UUID.
    enum TaskId = "id" as Uuid;
    about: "The UUID of the task", example: "550e8400-e29b-41d4-a716-446655440071",
    read: |text| uuid(text, Subject::Task)
}

#[derive(Deserialize, ToSchema)]
struct TasksQuery {
    #[schema(schema_with = scope_choice)]
    scope: Option<Scope>,
    /// UUID of a conversation; needed for `scope=session`.
    #[schema(max_length = 36)]
    session_id: Option<String>,
    #[schema(schema_with = status_filter)]
    status: Option<String>,
    #[schema(schema_with = priority_filter)]
    priority: Option<String>,
    #[serde(flatten)]
    page: PageQuery,
}

impl TasksQuery {
    fn filter(&self) -> Result<ItemFilter, Error> {
        let status = status(self.status.as_deref(), ItemKind::Task)?;
        let priority = priority(self.priority.as_deref())?;
        Ok(ItemFilter { status, priority, ..ItemFilter::default() })
    }

    async fn of_conversation(&self, call: &Call<Conversations>) -> Result<ItemList, ApiError> {
        let missing = || Error::invalid_field("session_id", "is needed for scope=session");
        let text = self.session_id.as_deref().ok_or_else(missing)?;
        let of = about(call, Some(text), Access::Read).await?;
        Ok(ItemList::OfConversation(of.conversation.ok_or_else(missing)?))
    }
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Scope {
    Mine,
    Team,
    Session,
}

fn scope_choice() -> Schema {
    choice("Whose they are (default mine).", &["mine", "team", "session"])
}

fn status_filter() -> Schema {
    choice("Only those of this status.", &TASK_STATUSES)
}

/// A page of tasks.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkspaceTasks)]
struct TasksView {
    /// Newest first.
    tasks: Vec<TaskView>,
    #[serde(flatten)]
    page: PageView,
}

async fn list(
    call: Call<Conversations>,
    Query(query): Query<TasksQuery>,
) -> Result<Data<TasksView>, ApiError> {
    let place = query.page.near_place()?;
    let filter = query.filter()?;
    let eyes = Eyes::of(&call).await?;
    // A key without a person has no tasks of its own.
    let usual = if eyes.person.is_some() { Scope::Mine } else { Scope::Team };
    let list = match query.scope.unwrap_or(usual) {
        Scope::Mine => ItemList::OfAssignee(me(&call)?),
        Scope::Team => ItemList::All,
        Scope::Session => query.of_conversation(&call).await?,
    };
    let is_in_view = matches!(list, ItemList::OfConversation(_));
    let is_seen = |item: &WorkItem| is_in_view || eyes.see(item);
    let found = call.work_items.list((ItemKind::Task, list), filter, is_seen, place).await?;
    let page = query.page.view(found.total);
    let tasks = work_item_view::tasks(&call, found.items).await?;
    Ok(Data::of(TasksView { tasks, page }))
}

/// Which tasks a caller sees: one's own, those that one made, and those of bots that one sees; administrators all.
struct Eyes {
    person: Option<Uuid>,
    caller: Option<Agent>,
    sight: Sight,
}

impl Eyes {
    async fn of<S, R>(call: &Call<S, R>) -> Result<Self, Error> {
        let (person, sight) = (call.principal().person(), Sight::of(call).await?);
        Ok(Self { person, caller: caller(call).ok(), sight })
    }

    fn see(&self, item: &WorkItem) -> bool {
        self.own(item) || self.sight.has(item.bot)
    }

    /// Those that one was given or that one made.
    fn own(&self, item: &WorkItem) -> bool {
        (item.assignee.is_some() && item.assignee == self.person)
            || (item.created_by.is_some() && item.created_by == self.caller)
    }
}

/// A task that the caller may change: one's own, and those of bots that one works with. To who does not see it, it does not
/// exist.
async fn worked(call: &Call<Conversations>, id: Uuid) -> Result<WorkItem, Error> {
    let task = call.work_items.get(ItemKind::Task, id).await?;
    let eyes = Eyes::of(call).await?;
    if !eyes.see(&task) {
        return Err(Error::not_found(Subject::Task, format!("there is no task {id}")));
    }
    if !eyes.own(&task) && !eyes.sight.works_on(task.bot) {
        bot_access::check_worked(Access::Read)?;
    }
    Ok(task)
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceTaskDraft, example = json!({
    "title": "Call John back", "assignee_id": "me",
    "session_id": "550e8400-e29b-41d4-a716-446655440061",
}))]
struct Draft {
    /// What is to be done.
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    /// UUID of the person whose task it is, or `me`.
    #[schema(min_length = 1, max_length = 36)]
    assignee_id: String,
    /// UUID of a conversation that it is about.
    #[schema(max_length = 36)]
    session_id: Option<String>,
    /// When it is due.
    #[schema(format = DateTime, max_length = 40)]
    due_at: Option<String>,
    /// More of it.
    #[schema(max_length = 5000)]
    description: Option<String>,
    #[schema(schema_with = priority_choice)]
    priority: Option<String>,
}

async fn create(
    call: Call<Conversations>,
    Body(body): Body<Draft>,
) -> Result<Created<TaskView>, ApiError> {
    let of = about(&call, body.session_id.as_deref(), Access::Work).await?;
    let bot = of.bot.map(|bot| bot.id);
    let draft = ItemDraft {
        bot,
        conversation: of.conversation,
        contact: of.contact,
        description: body.description,
        priority: priority(body.priority.as_deref())?,
        assignee: Some(assignee(&call, bot, &body.assignee_id).await?),
        due_at: due(body.due_at.as_deref())?,
        by: caller(&call).ok(),
        ..ItemDraft::titled(ItemKind::Task, body.title)
    };
    let made = call.work_items.create(draft).await?;
    Ok(Created::of(work_item_view::task(&call, made).await?))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = WorkspaceTaskChange, example = json!({ "status": "done" }))]
struct Change {
    /// What is to be done.
    #[schema(min_length = 1, max_length = 200)]
    title: Option<String>,
    /// More of it; null removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 5000, value_type = Option<String>, example = "He asked for it.")]
    description: Option<Option<String>>,
    #[schema(schema_with = task_status_choice)]
    status: Option<String>,
    #[schema(schema_with = priority_choice)]
    priority: Option<String>,
    /// UUID of the person whose task it is, or `me`.
    #[schema(max_length = 36, example = "me")]
    assignee_id: Option<String>,
    /// When it is due; null removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(format = DateTime, max_length = 40, value_type = Option<String>)]
    due_at: Option<Option<String>>,
}

async fn change(
    call: Call<Conversations>,
    Path(id): Path<TaskId>,
    Body(body): Body<Change>,
) -> Result<Data<TaskView>, ApiError> {
    let task = worked(&call, id).await?;
    let change = ItemChange {
        title: body.title,
        description: body.description,
        status: tickets::status(body.status.as_deref(), ItemKind::Task)?,
        priority: priority(body.priority.as_deref())?,
        assignee: match body.assignee_id {
            Some(text) => Some(Some(assignee(&call, task.bot, &text).await?)),
            None => None,
        },
        due_at: body.due_at.map(|text| due(text.as_deref())).transpose()?,
        requester: None,
    };
    let by = caller(&call).ok();
    let changed = call.work_items.change((ItemKind::Task, id), change, by).await?;
    Ok(Data::of(work_item_view::task(&call, changed).await?))
}

async fn remove(call: Call<Conversations>, Path(id): Path<TaskId>) -> Result<Message, ApiError> {
    worked(&call, id).await?;
    call.work_items.delete((ItemKind::Task, id), caller(&call).ok()).await?;
    Ok(Message::of("Task deleted"))
}
