//! Check of authentication: which callers need no key.

use crate::{
    config::{AccessMode, Config},
    doctor::check::{Check, Verdict},
    peer,
};

const NAME: &str = "callers";

/// Says in one sentence who needs no key under these settings.
pub async fn callers(config: &Config) -> Check {
    let is_auto = config.openwa.auth == AccessMode::Auto;
    match (config.access(), config.reason_for_keys()) {
        (AccessMode::Required, Some(reason)) if is_auto => {
            Check::well(NAME, format!("nobody is let in without a key, since {reason}"))
        }
        (AccessMode::Required, _) => Check::well(NAME, "nobody is let in without a key"),
        (AccessMode::Open, _) => Check::wrong(
            NAME,
            Verdict::Doubtful,
            format!("everybody who reaches {} is let in without a key", config.server.listen),
            "set openwa.auth to \"required\", or let a firewall choose who reaches it",
        ),
        (AccessMode::Auto, _) if !cfg!(target_os = "linux") => Check::well(
            NAME,
            "every program on this machine is let in without a key: users are not distinguished here",
        ),
        (AccessMode::Auto, _) if peer::tells_users_apart().await => {
            let user = peer::own_user();
            let who = if user == 0 { "root".to_owned() } else { format!("user {user} and root") };
            let found = format!(
                "programs of {who} on this machine are let in without a key; other users, proxies and web pages are not"
            );
            Check::well(NAME, found)
        }
        (AccessMode::Auto, _) => Check::wrong(
            NAME,
            Verdict::Doubtful,
            "nobody is let in without a key: the system does not say whose a connection is",
            "use a key, or allow netlink sockets (AF_NETLINK) or /proc/net/tcp",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_says_who_needs_no_key() {
        let mut config = Config::shipped().unwrap();
        let mut found = async |change: fn(&mut Config)| {
            change(&mut config);
            callers(&config).await.to_string()
        };
        let local = found(|_| ()).await;
        assert!(local.contains("on this machine are let in without a key"), "{local}");
        let proxied = found(|config| {
            config.server.trusted_proxies.0.push(std::net::IpAddr::from([127, 0, 0, 1]).into())
        })
        .await;
        assert!(proxied.contains("nobody") && proxied.contains("trusted_proxies"), "{proxied}");
        let open = found(|config| config.openwa.auth = AccessMode::Open).await;
        assert!(open.starts_with("warn") && open.contains("everybody"), "{open}");
    }
}
