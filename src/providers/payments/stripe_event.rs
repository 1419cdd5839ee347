//! Events of Stripe's webhooks: which of them say that a link was paid. Pure.

use serde::Deserialize;
use uuid::Uuid;

use crate::providers::payments::provider::Payment;

#[derive(Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: serde_json::Value,
}

/// The payment that an event reports; none for any other event, and for payments of links that are not the gateway's.
pub fn payment(body: &[u8]) -> Option<Payment> {
    let event: Event = serde_json::from_slice(body).ok()?;
    let session = &event.data.object;
    let is_paid = match event.kind.as_str() {
        // A payment that takes days is completed unpaid, and succeeds later.
        "checkout.session.completed" => session["payment_status"] == "paid",
        "checkout.session.async_payment_succeeded" => true,
        _ => false,
    };
    if !is_paid {
        return None;
    }
    let link: Uuid = session["metadata"]["link_id"].as_str()?.parse().ok()?;
    Some(Payment { event: event.id, link })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const LINK: &str = "0192c9d0-7a6b-7c1e-9b1a-2f6f3c1d5e7a";

    fn event(kind: &str, session: Value) -> Option<Payment> {
        let event = json!({ "id": "evt_1", "object": "event", "type": kind, "data": { "object": session } });
        payment(event.to_string().as_bytes())
    }

    #[test]
    fn only_a_paid_session_of_a_link_is_a_payment() {
        let metadata = json!({ "link_id": LINK });
        let paid = json!({ "payment_status": "paid", "metadata": metadata });
        let unpaid = json!({ "payment_status": "unpaid", "metadata": metadata });
        let expected = Some(Payment { event: "evt_1".to_owned(), link: LINK.parse().unwrap() });
        assert_eq!(event("checkout.session.completed", paid.clone()), expected);
        assert_eq!(event("checkout.session.async_payment_succeeded", unpaid.clone()), expected);
        assert_eq!(event("checkout.session.completed", unpaid), None);
        assert_eq!(event("checkout.session.expired", paid), None);
        let foreign = json!({ "payment_status": "paid", "metadata": {} });
        assert_eq!(event("checkout.session.completed", foreign), None);
        assert_eq!(payment(b"{}"), None);
        assert_eq!(payment(b"\xff"), None);
    }
}
