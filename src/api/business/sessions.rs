//! Which session a request of the business API means.

use crate::{
    api::{
        gate::near_session,
        kit::{Call, OwnSessions},
    },
    domain::{Error, SessionId, SessionState, SessionStatus, Subject},
    services::Services,
    session::not_found,
};

/// A session by its name; one that the caller may not see does not exist.
pub fn named<S>(call: &Call<S, OwnSessions>, name: &str) -> Result<SessionStatus, Error> {
    let near = |error| near_session::near(call, &call.principal(), error, name);
    let unknown = || Error::not_found(Subject::Session, "there is no such session");
    let id = name.parse().map_err(|_| near(unknown()))?;
    if call.own_session().is_some_and(|own| own != id) {
        return Err(near(not_found(&id)));
    }
    Ok(call.supervisor.get(&id).map_err(near)?.status())
}

/// The sessions that the caller sees, the one that is meant without a name first: that of the key, the primary one, the
/// oldest that is ready, the oldest.
pub fn in_order<S>(call: &Call<S, OwnSessions>) -> Vec<SessionStatus> {
    ordered(call, call.own_session())
}

/// The same for a caller who sees one session alone, or all.
pub fn ordered(services: &Services, own: Option<SessionId>) -> Vec<SessionStatus> {
    let settings = services.settings.now();
    let primary = &settings.business.primary_session;
    let mut all = services.supervisor.list();
    all.retain(|status| own.as_ref().is_none_or(|own| *own == status.id));
    all.sort_by_key(|status| {
        let is_primary = status.id.as_str() == primary.as_str();
        (!is_primary, status.state != SessionState::Ready, status.number)
    });
    all
}

/// The sessions whose conversations a caller sees.
pub fn ids<S>(call: &Call<S, OwnSessions>) -> Vec<SessionId> {
    let mut ids: Vec<SessionId> = in_order(call).into_iter().map(|status| status.id).collect();
    if call.own_session().is_none() {
        ids.extend(call.sms.session().ok().cloned());
    }
    ids
}
