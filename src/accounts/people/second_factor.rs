//! Second factors: a generator of codes, and recovery codes for the day on which it is lost.

use data_encoding::BASE32_NOPAD;
use uuid::Uuid;

use crate::{
    accounts::people::{
        attempts::Attempts,
        password::Passwords,
        secret::AccountKey,
        totp,
        user::{self, SecondFactor, User},
    },
    domain::{Clock, Error, ErrorCode},
    store::Store,
};

const RECOVERY_CODES: usize = 10;

/// What a generator is set up with.
pub struct TotpSetup {
    /// In base32.
    pub secret: String,
    /// What a QR code of it says.
    pub address: String,
}

/// Second factors of people. Clones are the same.
#[derive(Clone)]
pub struct SecondFactors {
    pub(in crate::accounts::people) store: Store,
    pub(in crate::accounts::people) clock: Clock,
    pub(in crate::accounts::people) key: AccountKey,
    pub(in crate::accounts::people) passwords: Passwords,
    /// Failures at the password.
    pub(in crate::accounts::people) failures: Attempts,
}

impl SecondFactors {
    /// A new generator for somebody, asked of nobody until a code of it was shown.
    pub async fn set_up(&self, user: Uuid) -> Result<TotpSetup, Error> {
        let secret: [u8; 20] = rand::random();
        let set_up = |user: &mut User| {
            if user.totp().is_some() {
                return Err(enabled());
            }
            let factor =
                SecondFactor { secret, is_confirmed: false, last_step: None, recovery: Vec::new() };
            user.second_factor = Some(factor);
            Ok(())
        };
        let user = user::change(&self.store, user, set_up).await?;
        let address = totp::address(&secret, &user.email);
        Ok(TotpSetup { secret: totp::in_base32(&secret), address })
    }

    /// Asks for codes from now on, after the first one was shown. The recovery codes, which are shown this once.
    pub async fn enable(&self, user: Uuid, code: &str) -> Result<Vec<String>, Error> {
        let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
        let hashes: Vec<[u8; 32]> =
            codes.iter().map(|code| self.recovery_hash(user, code)).collect();
        let seconds = self.seconds();
        let enable = |known: &mut User| {
            let Some(factor) = known.second_factor.as_mut() else {
                let message = "Two-factor authentication is not set up. Begin with its setup";
                return Err(Error::invalid(message));
            };
            if factor.is_confirmed {
                return Err(enabled());
            }
            let step = totp::step_of(&factor.secret, code.trim(), seconds, None);
            let step = step.ok_or_else(|| Error::invalid("Invalid two-factor code"))?;
            factor.is_confirmed = true;
            factor.last_step = Some(step);
            factor.recovery.clone_from(&hashes);
            Ok(())
        };
        user::change(&self.store, user, enable).await?;
        tracing::info!(%user, "user {user} enabled two-factor authentication");
        Ok(codes)
    }

    /// Asks for codes no more. Needs the password and a code.
    pub async fn disable(&self, id: Uuid, password: &str, code: &str) -> Result<(), Error> {
        let user = user::known(&self.store, id).await?;
        if user.totp().is_none() {
            let message = "Two-factor authentication is not enabled";
            return Err(Error::new(ErrorCode::Conflict, message));
        }
        self.failures.begin(&user.email, &self.clock)?;
        let wrong = || Error::invalid("Invalid password or two-factor code");
        if !self.passwords.is_right(password, Some(&user.password)).await?
            || !self.spend(id, code).await?
        {
            return Err(wrong());
        }
        self.failures.succeeded(&user.email);
        self.remove(id).await?;
        tracing::info!(user = %id, "user {id} disabled two-factor authentication");
        Ok(())
    }

    pub(in crate::accounts::people) async fn remove(&self, user: Uuid) -> Result<(), Error> {
        let drop = |known: &mut User| {
            known.second_factor = None;
            Ok(())
        };
        user::change(&self.store, user, drop).await.map(|_| ())
    }

    /// Whether a code is one of the generator's or a recovery code. A right one is used up.
    pub(in crate::accounts::people) async fn spend(
        &self,
        user: Uuid,
        code: &str,
    ) -> Result<bool, Error> {
        let (seconds, code) = (self.seconds(), code.trim());
        let recovery = self.recovery_hash(user, code);
        let mut is_right = false;
        let spend = |known: &mut User| {
            is_right = false;
            let factor = known.second_factor.as_mut().filter(|factor| factor.is_confirmed);
            let Some(factor) = factor else { return Ok(()) };
            if let Some(step) = totp::step_of(&factor.secret, code, seconds, factor.last_step) {
                (factor.last_step, is_right) = (Some(step), true);
            } else if let Some(place) = factor.recovery.iter().position(|one| *one == recovery) {
                factor.recovery.remove(place);
                is_right = true;
            }
            Ok(())
        };
        user::change(&self.store, user, spend).await?;
        Ok(is_right)
    }

    fn recovery_hash(&self, user: Uuid, code: &str) -> [u8; 32] {
        let plain: String =
            code.chars().filter(|ch| ch.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        self.key.mac("recovery code", &[user.as_bytes(), plain.as_bytes()])
    }

    fn seconds(&self) -> u64 {
        self.clock.now().as_second().unsigned_abs()
    }
}

/// 40 bits as `xxxx-xxxx`.
fn recovery_code() -> String {
    let random: [u8; 5] = rand::random();
    let mut code = BASE32_NOPAD.encode(&random).to_lowercase();
    code.insert(4, '-');
    code
}

fn enabled() -> Error {
    Error::new(ErrorCode::Conflict, "Two-factor authentication is already enabled")
}
