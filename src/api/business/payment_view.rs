//! A payment link as the business API shows it, and the parts of paths and bodies that concern one.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, Schema, Type, schema::SchemaType},
};
use uuid::Uuid;

use crate::{
    api::{
        chat::time,
        kit::{Plural, path_value},
    },
    domain::{Error, ErrorCode, shown::shown},
    payments::{LinkStatus, PaymentLink},
};

path_value! {
    /// A payment link, by its id.
    pub enum PaymentLinkId = "id" as Uuid;
    about: "The id of the payment link", example: "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e50",
    read: |text| {
        let unknown = || format!("there is no payment link '{}'", shown(text));
        text.parse().map_err(|_| Error::new(ErrorCode::NotFound, unknown()))
    }
}

#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(as = BusinessPaymentStatus)]
pub enum StatusView {
    Active,
    Paid,
    Expired,
    Cancelled,
}

impl From<StatusView> for LinkStatus {
    fn from(status: StatusView) -> Self {
        match status {
            StatusView::Active => Self::Active,
            StatusView::Paid => Self::Paid,
            StatusView::Expired => Self::Expired,
            StatusView::Cancelled => Self::Cancelled,
        }
    }
}

impl From<LinkStatus> for StatusView {
    fn from(status: LinkStatus) -> Self {
        match status {
            LinkStatus::Active => Self::Active,
            LinkStatus::Paid => Self::Paid,
            LinkStatus::Expired => Self::Expired,
            LinkStatus::Cancelled => Self::Cancelled,
        }
    }
}

/// A link that somebody can pay.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BusinessPaymentLink)]
pub struct LinkView {
    /// Id of the link.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e50")]
    id: String,
    /// The address to pay at.
    #[schema(example = "https://gateway.example.com/pay/0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e50")]
    url: String,
    /// Decimal number in major units, with all decimals that the currency has.
    #[schema(example = "12.50")]
    amount: String,
    /// Code of ISO 4217.
    #[schema(example = "EUR")]
    currency: &'static str,
    /// What is paid for.
    #[schema(example = "Invoice 4711")]
    description: String,
    /// What the payment is recognised by, where people read it.
    #[schema(example = "PL-7K2M4QXA")]
    reference: String,
    /// Whether it can be paid, was paid, or has ended.
    status: StatusView,
    /// url, page, stripe or simulated.
    #[schema(example = "stripe")]
    provider: &'static str,
    /// The contact that pays; null where none was named.
    #[schema(example = "01980a3e-7c1e-7f6a-b3d8-5e901c47aa12")]
    contact_id: Option<String>,
    /// The conversation that it is for; null where none was named.
    #[schema(example = json!(null))]
    conversation_id: Option<String>,
    /// When it ends by itself, RFC 3339; null for never.
    #[schema(example = json!(null))]
    expires_at: Option<String>,
    created_at: String,
    /// When it was paid; null unless so.
    #[schema(example = json!(null))]
    paid_at: Option<String>,
    /// When it was cancelled; null unless so.
    #[schema(example = json!(null))]
    cancelled_at: Option<String>,
}

impl Plural for LinkView {
    const PLURAL: &'static str = "paymentLinks";
}

impl From<PaymentLink> for LinkView {
    fn from(link: PaymentLink) -> Self {
        Self {
            id: link.id.to_string(),
            url: link.url,
            amount: link.amount.to_string(),
            currency: link.currency.code(),
            description: link.description,
            reference: link.reference,
            status: link.status.into(),
            provider: link.provider.as_str(),
            contact_id: link.contact.map(|id| id.to_string()),
            conversation_id: link.conversation.map(|id| id.to_string()),
            expires_at: link.expires_at.map(time),
            created_at: time(link.created_at),
            paid_at: link.paid_at.map(time),
            cancelled_at: link.cancelled_at.map(time),
        }
    }
}

/// An amount as it stands in a body, a text or a number. Its digits are kept, and never become a floating-point number.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct AmountText(Box<RawValue>);

impl AmountText {
    pub fn text(&self) -> String {
        let written = self.0.get();
        serde_json::from_str(written).unwrap_or_else(|_| written.to_owned())
    }
}

pub fn amount_schema() -> Schema {
    let kinds = SchemaType::from_iter([Type::String, Type::Number]);
    let about = "Decimal number in major units, more than 0, with no more decimals than the currency has: \
                 `12.50` or `\"12.50\"`";
    let schema = ObjectBuilder::new().schema_type(kinds).max_length(Some(20));
    Schema::Object(schema.description(Some(about)).build())
}
