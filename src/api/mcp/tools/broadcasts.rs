//! A broadcast as a tool: counted first, and refused where it would go to more people than was said.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::{
    api::{
        business::{
            broadcast_view::{BroadcastView, PreviewView},
            broadcasts,
        },
        error::ApiError,
        kit::{Body, Broadcasts, Call, Written},
        mcp::{
            one_of::OneOf,
            tool::{Effect, Tool, Words, given},
        },
    },
    domain::Error,
};

/// Recipients that an assistant may write to without saying how many.
const USUAL_MOST: u64 = 100;

pub fn send() -> Tool {
    let words = Words {
        name: "send_broadcast",
        title: "Send a broadcast",
        about: "Sends a template to all contacts with any of the tags who have agreed to messages, on their real \
                phones. Call it with dryRun first and tell the user how many would get it: what was sent cannot be \
                taken back. More than maxRecipients are refused.",
    };
    Tool::new(words, Effect::SendsToMany, sent)
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SendBroadcast {
    /// Name of the broadcast.
    #[schema(min_length = 1, max_length = 120, example = "Spring sale")]
    name: String,
    /// Name of a template that is approved.
    #[schema(min_length = 1, max_length = 512, example = "spring_sale")]
    template_name: String,
    /// Language of the template.
    #[schema(min_length = 2, max_length = 20, example = "en_US")]
    language: String,
    /// Contacts with any of them; `*` stands for all contacts.
    #[schema(min_items = 1, max_items = 50, max_length = 50)]
    tags: Vec<String>,
    /// Values for the variables of the template, in the form of Meta's Cloud API.
    #[schema(value_type = Option<Vec<Object>>, max_items = 12)]
    components: Option<Vec<Map<String, Value>>>,
    /// When it starts; at once when it is not given.
    #[schema(max_length = 40, format = "date-time")]
    scheduled_at: Option<String>,
    /// Only counts the recipients, and sends nothing.
    #[serde(default)]
    dry_run: bool,
    /// With more recipients it is refused.
    #[schema(minimum = 1, default = 100)]
    max_recipients: Option<u64>,
    /// The name of the session to send with.
    #[schema(max_length = 64, example = "shop")]
    session_id: Option<String>,
}

async fn sent(
    call: Call<Broadcasts>,
    input: SendBroadcast,
) -> Result<OneOf<(PreviewView, BroadcastView)>, ApiError> {
    let SendBroadcast { name, template_name, language, tags, components, session_id, .. } = input;
    let asked = json!({ "tags": tags, "templateName": template_name, "language": language });
    let asked = given(&call, asked)?;
    let preview = broadcasts::preview(call.clone(), Body(asked)).await?.written();
    let total = preview
        .as_ref()
        .ok()
        .and_then(|preview| serde_json::from_str::<Value>(preview.get()).ok()?["total"].as_u64());
    if input.dry_run {
        return Ok(OneOf::written(preview));
    }
    let total = total.ok_or_else(|| Error::internal("the recipients cannot be counted"))?;
    let most = input.max_recipients.unwrap_or(USUAL_MOST);
    if most < total {
        let message = format!(
            "The broadcast would go to {total} contacts, and maxRecipients is {most}. Tell the user the number before \
             you raise it"
        );
        return Err(Error::invalid_field("maxRecipients", message).detail("limit", most).into());
    }
    let draft = json!({
        "name": name, "templateName": template_name, "language": language, "tags": tags,
        "components": components, "scheduledAt": input.scheduled_at, "sessionId": session_id,
        "sendNow": input.scheduled_at.is_none(),
    });
    let draft = given(&call, draft)?;
    Ok(OneOf::written(broadcasts::create(call, Body(draft)).await?.written()))
}
