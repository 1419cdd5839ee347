//! Connection pool by receiving host: one client with its connections for each, and a limit of attempts in flight.
//!
//! A client connects only to the addresses that were checked. Each attempt looks the host's name up and checks it;
//! when the addresses change, the client is replaced. The pool knows nothing of what is sent.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::{Position, Url};

use crate::egress::{Client, Guard, Target};

/// A host that was idle for this long is dropped, with its connections.
const IDLE: Duration = Duration::from_secs(300);
/// From this many hosts on, idle ones are dropped.
const MANY: usize = 64;

/// All hosts that were used lately.
pub struct HostPool {
    known: Mutex<HashMap<String, Host>>,
    limit: usize,
}

struct Host {
    client: Client,
    addresses: HashSet<SocketAddr>,
    permits: Arc<Semaphore>,
    used: Instant,
}

/// Permission for one attempt at a host; given back when it is dropped.
pub struct HostPermit {
    pub client: Client,
    pub url: Url,
    /// Whether all addresses of the host are public.
    pub is_public: bool,
    _permit: OwnedSemaphorePermit,
}

impl HostPool {
    pub fn new(limit: usize) -> Self {
        Self { known: Mutex::new(HashMap::new()), limit: limit.max(1) }
    }

    /// Looks a URL's host up, checks it, and waits for a permit. An error says why the URL may not be reached.
    pub async fn acquire(&self, url: &str, guard: &Guard) -> Result<HostPermit, String> {
        let target = guard.resolve(url).await.map_err(|error| error.message)?;
        let (client, permits) = self.host(&target)?;
        let permit = permits.acquire_owned().await;
        let permit = permit.map_err(|_| "the gateway is stopping".to_owned())?;
        Ok(HostPermit { client, url: target.url, is_public: target.is_public, _permit: permit })
    }

    fn host(&self, target: &Target) -> Result<(Client, Arc<Semaphore>), String> {
        let name = &target.url[..Position::BeforePath];
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if MANY <= known.len() {
            // A host with all its permits has no attempt in flight and none that waits.
            known.retain(|_, host| {
                host.permits.available_permits() < self.limit || host.used.elapsed() < IDLE
            });
        }
        let found = known.get_mut(name);
        let permits = match found {
            Some(host) if host.leads_to(&target.addresses) => {
                host.used = Instant::now();
                return Ok((host.client.clone(), host.permits.clone()));
            }
            Some(host) => host.permits.clone(),
            None => Arc::new(Semaphore::new(self.limit)),
        };
        let client = Client::to(target)
            .map_err(|error| format!("the HTTP client could not be created: {error}"))?;
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
    async fn a_host_takes_so_many_limit_and_others_go_on() {
        let (host_pool, guard) = (HostPool::new(2), guard());
        let url = "http://127.0.0.1:1/a";
        let first = host_pool.acquire(url, &guard).await.unwrap();
        let _second = host_pool.acquire("http://127.0.0.1:1/b", &guard).await.unwrap();
        let third = tokio::time::timeout(Duration::from_millis(50), host_pool.acquire(url, &guard));
        assert!(third.await.is_err());
        let other = host_pool.acquire("http://127.0.0.1:2/", &guard).await;
        assert!(other.is_ok());
        let mut fourth = Box::pin(host_pool.acquire(url, &guard));
        assert!(fourth.as_mut().now_or_never().is_none());
        drop(first);
        fourth.await.unwrap();
    }

    #[tokio::test]
    async fn a_name_that_leads_elsewhere_gets_a_new_client() {
        let host_pool = HostPool::new(2);
        let mut target = guard().resolve("http://127.0.0.1:1/").await.unwrap();
        let (_, permits) = host_pool.host(&target).unwrap();
        target.addresses = vec!["127.0.0.2:1".parse().unwrap()];
        let (_, same) = host_pool.host(&target).unwrap();
        assert!(Arc::ptr_eq(&permits, &same));
        let known = host_pool.known.lock().unwrap();
        assert_eq!(known.len(), 1);
        assert!(known.values().all(|host| host.addresses.contains(&target.addresses[0])));
    }
}
