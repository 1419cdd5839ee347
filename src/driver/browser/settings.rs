//! Settings of all browsers.

use std::path::PathBuf;

use crate::{
    domain::{Clock, Error},
    driver::browser::reach::Reach,
    egress::OwnPorts,
};

/// Settings of all browsers of the gateway.
#[derive(Clone, Debug)]
pub struct BrowserSettings {
    pub url: String,
    /// `host:port` that the URL's host is looked up as; none for DNS.
    pub resolve_to: Option<String>,
    /// SHA-256 (base64) of a public key to trust although no authority signed it.
    pub trusted_key: Option<String>,
    /// None to search for it.
    pub executable: Option<PathBuf>,
    pub extra_args: Vec<String>,
    /// Whether a session may choose its own executable and arguments.
    pub allow_overrides: bool,
    /// Hosts that a session's page and browser may contact, besides the URL's own.
    pub allowed_hosts: Vec<String>,
    pub clock: Clock,
    /// List of the gateway's own loopback ports.
    pub own_ports: OwnPorts,
}

impl BrowserSettings {
    pub fn reach(&self) -> Result<Reach, Error> {
        let reach = Reach::of(&self.url, self.resolve_to.as_deref(), &self.allowed_hosts);
        reach.ok_or_else(|| Error::invalid("whatsapp.url is not the address of a page"))
    }
}
