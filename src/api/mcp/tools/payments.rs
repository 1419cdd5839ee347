//! A payment link as a tool.

use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::api::{
    business::{payment_links, payment_view::amount_schema},
    error::ApiError,
    kit::{Body, Call, Send},
    mcp::{
        outcome::ToolAnswer,
        tool::{Effect, Tool, Words, given},
    },
};

pub fn create() -> Tool {
    let words = Words {
        name: "create_payment_link",
        title: "Create a payment link",
        about: "Makes a link by which somebody pays. With send, it goes to the contact as a message, on a real phone.",
    };
    Tool::new(words, Effect::Sends, created)
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreatePaymentLink {
    /// In major units, such as 12.50.
    #[schema(schema_with = amount_schema)]
    amount: Value,
    /// Code of ISO 4217; the gateway's own unless it is given.
    #[schema(min_length = 3, max_length = 3, example = "EUR")]
    currency: Option<String>,
    /// What is paid for.
    #[schema(min_length = 1, max_length = 500, example = "Invoice 4711")]
    description: String,
    /// The id of the contact that pays.
    #[schema(max_length = 36)]
    contact_id: Option<String>,
    /// In place of it, the telephone number of the contact.
    #[schema(max_length = 40, example = "+919876543210")]
    to: Option<String>,
    /// When the link ends by itself.
    #[schema(max_length = 40, format = "date-time")]
    expires_at: Option<String>,
    /// Whether the link goes to the contact as a message.
    #[serde(default)]
    send: bool,
}

async fn created(call: Call<Send>, input: CreatePaymentLink) -> Result<impl ToolAnswer, ApiError> {
    let CreatePaymentLink { amount, currency, description, contact_id, to, expires_at, send } =
        input;
    let fields = json!({
        "amount": amount, "currency": currency, "description": description,
        "contactId": contact_id, "to": to, "expiresAt": expires_at, "send": send,
    });
    let draft = given(&call, fields)?;
    payment_links::create(call, Body(draft)).await
}
