//! What all routes of the control API share: the caller, the answers, and the words of a refusal.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        error::ApiError,
        kit::{Admin, Call, Data, Message},
    },
    domain::{Error, ErrorCode, Jid, MessageId, Subject, address},
    services::Services,
    simulator::{
        Network,
        protocol::{Refusal, RefusalKind},
    },
};

pub const TAG: &str = "Simulated network";

/// Who controls the network.
pub type Control = Call<Admin>;

#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "message": "true_15550000001@c.us_3EB0A1B2C3D4E5F6A7B8C9" }))]
pub struct MessageBody {
    /// Full id of the message.
    pub message: String,
}

pub type Shows<T> = Result<Data<T>, ApiError>;

pub type Done = Result<Message, ApiError>;

pub fn data<T>(view: &impl Serialize) -> Shows<T> {
    Ok(Data::borrowed(view))
}

pub fn done(message: &'static str) -> Done {
    Ok(Message::of(message))
}

pub fn network(services: &Services) -> Result<&Network, ApiError> {
    services.network.as_ref().ok_or_else(|| Error::internal("there is no simulated network").into())
}

pub fn phone_of(text: &str) -> Result<Jid, Error> {
    address::phone(text).map_err(|error| {
        let message = format!("must be a telephone number: {}", error.about(text));
        Error::invalid_field("phone", message)
    })
}

pub fn message_id(text: &str) -> Result<MessageId, ApiError> {
    text.parse().map_err(|_| Error::invalid_field("message", "must be the id of a message").into())
}

pub fn refused(refusal: Refusal) -> ApiError {
    let error = match refusal.kind {
        RefusalKind::UnknownChat => Error::not_found(Subject::Chat, refusal.reason),
        RefusalKind::UnknownMessage => Error::not_found(Subject::Message, refusal.reason),
        RefusalKind::UnknownMedia => Error::not_found(Subject::Media, refusal.reason),
        RefusalKind::NotOnWhatsapp => {
            Error::new(ErrorCode::Refused, refusal.reason).about(Subject::Recipient)
        }
        RefusalKind::NotAdmin | RefusalKind::NotMember | RefusalKind::NotAllowed => {
            Error::new(ErrorCode::Forbidden, refusal.reason)
        }
        RefusalKind::Deleted | RefusalKind::TooLate | RefusalKind::NoText => {
            Error::new(ErrorCode::Conflict, refusal.reason)
        }
        RefusalKind::NotLinked | RefusalKind::Invalid => Error::invalid(refusal.reason),
        RefusalKind::Fault => Error::new(ErrorCode::EngineFailed, refusal.reason),
    };
    error.into()
}
