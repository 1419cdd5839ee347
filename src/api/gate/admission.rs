//! Admission: credential, scope, session, and only then the rate limits of those who may call.
//!
//! A refused request counts against its address alone, so that nobody uses up what belongs to a session or
//! a caller. A caller who may call passes, however often others were refused.

use actix_web::{dev::ServiceRequest, web};

use crate::{
    accounts::{Principal, Who},
    api::{
        gate::{
            auth::{self, By, Known, Unknown, Why},
            caller::{
                address::{self, Network},
                owner_socket,
                policy::Policy,
            },
            limits::{Counted, RateLimits, Standing},
            near_session,
            over_limit::too_many,
            rule::Rule,
        },
        kit::{
            describe::Reach,
            terms::{Bucket, Repeat, Scope},
        },
        texts::decoded,
    },
    domain::{Error, ErrorCode, SessionId, Subject},
    services::Services,
};

/// With this header the dashboard marks its requests. Others who do get a second budget, and no more.
const DASHBOARD: &str = "x-wagate-dashboard";
/// Characters of an unknown session's name that are shown.
const SHOWN: usize = 64;

/// A request that may go on to its handler.
pub struct Admitted {
    pub principal: Principal,
    pub repeat: Repeat,
    pub standing: Option<Standing>,
    /// The permits that are released where the handler refuses the request.
    pub provisional: Option<Provisional>,
}

/// A request that counts against a limit only if it is not refused.
pub struct Provisional {
    bucket: Bucket,
    who: Counted,
    network: Network,
}

impl Provisional {
    /// Takes a refused request back, and counts it against its address like others that are refused. Too many of these
    /// stay counted.
    pub fn refused(self, limits: &RateLimits, standing: Standing) -> Standing {
        if limits.refuse(self.network).is_err() {
            return standing;
        }
        limits.give_back(self.bucket, &self.who);
        let remaining = standing.remaining.saturating_add(1).min(standing.limit);
        Standing { remaining, ..standing }
    }
}

/// A request that may not.
pub struct Refused {
    pub error: Error,
    pub standing: Option<Standing>,
    /// Ways to sign in that may help.
    pub challenges: &'static [&'static str],
}

/// What admission is decided by.
struct Desk<'a> {
    services: &'a Services,
    limits: &'a RateLimits,
    policy: &'a Policy,
    network: Network,
}

/// Whether the request may go on, and how it stands with its rate limit.
pub async fn admit(request: &ServiceRequest, rule: Option<Rule>) -> Result<Admitted, Box<Refused>> {
    let desk = Desk::of(request).ok_or_else(|| {
        let error = Error::internal("the server is not set up");
        Box::new(Refused { error, standing: None, challenges: &[] })
    })?;
    match rule {
        Some(rule) if rule.scope == Scope::Guest => desk.admit_guest(request, rule).await,
        Some(rule) if rule.scope != Scope::Public => desk.admit_caller(request, rule).await,
        _ => desk.admit_anybody(request).await,
    }
}

impl<'a> Desk<'a> {
    fn of(request: &'a ServiceRequest) -> Option<Self> {
        let policy = request.app_data::<web::Data<Policy>>()?;
        // A connection whose other end is not known any more counts with all others like it.
        let peer = request.peer_addr().map_or([0, 0, 0, 0].into(), |peer| peer.ip());
        let client = address::client(peer, request.headers(), &policy.trusted_proxies);
        Some(Self {
            services: request.app_data::<web::Data<Services>>()?,
            limits: request.app_data::<web::Data<RateLimits>>()?,
            policy,
            network: Network::of(client),
        })
    }

    /// A route for everybody, or none: a flood from one address is held up, but never a caller who may
    /// call.
    async fn admit_anybody(&self, request: &ServiceRequest) -> Result<Admitted, Box<Refused>> {
        if let Err(standing) = self.limits.visit(self.network)
            && auth::identify(request, self.services, self.policy, None).await.is_err()
        {
            return Err(over_limit("public", standing));
        }
        Ok(Admitted {
            principal: Principal::nobody(),
            repeat: Repeat::Unkeyed,
            standing: None,
            provisional: None,
        })
    }

    /// A route for everybody that wants to know who calls. Without a credential that is nobody, or the owner of the
    /// gateway.
    async fn admit_guest(
        &self,
        request: &ServiceRequest,
        rule: Rule,
    ) -> Result<Admitted, Box<Refused>> {
        let guesses = Some((self.limits, self.network));
        let principal = match auth::identify(request, self.services, self.policy, guesses).await {
            Ok(Known { by: By::Nothing, .. }) if !auth::is_owner(request, self.policy).await => {
                Principal::nobody()
            }
            Ok(known) => known.principal,
            Err(Unknown { error, why: Why::Missing | Why::Page })
                if error.code == ErrorCode::Unauthenticated =>
            {
                Principal::nobody()
            }
            Err(unknown) => return Err(self.turn_away(unknown)),
        };
        let standing = self.limits.count(rule.bucket, Counted::Address(self.network));
        if let Some(over) = standing.filter(|standing| standing.retry_after.is_some()) {
            return Err(over_limit(rule.bucket.name(), over));
        }
        Ok(Admitted { principal, repeat: Repeat::Unkeyed, standing, provisional: None })
    }

    async fn admit_caller(
        &self,
        request: &ServiceRequest,
        rule: Rule,
    ) -> Result<Admitted, Box<Refused>> {
        let session = path_session(request);
        let guesses = Some((self.limits, self.network));
        let known = auth::identify(request, self.services, self.policy, guesses).await;
        let Known { principal, by } = known.map_err(|unknown| self.turn_away(unknown))?;
        let is_let_in = by == By::Nothing && !owner_socket::is_owner(request);
        if is_let_in && rule.dialect.needs_credential() {
            let message = "This API needs a key: Authorization: Bearer <key>";
            let error = Error::new(ErrorCode::Unauthenticated, message);
            return Err(self.turn_away(Unknown { error, why: Why::Missing }));
        }
        let is_read = request.method().is_safe();
        reaches(&principal, rule, is_read, session.as_deref())
            .map_err(|(error, why)| self.refuse(error, why, &[]))?;
        let (bucket, who) = self.counted(request, rule.bucket, session, &principal, by);
        let standing = self.limits.count(bucket, who.clone());
        if let Some(over) = standing.filter(|standing| standing.retry_after.is_some()) {
            return Err(over_limit(bucket.name(), over));
        }
        let provisional = (bucket == Bucket::Creation).then_some(Provisional {
            bucket,
            who,
            network: self.network,
        });
        Ok(Admitted { principal, repeat: rule.repeat, standing, provisional })
    }

    /// What an admitted request counts against. Sends count by a session that there is.
    fn counted(
        &self,
        request: &ServiceRequest,
        bucket: Bucket,
        session: Option<String>,
        principal: &Principal,
        by: By,
    ) -> (Bucket, Counted) {
        let is_dashboard = request.headers().contains_key(DASHBOARD);
        if bucket == Bucket::SignIn || bucket == Bucket::Business && !is_dashboard {
            return (bucket, Counted::Address(self.network));
        }
        let session = session.and_then(|text| text.parse::<SessionId>().ok());
        let exists = |id: &SessionId| self.services.supervisor.get(id).is_ok();
        if bucket == Bucket::Messaging
            && let Some(id) = session.filter(exists)
        {
            return (bucket, Counted::Session(id));
        }
        let who = match (principal.id(), by) {
            (Some(id), _) => Counted::Caller(id),
            (None, By::User) => Counted::User(self.network),
            (None, _) => Counted::Keyless(self.network),
        };
        let bucket = match bucket {
            Bucket::General | Bucket::Chat | Bucket::Business | Bucket::Workspace
                if is_dashboard =>
            {
                Bucket::Dashboard
            }
            Bucket::Messaging => Bucket::General,
            other => other,
        };
        (bucket, who)
    }

    fn turn_away(&self, unknown: Unknown) -> Box<Refused> {
        let Unknown { error, why } = unknown;
        match why {
            Why::TooManyGuesses(standing) => {
                self.note_failed_sign_in();
                over_limit("refused", standing)
            }
            Why::Wrong => {
                self.note_failed_sign_in();
                self.refuse(error, "credential", self.challenges())
            }
            Why::Missing => self.refuse(error, "no_credential", self.challenges()),
            // A dialog would ask the person for a password on behalf of a foreign page.
            Why::Page => self.refuse(error, "page", &["Bearer"]),
        }
    }

    fn challenges(&self) -> &'static [&'static str] {
        if self.policy.has_basic_user { &["Bearer", "Basic realm=\"wagate\""] } else { &["Bearer"] }
    }

    fn refuse(
        &self,
        error: Error,
        why: &'static str,
        challenges: &'static [&'static str],
    ) -> Box<Refused> {
        metrics::counter!("wagate_requests_refused_total", "why" => why).increment(1);
        match self.limits.refuse(self.network) {
            Ok(()) => Box::new(Refused { error, standing: None, challenges }),
            Err(standing) => over_limit("refused", standing),
        }
    }

    fn note_failed_sign_in(&self) {
        metrics::counter!("wagate_sign_ins_failed_total").increment(1);
        if self.limits.may_log() {
            let address = self.network;
            tracing::warn!(%address, "a sign-in from {address} failed: the credential is not valid");
        }
    }
}

fn over_limit(bucket: &'static str, standing: Standing) -> Box<Refused> {
    metrics::counter!("wagate_requests_refused_total", "why" => "limit").increment(1);
    let error = too_many(bucket, standing.limit, standing.retry_after.unwrap_or_default());
    Box::new(Refused { error, standing: Some(standing), challenges: &[] })
}

/// The session that the path names.
fn path_session(request: &ServiceRequest) -> Option<String> {
    request.match_info().get("sessionId").map(decoded)
}

/// Whether a caller may use a route, and the session in its path.
fn reaches(
    principal: &Principal,
    rule: Rule,
    is_read: bool,
    session: Option<&str>,
) -> Result<(), (Error, &'static str)> {
    let forbidden = |message: String| (Error::new(ErrorCode::Forbidden, message), "scope");
    if rule.scope == Scope::Person {
        // What concerns a person alone, whatever their role.
        let message = "This needs a person: sign in, or use a key of somebody's";
        return principal.person().map(|_| ()).ok_or_else(|| forbidden(message.to_owned()));
    }
    let scope = rule.scope.name();
    if !principal.may(scope) {
        return Err(forbidden(match principal.who {
            Who::User { role, .. } => format!("The role {role} lacks the scope '{scope}'"),
            Who::Nobody | Who::Local | Who::Key { .. } => {
                format!("This key lacks the scope '{scope}'")
            }
        }));
    }
    if !is_read && principal.only_reads() {
        return Err(forbidden("The role VIEWER may read alone".to_owned()));
    }
    match (&principal.session, session) {
        (Some(own), Some(asked)) if own.as_str() != asked => {
            // To this caller other sessions do not exist.
            let shown: String = asked.chars().take(SHOWN).collect();
            let message = format!("Session with ID '{shown}' not found");
            let error = Error::not_found(Subject::Session, message);
            Err((near_session::named(error, asked, [own.as_str()].into_iter()), "session"))
        }
        (Some(_), None) if rule.reach != Reach::OwnSessions => Err(forbidden(
            "This key is for one session: it does not reach the gateway itself".to_owned(),
        )),
        _ => Ok(()),
    }
}
