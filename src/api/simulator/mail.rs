//! Mail on the simulated network: what the gateway sent, and to whom.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        endpoint::Endpoint,
        kit::Query,
        sessions::wire::seconds,
        simulator::shared::{Control, Shows, TAG, data},
    },
    providers::mail::Mail,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/_simulator/v1/mail", list)
            .named("listSimulatedMail")
            .about(TAG, "Mails that the gateway sent, newest first")
            .details("They went nowhere. The newest thousand are kept until the gateway stops."),
    ]
}

#[derive(Deserialize, ToSchema)]
#[schema(as = SimulatedMailQuery)]
struct MailQuery {
    /// Only those to this address, whatever its case.
    #[schema(max_length = 254, example = "ada@example.com")]
    to: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SimulatedMails)]
struct Mails {
    /// Newest first.
    mails: Vec<MailView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SimulatedMail)]
struct MailView {
    /// UUID of the mail.
    id: String,
    /// Address that it went to.
    #[schema(example = "ada@example.com")]
    to: String,
    /// Its subject.
    #[schema(example = "Your verification code")]
    subject: String,
    /// Its text, without markup.
    #[schema(example = "Your code is 123456.")]
    text: String,
    /// When it was written, RFC 3339.
    written_at: String,
}

impl From<Mail> for MailView {
    fn from(mail: Mail) -> Self {
        Self {
            id: mail.id.to_string(),
            to: mail.to,
            subject: mail.subject,
            text: mail.text,
            written_at: seconds(mail.written_at),
        }
    }
}

async fn list(call: Control, Query(query): Query<MailQuery>) -> Shows<Mails> {
    let mails = call.mailbox.as_ref().map(|mailbox| mailbox.list(query.to.as_deref()));
    let mails = mails.unwrap_or_default().into_iter().map(MailView::from).collect();
    data(&Mails { mails })
}
