//! Call: the caller of a request and the services, with the scope and the sessions in its type.
//!
//! It is the first argument of a handler. Admission checks scope and sessions before the
//! handler runs, by what the type says; without naming both, no handler gets at the services.

use std::{
    future::{Ready, ready},
    marker::PhantomData,
    ops::Deref,
    rc::Rc,
};

use actix_web::{Error as ActixError, FromRequest, HttpRequest, dev::Payload, web};
use futures_util::future::LocalBoxFuture;
use uuid::Uuid;

use crate::{
    accounts::{Principal, Who},
    api::{
        error::ApiError,
        gate::{auth, idempotency},
        kit::{
            describe::{DescribeArg, DescribeArgs, Operation, Reach, Segment},
            terms::Scope,
        },
        texts::{segment, session_id},
    },
    domain::{Error, ErrorCode, SessionId},
    services::Services,
    session::SessionHandle,
};

/// A scope as a type.
pub trait Permission: 'static {
    const SCOPE: Scope;
}

/// Which sessions a call may concern, as a type.
pub trait Sessions: 'static {
    const REACH: Reach;
}

macro_rules! permissions {
    ($($name:ident: $about:literal),*) => {
        $(
            #[doc = $about]
            pub struct $name;

            impl Permission for $name {
                const SCOPE: Scope = Scope::$name;
            }
        )*
    };
}
permissions! {
    Public: "For everybody, without a credential.",
    Guest: "For everybody; who calls is known where a credential is given.",
    Person: "Needs a person who is signed in, or a key of theirs.",
    Read: "Needs the scope `read`.",
    Send: "Needs the scope `send`.",
    Conversations: "Needs the scope `conversations`.",
    Contacts: "Needs the scope `contacts`.",
    Broadcasts: "Needs the scope `broadcasts`.",
    Bots: "Needs the scope `bots`.",
    Mcp: "Needs the scope `mcp`.",
    Admin: "Needs the scope `admin`."
}

macro_rules! sessions {
    ($($name:ident: $about:literal),*) => {
        $(
            #[doc = $about]
            pub struct $name;

            impl Sessions for $name {
                const REACH: Reach = Reach::$name;
            }
        )*
    };
}
sessions! {
    AllSessions: "Concerns all sessions or the gateway itself: a key for one session is refused.",
    OwnSessions: "Concerns the sessions that the caller sees; the handler shows nothing of others.",
    InSession: "Concerns the session that the path names; to a key for another one it does not exist."
}

/// An admitted call. Reads as the services.
pub struct Call<S, R = AllSessions> {
    services: web::Data<Services>,
    request: HttpRequest,
    terms: PhantomData<(S, R)>,
}

impl<S, R> Clone for Call<S, R> {
    fn clone(&self) -> Self {
        Self { services: self.services.clone(), request: self.request.clone(), terms: PhantomData }
    }
}

impl<S, R> Deref for Call<S, R> {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.services
    }
}

impl<S, R> Call<S, R> {
    pub fn principal(&self) -> Rc<Principal> {
        auth::principal(&self.request)
    }

    /// The services for a task that outlives the call.
    pub fn services(&self) -> web::Data<Services> {
        self.services.clone()
    }

    pub fn request(&self) -> &HttpRequest {
        &self.request
    }

    /// The key that a message of this call is to have, where an `Idempotency-Key` chose one.
    pub fn message_key(&self) -> Option<String> {
        idempotency::message_key(&self.request)
    }

    /// The session of the path, which must exist; none where the path names none.
    pub fn path_session(&self) -> Result<Option<SessionHandle>, ApiError> {
        if segment(&self.request, "sessionId").is_empty() {
            return Ok(None);
        }
        Ok(Some(self.services.supervisor.get(&session_id(&self.request)?)?))
    }

    /// Refuses a caller whose key has ended while the call waited.
    pub async fn still_good(&self) -> Result<(), Error> {
        auth::still_good(&self.services, &self.request).await
    }
}

impl<R> Call<Person, R> {
    /// The person who calls, or whose key it is.
    pub fn person(&self) -> Result<Uuid, Error> {
        let nobody = || Error::new(ErrorCode::Forbidden, "This needs a person who is signed in");
        self.principal().person().ok_or_else(nobody)
    }
}

impl<S, R> Call<S, R> {
    /// The person who is signed in and their sign-in: for what concerns the sign-in itself, which no key may change.
    pub fn signed_in(&self) -> Result<(Uuid, Uuid), Error> {
        match self.principal().who {
            Who::User { id, login, .. } => Ok((id, login)),
            Who::Nobody | Who::Local | Who::Key { .. } => {
                let message = "This needs a person who is signed in: an API key is not enough";
                Err(Error::new(ErrorCode::Forbidden, message))
            }
        }
    }
}

impl<S> Call<S, OwnSessions> {
    /// The only session that the caller may touch; none for all.
    pub fn own_session(&self) -> Option<SessionId> {
        self.principal().session.clone()
    }
}

impl<S> Call<S, InSession> {
    pub fn session_id(&self) -> Result<SessionId, ApiError> {
        session_id(&self.request)
    }

    /// The session of the path, which must exist.
    pub fn session(&self) -> Result<SessionHandle, ApiError> {
        Ok(self.services.supervisor.get(&self.session_id()?)?)
    }
}

impl<S: Permission, R: Sessions> FromRequest for Call<S, R> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let call = |services: &web::Data<Services>| Self {
            services: services.clone(),
            request: request.clone(),
            terms: PhantomData,
        };
        let services = request.app_data::<web::Data<Services>>().map(call);
        ready(services.ok_or_else(|| Error::internal("the server is not set up").into()))
    }
}

/// Failures of whatever asks an engine.
pub const ENGINE: [ErrorCode; 5] = [
    ErrorCode::NotReady,
    ErrorCode::Refused,
    ErrorCode::Unsupported,
    ErrorCode::EngineFailed,
    ErrorCode::Timeout,
];

fn describe_call(scope: Scope, reach: Reach, operation: &mut Operation) {
    operation.may_fail(&[ErrorCode::RateLimited, ErrorCode::Internal, ErrorCode::Unavailable]);
    if scope != Scope::Public {
        operation.may_fail(&[ErrorCode::Unauthenticated]);
    }
    if !scope.is_open() {
        operation.may_fail(&[ErrorCode::Forbidden]);
    }
    if reach == Reach::InSession {
        operation.may_fail(&[ErrorCode::NotFound]);
        operation.segments.push(Segment {
            name: "sessionId",
            about: "The name of the session",
            example: "shop",
        });
    }
    // What concerns sessions may come to ask their engines.
    if reach != Reach::AllSessions && !scope.is_open() {
        operation.may_fail(&ENGINE);
    }
}

/// The arguments of a handler, read one after the other.
pub struct InOrder<Args>(pub Args);

macro_rules! describe_arguments {
    ($($arg:ident)*) => {
        impl<S: Permission, R: Sessions, $($arg: DescribeArg),*> DescribeArgs
            for (Call<S, R>, $($arg,)*)
        {
            const ACCESS: (Scope, Reach) = (S::SCOPE, R::REACH);

            fn describe(operation: &mut Operation) {
                describe_call(S::SCOPE, R::REACH, operation);
                $($arg::describe(operation);)*
            }
        }

        impl<S: Permission, R: Sessions, $($arg: DescribeArg + FromRequest + 'static),*> FromRequest
            for InOrder<(Call<S, R>, $($arg,)*)>
        where
            $(<$arg as FromRequest>::Future: 'static,)*
        {
            type Error = ActixError;
            type Future = LocalBoxFuture<'static, Result<Self, ActixError>>;

            #[allow(non_snake_case, reason = "an argument is named as its type")]
            fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
                let call = Call::<S, R>::from_request(request, payload);
                $(let $arg = $arg::from_request(request, payload);)*
                Box::pin(async move {
                    let call = call.await?;
                    $(
                        let $arg: Result<$arg, ActixError> = $arg.await.map_err(Into::into);
                        let $arg = if $arg::IS_LAST { $arg } else { Ok($arg?) };
                    )*
                    Ok(Self((call, $($arg?,)*)))
                })
            }
        }
    };
}
describe_arguments! {}
describe_arguments! { A }
describe_arguments! { A B }
describe_arguments! { A B C }
