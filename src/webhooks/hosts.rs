//! The hosts that receive: a client with its kept connections for each, and how many attempts may
//! be under way at one of them. Knows nothing of what is sent.
//!
//! A client is tied to the addresses that its host's name led to. The name is looked up and checked
//! for each attempt; when it leads elsewhere, the client is made anew.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::{Position, Url};

use crate::egress::{Client, Guard, Target};

/// A host that nothing was sent to for so long is forgotten, with its connections.
const IDLE: Duration = Duration::from_secs(300);
/// Beyond so many, idle hosts are looked for.
const MANY: usize = 64;

/// All hosts.
pub struct Hosts {
    known: Mutex<HashMap<String, Host>>,
    at_once: usize,
}

struct Host {
    client: Client,
    addresses: HashSet<SocketAddr>,
    permits: Arc<Semaphore>,
    used: Instant,
}

/// The leave to send to a host; over when it is dropped.
pub struct Leave {
    pub client: Client,
    pub url: Url,
    /// Whether all addresses of the host are public.
    pub is_public: bool,
    _permit: OwnedSemaphorePermit,
}

impl Hosts {
    pub fn new(at_once: usize) -> Self {
        Self { known: Mutex::new(HashMap::new()), at_once: at_once.max(1) }
    }

    /// Looks a URL's host up and waits until it may be sent to. Why it may not, in words.
    pub async fn enter(&self, url: &str, guard: &Guard) -> Result<Leave, String> {
        let target = guard.resolve(url).await.map_err(|error| error.message)?;
        let (client, permits) = self.host(&target)?;
        let permit = permits.acquire_owned().await;
        let permit = permit.map_err(|_| "the gateway is stopping".to_owned())?;
        Ok(Leave { client, url: target.url, is_public: target.is_public, _permit: permit })
    }

    fn host(&self, target: &Target) -> Result<(Client, Arc<Semaphore>), String> {
        let name = &target.url[..Position::BeforePath];
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if MANY <= known.len() {
            // A host whose permits are all there is one that nothing waits for.
            known.retain(|_, host| {
                host.permits.available_permits() < self.at_once || host.used.elapsed() < IDLE
            });
        }
        let found = known.get_mut(name);
        let permits = match found {
            Some(host) if host.leads_to(&target.addresses) => {
                host.used = Instant::now();
                return Ok((host.client.clone(), host.permits.clone()));
            }
            Some(host) => host.permits.clone(),
            None => Arc::new(Semaphore::new(self.at_once)),
        };
        let client =
            Client::to(target).map_err(|error| format!("no client could be made: {error}"))?;
        let (used, addresses) = (Instant::now(), target.addresses.iter().copied().collect());
        let host = Host { client: client.clone(), addresses, permits: permits.clone(), used };
        known.insert(name.to_owned(), host);
        Ok((client, permits))
    }
}

impl Host {
    /// In whatever order, and however often one is named.
    fn leads_to(&self, addresses: &[SocketAddr]) -> bool {
        addresses.iter().all(|address| self.addresses.contains(address))
            && self.addresses.iter().all(|address| addresses.contains(address))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::egress::{OwnPorts, Private};

    fn guard() -> Guard {
        Guard::for_webhooks(OwnPorts::default(), Private::Yes, &[])
    }

    #[tokio::test]
    async fn a_host_takes_so_many_at_once_and_others_go_on() {
        let (hosts, guard) = (Hosts::new(2), guard());
        let url = "http://127.0.0.1:1/a";
        let first = hosts.enter(url, &guard).await.unwrap();
        let _second = hosts.enter("http://127.0.0.1:1/b", &guard).await.unwrap();
        let third = tokio::time::timeout(Duration::from_millis(50), hosts.enter(url, &guard));
        assert!(third.await.is_err());
        let other = hosts.enter("http://127.0.0.1:2/", &guard).await;
        assert!(other.is_ok());
        let mut fourth = Box::pin(hosts.enter(url, &guard));
        assert!(fourth.as_mut().now_or_never().is_none());
        drop(first);
        fourth.await.unwrap();
    }

    #[tokio::test]
    async fn a_name_that_leads_elsewhere_gets_a_new_client() {
        let hosts = Hosts::new(2);
        let mut target = guard().resolve("http://127.0.0.1:1/").await.unwrap();
        let (_, permits) = hosts.host(&target).unwrap();
        target.addresses = vec!["127.0.0.2:1".parse().unwrap()];
        let (_, same) = hosts.host(&target).unwrap();
        assert!(Arc::ptr_eq(&permits, &same));
        let known = hosts.known.lock().unwrap();
        assert_eq!(known.len(), 1);
        assert!(known.values().all(|host| host.addresses.contains(&target.addresses[0])));
    }
}
