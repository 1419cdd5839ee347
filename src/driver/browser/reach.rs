//! Allow list of a session's browser: one rule for its own DNS look-ups and for its proxy relay. Pure.

use std::net::SocketAddr;

/// The hosts that one session's browser may contact.
#[derive(Clone, Debug)]
pub struct Reach {
    host: String,
    port: u16,
    /// The address of the page's host on the simulated network. No other host is allowed then.
    stand_in: Option<String>,
    /// Names; `*.` before a name stands for all below it, `*` alone for every host.
    allowed: Vec<String>,
    /// The gateway's own ports for this session.
    local: Vec<SocketAddr>,
}

impl Reach {
    /// The hosts for a page at `url`. None when the URL has no host.
    pub fn of(url: &str, stand_in: Option<&str>, allowed: &[String]) -> Option<Self> {
        let url = url::Url::parse(url).ok()?;
        Some(Self {
            host: url.host_str()?.to_ascii_lowercase(),
            port: url.port_or_known_default()?,
            stand_in: stand_in.map(str::to_owned),
            allowed: allowed.iter().map(|pattern| pattern.to_ascii_lowercase()).collect(),
            local: Vec::new(),
        })
    }

    /// Allows one port of the gateway, and no other of this machine.
    pub fn add_local(&mut self, address: SocketAddr) {
        self.local.push(address);
    }

    /// The value of `--host-resolver-rules`, which covers IP addresses and the browser's own requests as well. None
    /// where every host is allowed.
    pub fn resolver_rules(&self) -> Option<String> {
        if self.is_everything() {
            return None;
        }
        let mut rules = Vec::new();
        if let Some(address) = &self.stand_in {
            rules.push(format!("MAP {}:{} {address}", self.host, self.port));
        }
        // The first match applies: these ports come before the rest of loopback.
        rules.extend(self.local.iter().map(|address| format!("MAP {address} {address}")));
        rules.push("MAP * ~NOTFOUND".to_owned());
        if self.stand_in.is_none() {
            let hosts = self.allowed.iter().chain([&self.host]);
            rules.extend(hosts.map(|pattern| format!("EXCLUDE {pattern}")));
        }
        Some(rules.join(", "))
    }

    /// The target of a tunnel to the page.
    pub fn way_to_page(&self) -> Option<String> {
        self.way_to(&format!("{}:{}", self.host, self.port))
    }

    /// The target of a tunnel that the browser requests. None when it is not allowed.
    pub fn way_to(&self, target: &str) -> Option<String> {
        let (host, port) = target.rsplit_once(':')?;
        let (host, port) = (host.to_ascii_lowercase(), port.parse::<u16>().ok()?);
        if let Some(address) = &self.stand_in {
            return (host == self.host && port == self.port).then(|| address.clone());
        }
        if self.is_everything() {
            return Some(target.to_owned());
        }
        // The proxy could parse an invalid name differently.
        let is_plain = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '.' | '-' | '_');
        let is_allowed = host.chars().all(is_plain)
            && (host == self.host || self.allowed.iter().any(|pattern| fits(pattern, &host)));
        is_allowed.then(|| format!("{host}:{port}"))
    }

    fn is_everything(&self) -> bool {
        self.stand_in.is_none() && self.allowed.iter().any(|pattern| pattern == "*")
    }
}

fn fits(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(end) => host.len() > end.len() && host.ends_with(end),
        None => host == pattern,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const URL: &str = "https://web.whatsapp.com/";

    fn reach() -> Reach {
        let allowed = ["whatsapp.com", "*.whatsapp.com", "*.whatsapp.net"].map(str::to_owned);
        let mut reach = Reach::of(URL, None, &allowed).unwrap();
        reach.add_local("127.0.0.1:4000".parse().unwrap());
        reach
    }

    #[test]
    fn the_allowed_hosts_and_one_port_of_the_machine_are_looked_up_and_nothing_else() {
        assert_eq!(
            reach().resolver_rules().unwrap(),
            "MAP 127.0.0.1:4000 127.0.0.1:4000, MAP * ~NOTFOUND, EXCLUDE whatsapp.com, \
             EXCLUDE *.whatsapp.com, EXCLUDE *.whatsapp.net, EXCLUDE web.whatsapp.com"
        );
    }

    #[test]
    fn a_stand_in_leaves_no_other_host() {
        let allowed = ["*.whatsapp.net".to_owned(), "*".to_owned()];
        let reach = Reach::of(URL, Some("127.0.0.1:5000"), &allowed).unwrap();
        let rules = "MAP web.whatsapp.com:443 127.0.0.1:5000, MAP * ~NOTFOUND";
        assert_eq!(reach.resolver_rules().unwrap(), rules);
        assert_eq!(reach.way_to("web.whatsapp.com:443").unwrap(), "127.0.0.1:5000");
        for other in ["web.whatsapp.com:80", "static.whatsapp.net:443", "127.0.0.1:5000"] {
            assert_eq!(reach.way_to(other), None, "{other}");
        }
    }

    #[test]
    fn the_relay_lets_through_what_the_browser_may_look_up() {
        for target in ["whatsapp.com:443", "web.whatsapp.com:443", "a.b.whatsapp.net:5222"] {
            assert_eq!(reach().way_to(target).as_deref(), Some(target));
        }
        assert_eq!(reach().way_to("WEB.WhatsApp.com:443").unwrap(), "web.whatsapp.com:443");
        for target in [
            "evilwhatsapp.com:443",
            "whatsapp.net:443",
            "web.whatsapp.com.evil.example:443",
            "web.whatsapp.com.:443",
            "evil.example/.whatsapp.net:443",
            "me@evil.example#.whatsapp.net:443",
            ".whatsapp.net:443\u{e9}",
            "127.0.0.1:4000",
            "127.0.0.1:22",
            "169.254.169.254:80",
            "[::1]:22",
            "web.whatsapp.com",
            "web.whatsapp.com:99999",
            "web.whatsapp.com:https",
            ":443",
            "",
        ] {
            assert_eq!(reach().way_to(target), None, "{target}");
        }
    }

    #[test]
    fn every_host_may_be_allowed() {
        let reach = Reach::of(URL, None, &["*".to_owned()]).unwrap();
        assert_eq!(reach.resolver_rules(), None);
        assert_eq!(reach.way_to("example.org:80").unwrap(), "example.org:80");
    }

    proptest! {
        #[test]
        fn no_other_host_is_ever_let_through(target in "\\PC{0,20}(whatsapp\\.(com|net))?\\PC{0,6}(:443)?") {
            if let Some(way) = reach().way_to(&target) {
                let host = way.rsplit_once(':').unwrap().0;
                let is_whatsapp = host == "whatsapp.com"
                    || host.ends_with(".whatsapp.com")
                    || host.ends_with(".whatsapp.net");
                prop_assert!(is_whatsapp, "{}", way);
            }
        }
    }
}
