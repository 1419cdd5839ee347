//! Calls that outlive a request: leases of streams, and tickets that open them. They end with the key or the sign-in of
//! their caller.

use crate::{
    accounts::{
        key_records::KeyRecords,
        keys::{ApiKeys, is_good, owner_of, refused},
        leases::Lease,
        people::{Login, User},
        principal::{Principal, Who},
    },
    domain::{Error, ErrorCode, Timestamp},
};

impl ApiKeys {
    /// A lease for a stream that outlives its request, until the caller's key or sign-in ends. Refused when it has
    /// ended already, or when its owner may do something else by now.
    pub async fn lease(&self, caller: &Principal) -> Result<Lease, Error> {
        match caller.who {
            Who::Nobody | Who::Local => Ok(Lease::endless(self.clock.clone())),
            Who::Key { id, owner } => {
                // Taken before the record is read: a revocation in between is seen one way or the other.
                let lease = self.leases.take(id, self.clock.clone());
                let record = KeyRecords::of(&self.store).get(id).await?.ok_or_else(refused)?;
                let is_same = owner_of(&self.store, &record).await? == owner;
                if !is_good(&record, self.clock.now()) || !is_same {
                    return Err(refused());
                }
                Ok(lease.until(record.expires_at))
            }
            Who::User { id, login, role } => {
                let ended = || Error::new(ErrorCode::Unauthenticated, "The sign-in has ended");
                let lease = self.leases.take(login, self.clock.clone());
                let login = self.store.get(&Login::at(login)).await?.ok_or_else(ended)?;
                let user = self.store.get(&User::at(id)).await?.ok_or_else(ended)?;
                let is_same = login.user == id && user.role == role && !user.is_disabled;
                if !is_same || login.expires_at <= self.clock.now() {
                    return Err(ended());
                }
                Ok(lease.until(Some(login.expires_at)))
            }
        }
    }

    /// A ticket that opens one stream for this caller, and when it ends.
    pub fn issue_ticket(&self, caller: &Principal) -> Result<(String, Timestamp), Error> {
        self.tickets.issue(caller, &self.clock)
    }

    /// The caller of a ticket, which is used up. Refused after the end of what its caller called with.
    pub async fn redeem_ticket(&self, text: &str) -> Result<Principal, Error> {
        let refused = || {
            let message = "The stream ticket is unknown, used or older than a minute";
            Error::new(ErrorCode::Unauthenticated, message)
        };
        let caller = self.tickets.redeem(text, &self.clock).ok_or_else(refused)?;
        self.lease(&caller).await?;
        Ok(caller)
    }
}
