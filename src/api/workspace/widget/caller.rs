//! Who calls for a widget: the bot of the public token in the path, and the visitor of the token in `X-Visitor-Token`.
//!
//! Both are arguments of handlers. All that may be wrong with them is found before the handler runs: an unknown bot, a page
//! of an origin that may not, a bot that is not active, a visitor's token that is not good, too many requests.

use std::marker::PhantomData;

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{HeaderMap, ORIGIN},
    web,
};
use futures_util::future::LocalBoxFuture;

use crate::{
    api::{
        error::ApiError,
        gate::{
            auth::client_of,
            caller::{address::Network, page, policy::Policy},
            limits::Counted,
            own_limit,
        },
        kit::{Bucket, DescribeArg, HeaderField, Operation, Segment},
        texts::{decoded, segment},
    },
    bots::Bot,
    domain::{Error, ErrorCode, Subject},
    services::Services,
    widget::{Visit, Widgets, allows},
};

const TOKEN: &str = "token";
const VISITOR: &str = "x-visitor-token";

/// How often somebody may, as a type.
pub trait Pace: 'static {
    const BUCKET: Bucket;
}

/// What a bot answers, or what makes a conversation.
pub enum Talks {}

/// Everything else.
pub enum Looks {}

impl Pace for Talks {
    const BUCKET: Bucket = Bucket::Assistant;
}

impl Pace for Looks {
    const BUCKET: Bucket = Bucket::Workspace;
}

/// The bot of the public token, for a page that may show its widget. Requests count by address.
pub struct PublicBot<P> {
    pub bot: Bot,
    pace: PhantomData<P>,
}

/// A visitor of the bot. Requests count by visitor and by address.
pub struct Visitor<P> {
    /// The public token.
    pub token: String,
    pub bot: Bot,
    pub visit: Visit,
    pace: PhantomData<P>,
}

impl<P> Visitor<P> {
    /// Refuses a conversation that is not the visitor's: to the visitor it does not exist.
    pub fn check_session(&self, given: Option<&str>) -> Result<(), Error> {
        let own = self.visit.conversation();
        match given.map(str::trim).filter(|given| !given.is_empty()) {
            Some(given) if given.parse() != Ok(own) => Err(unknown_session()),
            _ => Ok(()),
        }
    }
}

pub fn unknown_session() -> Error {
    Error::not_found(Subject::Chat, "there is no such session")
}

impl<P: Pace> FromRequest for PublicBot<P> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let bot = bot_of(&request, &decoded(segment(&request, TOKEN))).await?;
            own_limit::count(&request, P::BUCKET, address(&request))?;
            Ok(Self { bot, pace: PhantomData })
        })
    }
}

impl<P: Pace> FromRequest for Visitor<P> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let token = decoded(segment(&request, TOKEN));
            let bot = bot_of(&request, &token).await?;
            let given = request.headers().get(VISITOR).and_then(|value| value.to_str().ok());
            let visit = services(&request)?.widgets.visit(&bot, given.unwrap_or_default())?;
            own_limit::count(&request, P::BUCKET, Counted::Caller(visit.conversation()))?;
            own_limit::count(&request, P::BUCKET, address(&request))?;
            Ok(Self { token, bot, visit, pace: PhantomData })
        })
    }
}

/// The bot of a public token, where the request is of a page that may show its widget.
async fn bot_of(request: &HttpRequest, token: &str) -> Result<Bot, Error> {
    let bot = services(request)?.widgets.bot(token).await?;
    if !may_be_shown(request, &bot) {
        let message = "Pages of this origin may not show the widget of this bot";
        return Err(Error::new(ErrorCode::Forbidden, message));
    }
    Widgets::check_open(&bot)?;
    Ok(bot)
}

fn may_be_shown(request: &HttpRequest, bot: &Bot) -> bool {
    let policy = request.app_data::<web::Data<Policy>>();
    let is_known = policy.is_some_and(|policy| page::is_from_known_page(policy, request.headers()));
    is_known || origin(request.headers()).is_some_and(|from| allows(&bot.web.allowed_origins, from))
}

/// The origin of a request that names exactly one.
fn origin(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(ORIGIN);
    given.next().filter(|_| given.next().is_none())?.to_str().ok()
}

fn services(request: &HttpRequest) -> Result<&web::Data<Services>, Error> {
    let services = request.app_data::<web::Data<Services>>();
    services.ok_or_else(|| Error::internal("the server is not set up"))
}

fn address(request: &HttpRequest) -> Counted {
    Counted::Address(Network::of(client_of(request)))
}

impl<P: Pace> DescribeArg for PublicBot<P> {
    // What is wrong with a body is said before anything is looked up.
    const IS_LAST: bool = true;

    fn describe(operation: &mut Operation) {
        let about = "The public token of the bot";
        let example = "pk_0123456789abcdefghijkl";
        operation.segments.push(Segment { name: TOKEN, about, example });
        operation.may_fail(&[ErrorCode::NotFound, ErrorCode::Forbidden]);
    }
}

impl<P: Pace> DescribeArg for Visitor<P> {
    // What is wrong with a body is said before anything is looked up.
    const IS_LAST: bool = true;

    fn describe(operation: &mut Operation) {
        PublicBot::<P>::describe(operation);
        operation.headers.push(HeaderField {
            name: "X-Visitor-Token",
            about: "The visitor's token, as the beginning of the session gave it",
            example: "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl",
            is_required: true,
        });
        operation.may_fail(&[ErrorCode::Unauthenticated]);
    }
}
