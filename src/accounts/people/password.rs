//! Hashes of passwords: Argon2id with 19 MiB, two passes and one lane. Two are made at once, on threads of the lowest
//! priority, so that many sign-ins take neither the memory nor the processors from other requests.

use std::{sync::Arc, thread, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::phc::PasswordHash,
};
#[cfg(target_os = "linux")]
use rustix::{process::setpriority_process, thread::gettid};
use tokio::{
    sync::{Semaphore, oneshot},
    time::timeout,
};

use crate::domain::{Error, ErrorCode};

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const AT_ONCE: usize = 2;
#[cfg(target_os = "linux")]
const LOWEST_PRIORITY: i32 = 19;
/// How long somebody waits for their turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// The hash of no password, in place of that of somebody whom nobody knows: the answer takes as long.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Makes and compares hashes. Clones share their turns.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Passwords {
    /// As a PHC string, with a salt of its own.
    pub async fn hash(&self, password: &str) -> Result<String, Error> {
        let password = password.to_owned();
        let hashed = self.in_turn(move || {
            let hash = hasher()?.hash_password(password.as_bytes());
            hash.map(|hash| hash.to_string()).map_err(|error| failed(&error.to_string()))
        });
        hashed.await
    }

    /// Whether a password has this hash. Without a hash it takes as long, and has not.
    pub async fn is_right(&self, password: &str, hash: Option<&str>) -> Result<bool, Error> {
        let (password, is_known) = (password.to_owned(), hash.is_some());
        let hash = hash.unwrap_or(NOBODYS).to_owned();
        let compared = self.in_turn(move || {
            let hash = PasswordHash::new(&hash).map_err(|error| failed(&error.to_string()))?;
            Ok(hasher()?.verify_password(password.as_bytes(), &hash).is_ok())
        });
        Ok(compared.await? && is_known)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let turn = timeout(PATIENCE, self.turns.clone().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            let message = "Too many people sign in at the moment. Try again in a while";
            return Err(Error::new(ErrorCode::Unavailable, message));
        };
        let (answer, done) = oneshot::channel();
        // A thread of its own: what lowers its priority cannot raise it again.
        let thread = thread::Builder::new().name("password".to_owned()).spawn(move || {
            let _turn = turn;
            yield_to_others();
            // Nobody waits for it any more where this fails.
            let _ = answer.send(work());
        });
        thread.map_err(|error| failed(&error.to_string()))?;
        done.await.unwrap_or_else(|_| Err(failed("the work was cut off")))
    }
}

/// Gives the calling thread the lowest priority: a hash keeps a processor busy for a long time, and other requests are
/// not to wait for it.
#[cfg(target_os = "linux")]
fn yield_to_others() {
    // Linux gives each thread a priority of its own, by its id. Without it the work is done all the same.
    let _ = setpriority_process(Some(gettid()), LOWEST_PRIORITY);
}

#[cfg(not(target_os = "linux"))]
fn yield_to_others() {}

fn hasher() -> Result<Argon2<'static>, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None);
    let params = params.map_err(|error| failed(&error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn failed(reason: &str) -> Error {
    Error::internal(format!("a password cannot be hashed: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_knows_its_password_alone_and_no_two_are_the_same() {
        let passwords = Passwords::default();
        let hash = passwords.hash("abcdefg1").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(passwords.hash("abcdefg1").await.unwrap(), hash);
        assert!(passwords.is_right("abcdefg1", Some(&hash)).await.unwrap());
        assert!(!passwords.is_right("abcdefg2", Some(&hash)).await.unwrap());
        assert!(!passwords.is_right("abcdefg1", None).await.unwrap());
    }
}
