//! Rules that tag contacts by what they write.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        business::contact_view::given,
        chat::time,
        endpoint::Endpoint,
        error::ApiError,
        kit::{
            Admin, Body, Call, Contacts, Created, Data, Message, Path, Repeat, path::uuid,
            path_value,
        },
    },
    contacts::{Rule, RuleChange, RuleDraft, RuleKind},
    domain::{Error, ErrorCode, SessionId, Subject},
};

const TAG: &str = "Business contacts";
const ALL: &str = "/api/whatsapp-api/auto-tagging/rules";
const ONE: &str = "/api/whatsapp-api/auto-tagging/rules/{id}";

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(ALL, list)
            .named("listAutoTaggingRules")
            .about(TAG, "The rules that tag contacts by what they write"),
        Endpoint::post(ALL, create)
            .named("createAutoTaggingRule")
            .about(TAG, "Create a rule")
            .details(
                "Incoming texts and captions are compared after blanks at their ends are cut and others became \
                 single ones. Every rule that fits adds its tag. There are 200 rules at most, and no two that do the same.",
            )
            .may_fail(&[ErrorCode::Conflict]),
        Endpoint::patch(ONE, change)
            .named("updateAutoTaggingRule")
            .about(TAG, "Change a rule")
            .details("What is not given stays as it is.")
            .may_fail(&[ErrorCode::Conflict])
            .repeats(Repeat::Repeatable),
        Endpoint::delete(ONE, remove)
            .named("deleteAutoTaggingRule")
            .about(TAG, "Delete a rule")
            .details("Tags that it added stay."),
        Endpoint::post("/api/whatsapp-api/auto-tagging/test", test)
            .named("testAutoTagging")
            .about(TAG, "Which rules fit a text")
            .details("Nobody is tagged.")
            .repeats(Repeat::Repeatable),
    ]
}

path_value! {
    /// A rule, by its id.
    enum RuleId = "id" as Uuid;
    about: "The id of the rule", example: "01980a3e-7c1e-7f6a-b3d8-5e901c47aa12",
    read: |text| uuid(text, Subject::Tag)
}

#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AutoTaggingType)]
enum Kind {
    Contains,
    Exact,
    StartsWith,
}

impl From<Kind> for RuleKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Contains => Self::Contains,
            Kind::Exact => Self::Exact,
            Kind::StartsWith => Self::StartsWith,
        }
    }
}

impl From<RuleKind> for Kind {
    fn from(kind: RuleKind) -> Self {
        match kind {
            RuleKind::Contains => Self::Contains,
            RuleKind::Exact => Self::Exact,
            RuleKind::StartsWith => Self::StartsWith,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AutoTaggingRuleDraft, example = json!({ "type": "contains", "keyword": "order", "tag": "buyer" }))]
struct Draft {
    /// Name of the rule.
    #[schema(max_length = 120)]
    #[schema(example = "Buyers")]
    name: Option<String>,
    /// Where the text must have the keyword.
    r#type: Kind,
    /// The text that is looked for.
    #[schema(min_length = 1, max_length = 200)]
    #[schema(example = "order")]
    keyword: String,
    /// The tag that is added.
    #[schema(min_length = 1, max_length = 50)]
    #[schema(example = "buyer")]
    tag: String,
    /// Whether the case of letters counts (default false).
    case_sensitive: Option<bool>,
    /// true when it is not given.
    enabled: Option<bool>,
    /// Only messages to this session.
    #[schema(max_length = 64, format = "session-name")]
    session_id: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AutoTaggingRuleChange, example = json!({ "enabled": false }))]
struct Change {
    /// Name of the rule; null removes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 120, value_type = Option<String>)]
    #[schema(example = "Buyers")]
    name: Option<Option<String>>,
    /// Where the text must have the keyword.
    r#type: Option<Kind>,
    /// The text that is looked for.
    #[schema(min_length = 1, max_length = 200)]
    #[schema(example = "order")]
    keyword: Option<String>,
    /// The tag that is added.
    #[schema(min_length = 1, max_length = 50)]
    #[schema(example = "buyer")]
    tag: Option<String>,
    /// Whether the case of letters counts.
    case_sensitive: Option<bool>,
    /// Whether the rule is in use.
    enabled: Option<bool>,
    /// Null for all sessions.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_length = 64, format = "session-name", value_type = Option<String>)]
    #[schema(example = json!(null))]
    session_id: Option<Option<String>>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = AutoTaggingText, example = json!({ "text": "Where is my order?" }))]
struct Text {
    /// The text to compare.
    #[schema(max_length = 4096)]
    #[schema(example = "Where is my order?")]
    text: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AutoTaggingRules)]
struct RulesView {
    /// The rules, in the order of their creation.
    rules: Vec<RuleView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AutoTaggingRule)]
struct RuleView {
    /// Id of the rule.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    id: String,
    /// Name of the rule; null without one.
    #[schema(example = json!(null))]
    name: Option<String>,
    /// Where the text must have the keyword.
    r#type: Kind,
    /// The text that is looked for.
    #[schema(example = "order")]
    keyword: String,
    /// The tag that is added.
    #[schema(example = "buyer")]
    tag: String,
    /// Whether the case of letters counts.
    case_sensitive: bool,
    /// Whether the rule is in use.
    #[schema(example = true)]
    enabled: bool,
    /// The only session whose messages count; null for all.
    #[schema(example = json!(null))]
    session_id: Option<String>,
    created_at: String,
    updated_at: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AutoTaggingMatches)]
struct MatchesView {
    /// The rules that fit.
    matches: Vec<MatchView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AutoTaggingMatch)]
struct MatchView {
    /// Id of the rule.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a")]
    rule_id: String,
    /// The tag that the rule would add.
    #[schema(example = "buyer")]
    tag: String,
}

impl From<Rule> for RuleView {
    fn from(rule: Rule) -> Self {
        Self {
            id: rule.id.to_string(),
            name: rule.name,
            r#type: rule.kind.into(),
            keyword: rule.keyword,
            tag: rule.tag,
            case_sensitive: rule.case_sensitive,
            enabled: rule.enabled,
            session_id: rule.session.map(|id| id.as_str().to_owned()),
            created_at: time(rule.created_at),
            updated_at: time(rule.updated_at),
        }
    }
}

async fn list(call: Call<Contacts>) -> Result<Data<RulesView>, ApiError> {
    let rules = call.contacts.rules().list().await?;
    Ok(Data::of(RulesView { rules: rules.into_iter().map(RuleView::from).collect() }))
}

async fn create(call: Call<Admin>, Body(body): Body<Draft>) -> Result<Created<RuleView>, ApiError> {
    let draft = RuleDraft {
        name: body.name,
        kind: body.r#type.into(),
        keyword: body.keyword,
        tag: body.tag,
        case_sensitive: body.case_sensitive.unwrap_or_default(),
        enabled: body.enabled.unwrap_or(true),
        session: body.session_id.as_deref().map(session).transpose()?,
    };
    Ok(Created::of(call.contacts.rules().create(draft).await?.into()))
}

async fn change(
    call: Call<Admin>,
    Path(id): Path<RuleId>,
    Body(body): Body<Change>,
) -> Result<Data<RuleView>, ApiError> {
    let session = match body.session_id {
        Some(Some(text)) => Some(Some(session(&text)?)),
        Some(None) => Some(None),
        None => None,
    };
    let change = RuleChange {
        name: body.name.map(Option::unwrap_or_default),
        kind: body.r#type.map(RuleKind::from),
        keyword: body.keyword,
        tag: body.tag,
        case_sensitive: body.case_sensitive,
        enabled: body.enabled,
        session,
    };
    Ok(Data::of(call.contacts.rules().change(id, change).await?.into()))
}

async fn remove(call: Call<Admin>, Path(id): Path<RuleId>) -> Result<Message, ApiError> {
    call.contacts.rules().delete(id).await?;
    Ok(Message::of("Rule deleted"))
}

async fn test(call: Call<Contacts>, Body(body): Body<Text>) -> Result<Data<MatchesView>, ApiError> {
    let matches = call.contacts.rules().test(&body.text).await?.into_iter();
    let matches = matches.map(|one| MatchView { rule_id: one.rule.to_string(), tag: one.tag });
    Ok(Data::of(MatchesView { matches: matches.collect() }))
}

fn session(text: &str) -> Result<SessionId, Error> {
    let read = text.parse::<SessionId>();
    read.map_err(|error| Error::invalid_field("sessionId", error.to_string()))
}
