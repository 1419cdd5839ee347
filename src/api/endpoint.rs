//! One route of the table: where it is, who may call it, how often, and what it takes and answers.

use actix_web::{FromRequest, Handler, Responder, Route, guard, http::Method, web};

use crate::{
    api::{
        dialects,
        kit::{
            Bucket, DescribeAnswer, DescribeArgs, Dialect, InOrder, Operation, Reach, Repeat,
            Scope, body,
        },
    },
    domain::ErrorCode,
};

/// A route with its handler and all that is known of it.
pub struct Endpoint {
    pub method: Method,
    pub path: &'static str,
    /// The name of the operation, unique among all.
    pub name: &'static str,
    pub summary: &'static str,
    /// One to three sentences more.
    pub description: &'static str,
    pub tag: &'static str,
    pub scope: Scope,
    /// A rate limit other than the dialect's.
    bucket: Option<Bucket>,
    pub repeat: Repeat,
    /// A write that the audit log notes although it is none of an administrator.
    audited: bool,
    pub dialect: &'static dyn Dialect,
    /// Which sessions a call may concern.
    pub reach: Reach,
    /// What the types of its handler say.
    pub operation: Operation,
    pub route: Route,
}

impl Endpoint {
    pub fn get<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: DescribeArgs + 'static,
        InOrder<Args>: FromRequest,
        F::Output: Responder + DescribeAnswer + 'static,
    {
        let either = guard::Any(guard::Get()).or(guard::Head());
        Self::new(Method::GET, path, handler, web::route().guard(either))
    }

    pub fn post<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: DescribeArgs + 'static,
        InOrder<Args>: FromRequest,
        F::Output: Responder + DescribeAnswer + 'static,
    {
        Self::new(Method::POST, path, handler, web::post())
    }

    pub fn patch<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: DescribeArgs + 'static,
        InOrder<Args>: FromRequest,
        F::Output: Responder + DescribeAnswer + 'static,
    {
        Self::new(Method::PATCH, path, handler, web::patch())
    }

    pub fn put<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: DescribeArgs + 'static,
        InOrder<Args>: FromRequest,
        F::Output: Responder + DescribeAnswer + 'static,
    {
        Self::new(Method::PUT, path, handler, web::put())
    }

    pub fn delete<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: DescribeArgs + 'static,
        InOrder<Args>: FromRequest,
        F::Output: Responder + DescribeAnswer + 'static,
    {
        Self::new(Method::DELETE, path, handler, web::delete())
    }

    fn new<F, Args>(method: Method, path: &'static str, handler: F, route: Route) -> Self
    where
        F: Handler<Args>,
        Args: DescribeArgs + 'static,
        InOrder<Args>: FromRequest,
        F::Output: Responder + DescribeAnswer + 'static,
    {
        let mut operation = Operation::of::<Args, F::Output>();
        let is_read = method == Method::GET;
        if !is_read {
            operation.may_fail(&WRITE);
        }
        let (scope, reach) = operation.access;
        Self {
            method,
            path,
            name: "",
            summary: "",
            description: "",
            tag: "Sessions",
            scope,
            bucket: None,
            audited: false,
            repeat: if is_read { Repeat::Unkeyed } else { Repeat::Once },
            dialect: dialects::USUAL,
            reach,
            operation,
            route: route.to(move |InOrder(args): InOrder<Args>| handler.call(args)),
        }
    }

    /// The name of the operation, as a person would choose it for a function.
    pub fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    pub fn about(mut self, tag: &'static str, summary: &'static str) -> Self {
        (self.tag, self.summary) = (tag, summary);
        self
    }

    /// One to three sentences beside the summary.
    pub fn details(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// Failures that its types do not tell.
    pub fn may_fail(mut self, codes: &[ErrorCode]) -> Self {
        self.operation.may_fail(codes);
        self
    }

    pub fn limited(mut self, bucket: Bucket) -> Self {
        self.bucket = Some(bucket);
        self
    }

    pub fn repeats(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    /// Noted in the audit log, as what administrators write is anyway.
    pub fn audited(mut self) -> Self {
        self.audited = true;
        self
    }

    /// Part of the surface that speaks this dialect.
    pub fn speaks(mut self, dialect: &'static dyn Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Bytes that the body may have, where its schema names no text that long.
    pub fn takes(mut self, limit: fn() -> usize) -> Self {
        self.operation.body_limit = Some(limit);
        self
    }

    /// Whether the audit log notes its calls. The simulated network is no part of the gateway.
    pub fn is_audited(&self) -> bool {
        let administers = self.method != Method::GET && self.scope == Scope::Admin;
        (administers || self.audited) && !self.path.starts_with("/_simulator")
    }

    /// Which rate limit a request counts against.
    pub fn bucket(&self) -> Bucket {
        self.bucket.unwrap_or_else(|| self.dialect.bucket())
    }

    /// Bytes that its body may have; asked for once there is one, since it follows from the schema.
    pub fn body_limit(&self) -> fn() -> usize {
        let own = self.operation.body_limit.unwrap_or(|| body::SMALL);
        self.dialect.body_limit().unwrap_or(own)
    }
}

/// Failures of any write: of its body or `Idempotency-Key`, and of a full disk.
const WRITE: [ErrorCode; 4] =
    [ErrorCode::Invalid, ErrorCode::TooLarge, ErrorCode::Conflict, ErrorCode::StorageFull];
