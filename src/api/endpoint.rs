//! One route of the table: where, who, how often, what goes in and what comes out.

use actix_web::{Handler, Responder, Route, guard, http::Method, web};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::api::{
    body,
    bounds::{is_longer, one_of, too_many},
    error::Surface,
};

/// What a caller must be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Nothing: the endpoint is for everybody.
    Public,
    Read,
    Send,
    /// Reads conversations, and changes what the gateway keeps of them.
    Conversations,
    Admin,
}

impl Scope {
    /// Its name among the scopes of an API key.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "",
            Self::Read => "read",
            Self::Send => "send",
            Self::Conversations => "conversations",
            Self::Admin => "admin",
        }
    }
}

/// Which rate limit a request counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bucket {
    None,
    Creation,
    Messaging,
    General,
    /// Requests to the Chat API.
    Chat,
    /// Requests of the dashboard, in place of the two before.
    Dashboard,
}

impl Bucket {
    /// Its name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Creation => "session_creation",
            Self::Messaging => "messaging",
            Self::General => "general",
            Self::Chat => "chat",
            Self::Dashboard => "dashboard",
        }
    }
}

/// What an `Idempotency-Key` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Nothing: it reads only, or controls the simulated network.
    Unkeyed,
    /// The first answer is kept and given again.
    Once,
    /// The same, but a success holds a secret that is shown once: it is not kept.
    Secret,
    /// The same, and when the gateway ended before there was an answer, it is done again: it comes
    /// to the same, or the message that it sent is found by its key.
    Repeatable,
}

/// A query parameter.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    pub name: &'static str,
    pub about: &'static str,
    pub kind: ParameterKind,
}

#[derive(Clone, Copy, Debug)]
pub enum ParameterKind {
    Text,
    /// Ids, separated by commas.
    Ids,
    Number,
    Flag,
    /// One of these texts.
    OneOf(&'static [&'static str]),
}

impl ParameterKind {
    /// What is wrong with a value, by the kind of its parameter alone.
    pub fn fault(self, text: &str) -> Option<String> {
        let most = self.longest();
        match self {
            Self::OneOf(values) if !values.contains(&text) => Some(one_of(values)),
            Self::Flag if body::flag(text).is_none() => Some("must be true or false".to_owned()),
            _ => is_longer(text, most).then(|| too_many(most, "characters")),
        }
    }

    /// Characters that it may have.
    pub fn longest(self) -> usize {
        match self {
            Self::Text => 1_024,
            // Of as many people as a body may name there.
            Self::Ids => 16_384,
            Self::Number | Self::Flag | Self::OneOf(_) => 64,
        }
    }
}

/// Characters of a parameter in a path: more than any id has.
pub const LONGEST_SEGMENT: usize = 256;

/// A schema and those that it refers to.
pub struct Shape {
    pub name: String,
    pub schema: RefOr<Schema>,
    pub others: Vec<(String, RefOr<Schema>)>,
}

/// Makes a shape for whoever asks. Shapes are large, and nobody but the document needs them.
pub type ShapeOf = fn() -> Shape;

#[derive(Clone, Copy)]
pub enum Answer {
    /// The success envelope around this.
    Data(ShapeOf),
    /// The success envelope with a message alone.
    Message,
    Other(&'static str),
}

pub struct Endpoint {
    pub method: Method,
    pub path: &'static str,
    pub summary: &'static str,
    pub tag: &'static str,
    pub scope: Scope,
    pub bucket: Bucket,
    pub repeat: Repeat,
    pub surface: Surface,
    /// Whether its body may hold a file.
    takes_file: bool,
    /// Whether its body may hold a text of a message.
    takes_long_text: bool,
    /// Whether a key for one session may call it although its path names no session: it then
    /// answers of that one alone, or holds nothing of any.
    pub bounds_itself: bool,
    pub parameters: Vec<Parameter>,
    pub body: Option<ShapeOf>,
    pub status: u16,
    /// Another status of success, with the same body.
    pub other_status: Option<u16>,
    pub answer: Answer,
    pub route: Route,
}

impl Endpoint {
    pub fn get<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: actix_web::FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let either = guard::Any(guard::Get()).or(guard::Head());
        Self::new(Method::GET, path, web::route().guard(either).to(handler)).needs(Scope::Read)
    }

    pub fn post<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: actix_web::FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        Self::new(Method::POST, path, web::post().to(handler))
    }

    pub fn patch<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: actix_web::FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        Self::new(Method::PATCH, path, web::patch().to(handler))
    }

    pub fn put<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: actix_web::FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        Self::new(Method::PUT, path, web::put().to(handler))
    }

    pub fn delete<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: actix_web::FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        Self::new(Method::DELETE, path, web::delete().to(handler))
    }

    fn new(method: Method, path: &'static str, route: Route) -> Self {
        let repeat = if method == Method::GET { Repeat::Unkeyed } else { Repeat::Once };
        Self {
            method,
            path,
            summary: "",
            tag: "Sessions",
            scope: Scope::Admin,
            bucket: Bucket::General,
            repeat,
            surface: Surface::OpenWa,
            takes_file: false,
            takes_long_text: false,
            bounds_itself: false,
            parameters: Vec::new(),
            body: None,
            status: 200,
            other_status: None,
            answer: Answer::Message,
            route,
        }
    }

    pub fn about(mut self, tag: &'static str, summary: &'static str) -> Self {
        (self.tag, self.summary) = (tag, summary);
        self
    }

    pub fn needs(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    pub fn limited(mut self, bucket: Bucket) -> Self {
        self.bucket = bucket;
        self
    }

    pub fn repeats(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    /// Its body may be as large as one with a file.
    pub fn takes_file(mut self) -> Self {
        self.takes_file = true;
        self
    }

    /// Its body may be as large as the longest text of a message needs.
    pub fn takes_long_text(mut self) -> Self {
        self.takes_long_text = true;
        self
    }

    /// Bytes that its body may have.
    pub fn body_limit(&self) -> usize {
        match (self.takes_file, self.takes_long_text) {
            (true, _) => body::WITH_FILE,
            (false, true) => body::WITH_LONG_TEXT,
            (false, false) => body::SMALL,
        }
    }

    /// Part of the Chat API: worded and limited as it is, where instances of others do not exist
    /// for keys of one session.
    pub fn of_chat(mut self) -> Self {
        (self.surface, self.bucket) = (Surface::Chat, Bucket::Chat);
        self.for_keys_of_one_session()
    }

    pub fn for_keys_of_one_session(mut self) -> Self {
        self.bounds_itself = true;
        self
    }

    pub fn query(mut self, kind: ParameterKind, name: &'static str, about: &'static str) -> Self {
        self.parameters.push(Parameter { name, about, kind });
        self
    }

    pub fn takes<T: ToSchema>(mut self) -> Self {
        self.body = Some(shape::<T>);
        self
    }

    /// The success envelope around a `T`.
    pub fn answers<T: ToSchema>(mut self, status: u16) -> Self {
        self.status = status;
        self.answer = Answer::Data(shape::<T>);
        self
    }

    /// The same body with another status of success.
    pub fn or_status(mut self, status: u16) -> Self {
        self.other_status = Some(status);
        self
    }

    pub fn answers_list<T: ToSchema>(mut self) -> Self {
        self.answer = Answer::Data(list::<T>);
        self
    }

    pub fn answers_other(mut self, status: u16, content_type: &'static str) -> Self {
        self.status = status;
        self.answer = Answer::Other(content_type);
        self
    }
}

pub fn reference(name: &str) -> RefOr<Schema> {
    RefOr::Ref(utoipa::openapi::Ref::from_schema_name(name))
}

pub fn shape<T: ToSchema>() -> Shape {
    let mut others = Vec::new();
    T::schemas(&mut others);
    Shape { name: T::name().into_owned(), schema: <T as PartialSchema>::schema(), others }
}

fn list<T: ToSchema>() -> Shape {
    let Shape { name, schema, mut others } = shape::<T>();
    let list = utoipa::openapi::ArrayBuilder::new().items(reference(&name)).build();
    others.push((name, schema));
    Shape { name: String::new(), schema: RefOr::T(Schema::Array(list)), others }
}
