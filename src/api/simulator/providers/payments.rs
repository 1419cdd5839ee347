//! The control of simulated payments: what links there are, and somebody who pays one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        endpoint::Endpoint,
        kit::{Body, Limit, Path, Query, path_value},
        simulator::shared::{Control, Shows, TAG, data},
    },
    domain::{Error, ErrorCode, shown::shown},
    payments::{LinkFilter, Paid, PaymentLink},
    providers::payments::{Payment, ProviderKind},
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/_simulator/v1/payments", list)
            .named("listSimulatedPayments")
            .about(TAG, "The newest payment links, as somebody who pays sees them"),
        Endpoint::post("/_simulator/v1/payments/{id}/pay", pay)
            .named("paySimulatedPaymentLink")
            .about(TAG, "Pay a payment link of the simulated provider")
            .details(
                "The gateway gets the same report as from a real provider. The same `event` twice pays once.",
            ),
    ]
}

path_value! {
    /// A payment link, by its id.
    enum PaidLink = "id" as Uuid;
    about: "The id of the payment link", example: "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e50",
    read: |text| text.parse().map_err(|_| unknown(text))
}

#[derive(Deserialize, ToSchema)]
struct PaymentsQuery {
    /// How many.
    #[serde(default)]
    limit: Limit<50, 100>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = SimulatedPaymentBody, example = json!({ "event": "evt_1" }))]
struct PayBody {
    /// The provider's id of the report; a new one when it is not given.
    #[schema(max_length = 100)]
    event: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SimulatedPayments)]
struct PaymentsView {
    /// The links, newest first.
    payments: Vec<PaymentView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SimulatedPayment)]
struct PaymentView {
    /// Id of the link.
    #[schema(example = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e50")]
    id: String,
    /// ACTIVE, PAID, EXPIRED or CANCELLED.
    #[schema(example = "ACTIVE")]
    status: &'static str,
    /// Decimal number in major units.
    #[schema(example = "12.50")]
    amount: String,
    /// Code of ISO 4217.
    #[schema(example = "EUR")]
    currency: &'static str,
    /// What is paid for.
    #[schema(example = "Invoice 4711")]
    description: String,
    /// What the payment is recognised by.
    #[schema(example = "PL-7K2M4QXA")]
    reference: String,
    /// The address to pay at.
    #[schema(example = "http://127.0.0.1:8080/pay/0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e50")]
    url: String,
    /// simulated, or another provider, whose links are paid elsewhere.
    #[schema(example = "simulated")]
    provider: &'static str,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SimulatedPaymentReport)]
struct ReportView {
    /// The provider's id of the report.
    #[schema(example = "evt_1")]
    event: String,
    /// Whether the link is paid by this report; false where it was paid before.
    paid: bool,
}

impl From<PaymentLink> for PaymentView {
    fn from(link: PaymentLink) -> Self {
        Self {
            id: link.id.to_string(),
            status: link.status.as_str(),
            amount: link.amount.to_string(),
            currency: link.currency.code(),
            description: link.description,
            reference: link.reference,
            url: link.url,
            provider: link.provider.as_str(),
        }
    }
}

async fn list(call: Control, Query(query): Query<PaymentsQuery>) -> Shows<PaymentsView> {
    let page = call.payments.list(LinkFilter::default(), 0, query.limit.get()).await?;
    let payments = page.links.into_iter().map(PaymentView::from).collect();
    data(&PaymentsView { payments })
}

async fn pay(
    call: Control,
    Path(link): Path<PaidLink>,
    Body(body): Body<PayBody>,
) -> Shows<ReportView> {
    let event = body.event.unwrap_or_else(|| format!("evt_{}", Uuid::new_v4().simple()));
    let payment = Payment { event: event.clone(), link };
    let paid = match call.payments.pay(ProviderKind::Simulated, &payment).await? {
        Paid::Now(_) => true,
        Paid::Before => false,
        Paid::UnknownLink => return Err(unknown(&link.to_string()).into()),
    };
    data(&ReportView { event, paid })
}

fn unknown(id: &str) -> Error {
    let message = format!("there is no payment link '{}' of the simulated provider", shown(id));
    Error::new(ErrorCode::NotFound, message)
}
