//! How many files and connections this process may have open at once.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Below this a busy gateway may run short: a thousand listeners, and what sessions need.
pub const COMFORTABLE: u64 = 4_096;

/// Raises what is allowed to what may be allowed at most, and says how many that is.
pub fn raise() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        let wanted = Rlimit { current: maximum, maximum };
        if let Err(error) = setrlimit(Resource::Nofile, wanted) {
            tracing::warn!(%error, "the limit of open files could not be raised");
        }
    }
    let allowed = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    tracing::info!(allowed, was = current.unwrap_or(u64::MAX), "open files and connections");
    allowed
}

/// What can be allowed at most.
pub fn most() -> u64 {
    getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX)
}
