//! Tools that send something to a person.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::{
    api::{
        business::{
            send::{self, SentView},
            send_body::{SendBody, SendType},
        },
        error::ApiError,
        kit::{self, Body, Data, OwnSessions},
        mcp::{
            keyed,
            tool::{Effect, Tool, Words, given},
        },
    },
    domain::Error,
};

type Call = kit::Call<kit::Send, OwnSessions>;

const SEND: &str = "send_message";

pub fn message() -> Tool {
    let words = Words {
        name: SEND,
        title: "Send a message",
        about: "Sends one message to a person, on a real phone: name `to` or `conversationId`. The contact must have \
                agreed to messages. Free text needs an open window of 24 hours after the contact's last message; a \
                template does not.",
    };
    Tool::new(words, Effect::Sends, sent)
}

pub fn reaction() -> Tool {
    let words = Words {
        name: "react_to_message",
        title: "React to a message",
        about: "Reacts to a message with one emoji. An empty one takes the reaction back.",
    };
    Tool::new(words, Effect::Settles, reacted)
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is read")]
enum WantedChannel {
    WhatsApp,
    Sms,
}

#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SendMessage {
    /// A telephone number with its country code, or the id of a contact.
    #[schema(max_length = 100, example = "+919876543210")]
    to: Option<String>,
    /// In place of it, the conversation to send into.
    #[schema(max_length = 36)]
    conversation_id: Option<String>,
    /// What is sent; a text unless it is given.
    #[serde(rename = "type")]
    #[schema(value_type = Option<SendType>)]
    kind: Option<String>,
    /// Of a text.
    #[schema(max_length = 4_096, example = "Hello! How can I help you today?")]
    text: Option<String>,
    /// Of an image, a document, a sound or a video: its address, http or https.
    #[schema(max_length = 2_048, example = "https://example.com/picture.jpg")]
    media_url: Option<String>,
    /// In place of it, the id of an uploaded file.
    #[schema(max_length = 36)]
    media_id: Option<String>,
    /// Of a document.
    #[schema(max_length = 255, example = "invoice.pdf")]
    filename: Option<String>,
    /// Of a file.
    #[schema(max_length = 1_024)]
    caption: Option<String>,
    /// Name of a template.
    #[schema(max_length = 512, example = "order_shipped")]
    template_name: Option<String>,
    /// Language of the template.
    #[schema(max_length = 20, example = "en_US")]
    language: Option<String>,
    /// Values for the variables of the template, in the form of Meta's Cloud API.
    #[schema(value_type = Option<Vec<Object>>, max_items = 10)]
    components: Option<Vec<Map<String, Value>>>,
    /// Up to three buttons, or a list of up to ten rows, in the form of Meta's Cloud API.
    #[schema(value_type = Option<Object>)]
    interactive: Option<Map<String, Value>>,
    /// Of a location.
    #[schema(minimum = -90, maximum = 90)]
    latitude: Option<f64>,
    /// Of a location.
    #[schema(minimum = -180, maximum = 180)]
    longitude: Option<f64>,
    /// Of a location.
    #[schema(max_length = 1_000, example = "Main office")]
    name: Option<String>,
    /// Up to ten cards: `{"name": {"formatted_name": "Ada"}, "phones": [{"phone": "+15550000001"}]}`.
    #[schema(value_type = Option<Vec<Object>>, max_items = 10)]
    contacts: Option<Vec<Map<String, Value>>>,
    /// Of a reaction: the id of the message.
    #[schema(max_length = 200)]
    message_id: Option<String>,
    /// Of a reaction.
    #[schema(max_length = 64, example = "👍")]
    emoji: Option<String>,
    /// What the message goes by; the conversation's own unless it is given.
    #[schema(value_type = Option<WantedChannel>)]
    channel: Option<String>,
    /// The name of the session to send with.
    #[schema(max_length = 64, example = "shop")]
    session_id: Option<String>,
    /// A name for this message: with the same name nothing is sent a second time within a day.
    #[schema(min_length = 1, max_length = 255, example = "order-4711-shipped")]
    idempotency_key: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReactToMessage {
    /// The id of the message.
    #[schema(max_length = 200)]
    message_id: String,
    /// One emoji, or an empty text.
    #[schema(max_length = 32, example = "👍")]
    emoji: String,
}

async fn sent(call: Call, mut input: SendMessage) -> Result<Data<SentView>, ApiError> {
    let key = input.idempotency_key.take();
    let fields = serde_json::to_value(&input);
    let fields = fields.map_err(|_| Error::internal("the arguments cannot be written"))?;
    let body = given(&call, fields)?;
    let write = send::send(call.clone(), Body(body));
    Box::pin(keyed::once(&call, (SEND, key), &input, write)).await
}

async fn reacted(call: Call, input: ReactToMessage) -> Result<Data<SentView>, ApiError> {
    let ReactToMessage { message_id, emoji } = input;
    let fields = json!({ "type": "reaction", "messageId": message_id });
    let mut body: SendBody = given(&call, fields)?;
    // An empty one is not one that is not given.
    body.emoji = Some(emoji);
    send::send(call, Body(body)).await
}
