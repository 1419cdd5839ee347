//! Operation: what the types of a handler say of it, collected from its arguments and its answer.

use std::collections::HashMap;

use actix_web::{http::StatusCode, web};
use serde_json::{Map, Value};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ArrayBuilder, Ref, RefOr, Schema},
};

use crate::{api::kit::terms::Scope, domain::ErrorCode};

/// A schema and those that it refers to.
pub struct Shape {
    pub name: String,
    pub schema: RefOr<Schema>,
    pub others: Vec<(String, RefOr<Schema>)>,
}

impl Shape {
    /// The schema as JSON, with those that it refers to in its place.
    pub fn resolved(&self) -> Value {
        let value = |schema: &_| serde_json::to_value(schema).unwrap_or(Value::Null);
        let others = self.others.iter().map(|(name, schema)| (name.as_str(), value(schema)));
        let (mut schema, others) = (value(&self.schema), others.collect());
        put_in_place(&mut schema, &others);
        schema
    }

    /// The names of its fields, where it is an object.
    pub fn field_names(&self) -> Vec<String> {
        let schema = self.resolved();
        let fields = schema.get("properties").and_then(Value::as_object);
        fields.into_iter().flat_map(|fields| fields.keys().cloned()).collect()
    }
}

/// Puts what a schema refers to in the place of each reference, and the parts of an `allOf` together.
fn put_in_place(schema: &mut Value, others: &HashMap<&str, Value>) {
    let reference = schema.get("$ref").and_then(Value::as_str);
    let name = reference.and_then(|reference| reference.rsplit('/').next());
    if let Some(target) = name.and_then(|name| others.get(name)).cloned() {
        let own = std::mem::replace(schema, target);
        if let (Value::Object(own), Value::Object(target)) = (own, &mut *schema) {
            target.extend(own.into_iter().filter(|(name, _)| name != "$ref"));
        }
        return put_in_place(schema, others);
    }
    match schema {
        Value::Object(parts) => {
            parts.values_mut().for_each(|part| put_in_place(part, others));
            if let Some(Value::Array(all)) = parts.remove("allOf") {
                all.into_iter().for_each(|part| join(parts, part));
            }
        }
        Value::Array(parts) => parts.iter_mut().for_each(|part| put_in_place(part, others)),
        _ => (),
    }
}

/// Adds the fields and the requirements of a part.
fn join(whole: &mut Map<String, Value>, part: Value) {
    let Value::Object(part) = part else { return };
    for (name, value) in part {
        match (whole.get_mut(&name), value) {
            (Some(Value::Object(known)), Value::Object(more)) => known.extend(more),
            (Some(Value::Array(known)), Value::Array(more)) => known.extend(more),
            (Some(_), _) => (),
            (None, value) => _ = whole.insert(name, value),
        }
    }
}

/// Makes a shape on demand. Shapes are large, and only the document needs them.
pub type ShapeOf = fn() -> Shape;

pub fn reference(name: &str) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(name))
}

pub fn shape<T: ToSchema>() -> Shape {
    let mut others = Vec::new();
    T::schemas(&mut others);
    Shape { name: T::name().into_owned(), schema: <T as PartialSchema>::schema(), others }
}

/// The shape of a list of these.
pub fn list<T: ToSchema>() -> Shape {
    let Shape { name, schema, mut others } = shape::<T>();
    let list = ArrayBuilder::new().items(reference(&name)).build();
    others.push((name, schema));
    Shape { name: String::new(), schema: RefOr::T(Schema::Array(list)), others }
}

/// Which sessions a call may concern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All of them, or the gateway itself: keys for one session are refused.
    AllSessions,
    /// Those that the caller sees: all, or the one of its key.
    OwnSessions,
    /// The one that the path names.
    InSession,
}

/// A parameter in the path.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    pub name: &'static str,
    pub about: &'static str,
    pub example: &'static str,
}

/// A parameter in a header.
#[derive(Clone, Copy, Debug)]
pub struct HeaderField {
    pub name: &'static str,
    pub about: &'static str,
    pub example: &'static str,
    pub is_required: bool,
}

/// What an answer holds.
#[derive(Clone, Copy)]
pub enum Content {
    /// The success envelope around this.
    Data(ShapeOf),
    /// The success envelope with a message alone.
    Message,
    /// A failure that says this beside its error.
    FailureWith(ShapeOf),
    /// Bytes of a content type, of none where nothing is said of it; and an example, where they are text.
    Other(&'static str, &'static str),
}

/// One status of success.
#[derive(Clone, Copy)]
pub struct Success {
    pub status: u16,
    pub about: &'static str,
    pub content: Content,
}

/// What the types of a handler say.
pub struct Operation {
    /// Who may call it, and for which sessions.
    pub access: (Scope, Reach),
    pub segments: Vec<Segment>,
    pub headers: Vec<HeaderField>,
    pub query: Option<ShapeOf>,
    pub body: Option<ShapeOf>,
    /// The fields of a form, in place of a body of JSON or beside one.
    pub form: Option<ShapeOf>,
    /// The content type of a body that its sender signed, and an example.
    pub signed: Option<(&'static str, &'static str)>,
    /// Bytes that the body may have.
    pub body_limit: Option<fn() -> usize>,
    pub successes: Vec<Success>,
    pub failures: Vec<ErrorCode>,
    /// Failures of HTTP itself.
    pub http_failures: Vec<StatusCode>,
}

impl Operation {
    /// What a handler with these arguments and this answer says.
    pub fn of<Args: DescribeArgs, Answer: DescribeAnswer>() -> Self {
        let mut operation = Self {
            access: Args::ACCESS,
            segments: Vec::new(),
            headers: Vec::new(),
            query: None,
            body: None,
            form: None,
            signed: None,
            body_limit: None,
            successes: Vec::new(),
            failures: Vec::new(),
            http_failures: Vec::new(),
        };
        Args::describe(&mut operation);
        Answer::describe(&mut operation);
        operation
    }

    pub fn may_fail(&mut self, codes: &[ErrorCode]) {
        self.failures.extend(codes);
    }

    pub fn fails_with(&mut self, status: StatusCode) {
        self.http_failures.push(status);
    }

    pub fn succeeds(&mut self, status: u16, about: &'static str, content: Content) {
        self.successes.push(Success { status, about, content });
    }
}

/// An argument of a handler that says something of its operation.
pub trait DescribeArg {
    /// Whether its faults are answered only where the other arguments have none.
    const IS_LAST: bool = false;

    fn describe(operation: &mut Operation);
}

/// All arguments of a handler, of which the first says who may call it.
pub trait DescribeArgs {
    const ACCESS: (Scope, Reach);

    fn describe(operation: &mut Operation);
}

/// The answer of a handler.
pub trait DescribeAnswer {
    fn describe(operation: &mut Operation);
}

impl<A: DescribeAnswer, E> DescribeAnswer for Result<A, E> {
    fn describe(operation: &mut Operation) {
        A::describe(operation);
    }
}

/// Arguments that say nothing of what callers may send.
impl<T: 'static> DescribeArg for web::Data<T> {
    fn describe(_: &mut Operation) {}
}

impl DescribeArg for web::Payload {
    fn describe(_: &mut Operation) {}
}
