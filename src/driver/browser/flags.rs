//! Command line of Chromium: the gateway's switches, merged with those of the settings. Pure.

use crate::domain::Error;

/// Switches without a value, and those with one.
const SWITCHES: [(&str, &str); 43] = [
    // Debugging over the pipe alone. It also ends the browser when the gateway's end closes.
    ("remote-debugging-pipe", ""),
    ("allow-browser-signin", "false"),
    ("allow-pre-commit-input", ""),
    ("disable-background-networking", ""),
    ("disable-background-timer-throttling", ""),
    ("disable-backgrounding-occluded-windows", ""),
    ("disable-breakpad", ""),
    ("disable-client-side-phishing-detection", ""),
    ("disable-component-extensions-with-background-pages", ""),
    ("disable-component-update", ""),
    ("disable-crash-reporter", ""),
    ("disable-default-apps", ""),
    ("disable-dev-shm-usage", ""),
    ("disable-extensions", ""),
    ("disable-hang-monitor", ""),
    ("disable-ipc-flooding-protection", ""),
    ("disable-popup-blocking", ""),
    ("disable-renderer-backgrounding", ""),
    ("disable-speech-api", ""),
    ("disable-sync", ""),
    ("metrics-recording-only", ""),
    ("mute-audio", ""),
    ("no-default-browser-check", ""),
    ("no-first-run", ""),
    ("password-store", "basic"),
    ("use-mock-keychain", ""),
    ("lang", "en-US"),
    // Writes the login to the disk after one second instead of five: a browser that ends before may lose it, also
    // when it is closed in order.
    ("enable-aggressive-domstorage-flushing", ""),
    // Disables requests to hosts that the page does not need. Google's hosts for accounts and updates have no such
    // switch: they get an address that the host rules refuse.
    ("component-updater", "url-source=https://127.0.0.1:9/"),
    ("gaia-url", "https://127.0.0.1:9"),
    ("disable-domain-reliability", ""),
    ("disable-field-trial-config", ""),
    ("no-pings", ""),
    // Calls would reach any address over UDP, past the host rules and the proxy. The second name is that of older
    // browsers.
    ("disable-quic", ""),
    ("webrtc-ip-handling-policy", "disable_non_proxied_udp"),
    ("force-webrtc-ip-handling-policy", "disable_non_proxied_udp"),
    // Saves memory.
    ("disable-3d-apis", ""),
    ("disable-gpu", ""),
    ("disable-site-isolation-trials", ""),
    ("disable-software-rasterizer", ""),
    ("in-process-gpu", ""),
    // The zygote in the sandbox stays: it starts the pages.
    ("no-unsandboxed-zygote", ""),
    ("window-size", "800,600"),
];
const DISABLED_FEATURES: &str = "Translate,TranslateUI,SpareRendererForSitePerProcess,\
OptimizationHints,MediaRouter,DialMediaRouteProvider,BackForwardCache,AutofillServerCommunication,\
CertificateTransparencyComponentUpdater,OptimizationGuideModelDownloading,GlobalMediaControls,\
AudioServiceOutOfProcess,PaintHolding,Prerender2,WebUSB,PushMessaging,WebUIOmniboxPopup,\
WebUIOmniboxAimPopup,StorageServiceOutOfProcess,LocalNetworkAccessChecks,DnsOverHttpsUpgrade,\
NetworkTimeServiceQuerying";
const ENABLED_FEATURES: &str = "NetworkServiceInProcess,NetworkServiceInProcess2";
const SCRIPT_ENGINE: &str = "--max-old-space-size=512 --optimize-for-size";

/// Switches whose values add up; any other replaces the one before.
const LISTS: [(&str, char); 4] = [
    ("disable-features", ','),
    ("enable-features", ','),
    ("disable-blink-features", ','),
    ("js-flags", ' '),
];
/// Switches that the settings cannot remove.
const RESERVED: [&str; 4] =
    ["user-data-dir", "remote-debugging-port", "remote-debugging-pipe", "remote-debugging-address"];

/// Switches in order, each once.
pub struct Flags(Vec<(String, String)>);

impl Flags {
    /// The switches of every session.
    pub fn of_the_gateway() -> Self {
        let mut flags = Self(Vec::new());
        for (name, value) in SWITCHES {
            flags.set(name, value);
        }
        flags.set("disable-features", DISABLED_FEATURES);
        flags.set("enable-features", ENABLED_FEATURES);
        flags.set("js-flags", SCRIPT_ENGINE);
        flags
    }

    /// Chromium uses only the last of several equal switches, so values are merged.
    pub fn set(&mut self, name: &str, value: &str) {
        let before = self.0.iter_mut().find(|(known, _)| known == name);
        let Some((_, before)) = before else {
            self.0.push((name.to_owned(), value.to_owned()));
            return;
        };
        match LISTS.iter().find(|(list, _)| *list == name) {
            Some((_, separator)) => {
                before.push(*separator);
                before.push_str(value);
            }
            None => value.clone_into(before),
        }
    }

    /// Adds switches with or without dashes.
    pub fn add(&mut self, arguments: &[String]) -> Result<(), Error> {
        for argument in arguments {
            let bare = argument.trim_start_matches('-');
            let (name, value) = bare.split_once('=').unwrap_or((bare, ""));
            if RESERVED.contains(&name) {
                let message = format!("the browser switch '{name}' is the gateway's own");
                return Err(Error::invalid(message));
            }
            self.set(name, value);
        }
        Ok(())
    }

    pub fn arguments(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().map(|(name, value)| {
            if value.is_empty() { format!("--{name}") } else { format!("--{name}={value}") }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(arguments: &[&str]) -> Vec<String> {
        let mut flags = Flags::of_the_gateway();
        let given: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        flags.add(&given).unwrap();
        flags.arguments().collect()
    }

    #[test]
    fn features_add_up_and_other_switches_are_replaced() {
        let all = with(&["--disable-features=Mine,Other", "lang=de", "--js-flags=--jitless"]);
        let features: Vec<_> =
            all.iter().filter(|text| text.starts_with("--disable-features=")).collect();
        assert_eq!(features.len(), 1);
        assert!(features[0].contains("Translate,") && features[0].ends_with(",Mine,Other"));
        assert!(all.contains(&"--lang=de".to_owned()) && !all.contains(&"--lang=en-US".to_owned()));
        let script = format!("--js-flags={SCRIPT_ENGINE} --jitless");
        assert!(all.contains(&script));
    }

    #[test]
    fn a_value_may_hold_an_equals_sign_and_dashes_are_optional() {
        let all = with(&["blink-settings=imagesEnabled=false", "no-sandbox"]);
        assert!(all.contains(&"--blink-settings=imagesEnabled=false".to_owned()));
        assert!(all.contains(&"--no-sandbox".to_owned()));
    }

    #[test]
    fn the_gateways_own_switches_cannot_be_taken_over() {
        for switch in ["--user-data-dir=/tmp", "remote-debugging-port=9222"] {
            let mut flags = Flags::of_the_gateway();
            assert!(flags.add(&[switch.to_owned()]).is_err());
        }
    }
}
