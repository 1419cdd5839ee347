//! The control of the simulated SMS network: what was sent, and somebody who writes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        endpoint::Endpoint,
        kit::{
            Body,
            body::{WITH_FILE, elsewhere, too_large},
        },
        simulator::shared::{Control, Shows, TAG, data},
    },
    domain::{Error, address},
    messaging::uploads::data_url::{self, Fault},
    providers::sms::SmsMessage,
    sms::{InboundSms, SmsFile},
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/_simulator/v1/sms", list)
            .named("listSimulatedSms")
            .about(TAG, "The text messages that were sent, newest first"),
        Endpoint::post("/_simulator/v1/sms", write)
            .named("writeSimulatedSms")
            .about(TAG, "Write a text message to the gateway's number")
            .details(
                "The gateway takes it in as it takes in one of a real provider: its files are fetched first, and come \
                 with the text and in messages of their own.",
            ),
    ]
}

#[derive(Deserialize, ToSchema)]
#[schema(as = SimulatedSmsBody, example = json!({ "from": "15550000011", "text": "Hello" }))]
struct WriteBody {
    /// Telephone number of the person who writes.
    #[schema(min_length = 1, max_length = 40)]
    from: String,
    /// The text; not needed with files.
    #[serde(default)]
    #[schema(max_length = 1600)]
    text: String,
    /// Files.
    #[serde(default)]
    #[schema(max_items = 10)]
    media: Vec<FileBody>,
}

/// A file of a text message (MMS).
#[derive(Deserialize, ToSchema)]
#[schema(as = SimulatedSmsFile)]
struct FileBody {
    /// The file in base64.
    #[schema(min_length = 1, max_length = 8388608, example = "R0lGODlhAQABAAAAACw=")]
    base64: String,
    /// Media type that the sender's phone names; none where it names none.
    #[schema(max_length = 100, example = "image/gif")]
    mime: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SimulatedSmsList)]
struct SmsListView {
    /// The number of the gateway.
    #[schema(example = "+15559990000")]
    number: Option<String>,
    /// The messages, newest first.
    messages: Vec<SmsView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SimulatedSms)]
struct SmsView {
    /// Key of the message, the last part of its id.
    #[schema(example = "3EB0A1B2C3D4E5F6A7B8C9")]
    key: String,
    /// Telephone number of the recipient.
    #[schema(example = "+15550000011")]
    to: String,
    /// The text.
    #[schema(example = "Hello")]
    text: String,
    /// Addresses of its files.
    #[schema(example = json!([]))]
    media: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SimulatedSmsWritten)]
struct WrittenView {
    /// The provider's id of the message.
    #[schema(example = "SM0192c9d07a6b7c1e9b1a2f6f3c1d5e50")]
    id: String,
}

impl From<SmsMessage> for SmsView {
    fn from(message: SmsMessage) -> Self {
        let SmsMessage { key, to, text, media } = message;
        Self { key, to: format!("+{to}"), text, media }
    }
}

async fn list(call: Control) -> Shows<SmsListView> {
    let messages = call.sms.simulated()?.into_iter().map(SmsView::from).collect();
    data(&SmsListView { number: call.sms.number(), messages })
}

async fn write(call: Control, Body(body): Body<WriteBody>) -> Shows<WrittenView> {
    // Where text messages go to a real provider, nobody is simulated.
    call.sms.simulated()?;
    let person = address::phone(&body.from)
        .map_err(|error| Error::invalid_field("from", error.about(&body.from)))?;
    if body.text.is_empty() && body.media.is_empty() {
        return Err(Error::invalid_field("text", "is required without files").into());
    }
    let mut files = Vec::new();
    for (place, FileBody { base64, mime }) in body.media.into_iter().enumerate() {
        let bytes = elsewhere(move || decoded(&base64, place)).await?;
        files.push(SmsFile { url: call.sms.put_simulated_file(bytes)?, mime });
    }
    let id = format!("SM{}", Uuid::new_v4().simple());
    let from = format!("+{}", person.user());
    call.sms.receive(InboundSms { id: id.clone(), from, text: body.text, files }).await?;
    data(&WrittenView { id })
}

fn decoded(base64: &str, place: usize) -> Result<Vec<u8>, Error> {
    let limit = u64::try_from(WITH_FILE).unwrap_or(u64::MAX);
    data_url::base64(base64, 0, limit).map_err(|fault| match fault {
        Fault::Malformed(reason) => Error::invalid_field(&format!("media[{place}].base64"), reason),
        Fault::Empty => Error::invalid_field(&format!("media[{place}].base64"), "is empty"),
        Fault::TooLarge => too_large(WITH_FILE),
    })
}
