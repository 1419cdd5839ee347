//! Base URL: how the gateway is reached, also where the system chose its port.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

/// Where the gateway listens, once it does. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Bound(Arc<OnceLock<SocketAddr>>);

impl Bound {
    /// The first time counts.
    pub fn set(&self, address: SocketAddr) {
        let _ = self.0.set(address);
    }
}

/// How the gateway is reached. Clones are the same.
#[derive(Clone, Debug)]
pub struct BaseUrl {
    /// As it is set; empty for the address at which the gateway listens.
    public: String,
    listen: SocketAddr,
    bound: Bound,
}

impl BaseUrl {
    pub(in crate::config) fn new(public: &str, listen: SocketAddr, bound: &Bound) -> Self {
        let public = public.trim_end_matches('/').to_owned();
        Self { public, listen, bound: bound.clone() }
    }

    /// As it is now, without a slash at the end.
    pub fn get(&self) -> String {
        match self.public.as_str() {
            "" => format!("http://{}", self.bound.0.get().unwrap_or(&self.listen)),
            public => public.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_the_system_chose_is_named_once_it_is_known() {
        let (bound, listen) = (Bound::default(), "127.0.0.1:0".parse().unwrap());
        let url = BaseUrl::new("", listen, &bound);
        let public = BaseUrl::new("https://gateway.example.com/", listen, &bound);
        bound.set("127.0.0.1:4711".parse().unwrap());
        assert_eq!(url.get(), "http://127.0.0.1:4711");
        assert_eq!(public.get(), "https://gateway.example.com");
    }
}
