//! Errors that a caller may see: a closed list of codes, and the subject of the failure.
//!
//! Surfaces translate them into their envelopes and statuses, and add no meaning. The message never has a secret or
//! the text of a message.

use serde_json::{Map, Value};

/// The kind of failure. Each has exactly one meaning for HTTP on every surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The request is malformed or breaks a rule.
    Invalid,
    /// No credential, or one that is not accepted.
    Unauthenticated,
    /// The credential is valid and does not permit this.
    Forbidden,
    /// The thing named does not exist.
    NotFound,
    /// The thing exists already, or another state forbids this.
    Conflict,
    /// The session cannot do this in the state it is in.
    NotReady,
    /// The body, file or list is larger than allowed.
    TooLarge,
    /// Too many requests; try again after a while.
    RateLimited,
    /// The engine has no such function at the moment.
    Unsupported,
    /// The request is well formed and WhatsApp would refuse it.
    Refused,
    /// WhatsApp accepts no messages of the account for now.
    NotNow,
    /// The engine tried and failed.
    EngineFailed,
    /// The engine did not answer in time; the outcome is unknown.
    Timeout,
    /// The gateway is stopping or out of a resource; try again later.
    Unavailable,
    /// The disk has too little room left; try again when it has more.
    StorageFull,
    /// A fault of the gateway itself.
    Internal,
}

/// The subject of an error, so that a surface can name it in its own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    Session,
    QrCode,
    ChatId,
    Chat,
    Message,
    Contact,
    Group,
    Recipient,
    Webhook,
    Media,
    Tag,
    QuickReply,
    Template,
    Bot,
    /// Something that a bot knows.
    Document,
    Broadcast,
    ApiKey,
    /// A person with an account.
    User,
    /// A sign-in of a person.
    Login,
    Invitation,
    Team,
    Note,
    CannedResponse,
    /// A saved filter of the inbox.
    View,
    Ticket,
    Task,
    /// A rule of a bot.
    Automation,
    Flow,
    Notification,
    IdempotencyKey,
    /// The proxy of a session.
    Proxy,
    /// A read from WhatsApp: nothing was sent.
    Reading,
    /// The gateway's store on the disk.
    Store,
}

impl Subject {
    /// What it is called in sentences.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::QrCode => "QR code",
            Self::ChatId | Self::Chat => "conversation",
            Self::Message => "message",
            Self::Contact => "contact",
            Self::Group => "group",
            Self::Recipient => "recipient",
            Self::Webhook => "webhook",
            Self::Media => "file",
            Self::Tag => "tag",
            Self::QuickReply => "quick reply",
            Self::Template => "template",
            Self::Bot => "bot",
            Self::Document => "document",
            Self::Broadcast => "broadcast",
            Self::ApiKey => "API key",
            Self::User => "person",
            Self::Login => "sign-in",
            Self::Invitation => "invitation",
            Self::Team => "team",
            Self::Note => "note",
            Self::CannedResponse => "canned response",
            Self::View => "view",
            Self::Ticket => "ticket",
            Self::Task => "task",
            Self::Automation => "rule",
            Self::Flow => "flow",
            Self::Notification => "notification",
            Self::IdempotencyKey => "idempotency key",
            Self::Proxy => "proxy",
            Self::Reading => "read",
            Self::Store => "store",
        }
    }
}

/// A failure that a caller may see.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub code: ErrorCode,
    pub subject: Option<Subject>,
    pub message: String,
    pub details: Map<String, Value>,
}

impl Error {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, subject: None, message: message.into(), details: Map::new() }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Invalid, message)
    }

    /// One field of a request breaks a rule.
    pub fn invalid_field(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let fields = serde_json::json!({ field: [message] });
        Self::invalid(format!("{field}: {message}")).detail("fields", fields)
    }

    /// Several fields of a request break rules; each with its fault.
    pub fn invalid_fields(faults: Vec<(String, String)>) -> Self {
        let sentences: Vec<String> =
            faults.iter().map(|(field, fault)| format!("{field}: {fault}")).collect();
        let mut fields: Map<String, Value> = Map::new();
        for (field, fault) in faults {
            let known = fields.entry(field).or_insert_with(|| Value::Array(Vec::new()));
            known.as_array_mut().into_iter().for_each(|all| all.push(fault.clone().into()));
        }
        Self::invalid(sentences.join("; ")).detail("fields", fields)
    }

    /// Both values, or the faults of both.
    pub fn both<A, B>(one: Result<A, Self>, other: Result<B, Self>) -> Result<(A, B), Self> {
        match (one, other) {
            (Ok(one), Ok(other)) => Ok((one, other)),
            (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
            (Err(one), Err(other)) => Err(one.and(other)),
        }
    }

    /// All values, or the faults of all.
    pub fn all<T>(all: impl IntoIterator<Item = Result<T, Self>>) -> Result<Vec<T>, Self> {
        let begin = Ok(Vec::new());
        all.into_iter().fold(begin, |known, next| {
            let (mut known, next) = Self::both(known, next)?;
            known.push(next);
            Ok(known)
        })
    }

    /// The same error within a part of a request: the names of its fields get that part's name as a prefix.
    #[must_use]
    pub fn within(mut self, part: &str) -> Self {
        let Some(Value::Object(fields)) = self.details.remove("fields") else { return self };
        let texts = |faults: &Value| -> Vec<String> {
            let faults = faults.as_array().into_iter().flatten();
            faults.filter_map(|fault| fault.as_str().map(str::to_owned)).collect()
        };
        let named = fields.iter().flat_map(|(name, faults)| {
            let place = format!("{part}.{name}");
            texts(faults).into_iter().map(move |fault| (place.clone(), fault))
        });
        let Self { message, details, .. } = Self::invalid_fields(named.collect());
        self.message = message;
        self.details.extend(details);
        self
    }

    /// Joins two faults of a request. A subject that only one of them has is dropped.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        let merge = self.code == other.code && self.code == ErrorCode::Invalid;
        if !merge {
            return self;
        }
        self.message = format!("{}; {}", self.message, other.message);
        self.subject = self.subject.filter(|own| other.subject == Some(*own));
        for (name, value) in other.details {
            match (self.details.get_mut(&name), value) {
                (Some(Value::Object(own)), Value::Object(others)) => {
                    for (field, faults) in others {
                        let known = own.entry(field).or_insert_with(|| Value::Array(Vec::new()));
                        if let (Value::Array(known), Value::Array(more)) = (known, faults) {
                            known.extend(more);
                        }
                    }
                }
                (Some(Value::Array(own)), Value::Array(others)) => own.extend(others),
                (Some(_), _) => (),
                (None, value) => {
                    self.details.insert(name, value);
                }
            }
        }
        self
    }

    pub fn not_found(subject: Subject, message: impl Into<String>) -> Self {
        Self::new(ErrorCode::NotFound, message).about(subject)
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Internal, message)
    }

    #[must_use]
    pub fn about(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }

    #[must_use]
    pub fn detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn two_faults_of_a_request_are_one_error_that_names_both() {
        let chat = Error::invalid("x is no address").about(Subject::ChatId);
        let chat = chat.detail("fields", json!({ "chatId": ["x is no address"] }));
        let text = Error::invalid_field("content", "must not be empty");
        let both = Error::both(Err::<(), _>(chat.clone()), Err::<(), _>(text)).unwrap_err();
        assert_eq!(both.subject, None);
        assert_eq!(both.message, "x is no address; content: must not be empty");
        let fields = json!({ "chatId": ["x is no address"], "content": ["must not be empty"] });
        assert_eq!(both.details["fields"], fields);
        assert_eq!(Error::both(Err::<(), _>(chat.clone()), Ok(())), Err(chat));
        let many = [("a", "is required"), ("a", "must be a text"), ("b", "is required")];
        let many = many.map(|(field, fault)| (field.to_owned(), fault.to_owned()));
        let error = Error::invalid_fields(many.to_vec());
        let fields = json!({ "a": ["is required", "must be a text"], "b": ["is required"] });
        assert_eq!(error.details["fields"], fields);
    }

    #[test]
    fn all_that_is_wrong_with_many_is_one_error_also_within_a_part() {
        assert_eq!(Error::all([Ok(1), Ok(2)]), Ok(vec![1, 2]));
        let fault = |field: &str, message: &str| Err::<(), _>(Error::invalid_field(field, message));
        let all = [fault("url", "is no URL"), Ok(()), fault("url", "is long"), fault("a", "is b")];
        let error = Error::all(all).unwrap_err();
        let fields = json!({ "url": ["is no URL", "is long"], "a": ["is b"] });
        assert_eq!(error.details["fields"], fields);
        let error = error.within("webhook");
        let fields = json!({ "webhook.url": ["is no URL", "is long"], "webhook.a": ["is b"] });
        assert_eq!(error.details["fields"], fields);
        assert!(error.message.contains("webhook.a: is b"), "{}", error.message);
    }
}
