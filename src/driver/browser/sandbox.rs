//! Warning about a missing sandbox of Chromium.

/// The switch that disables the sandbox.
pub const SWITCH: &str = "no-sandbox";

/// The warning; none when Chromium has its sandbox. `arguments` are those of the settings, with or without dashes.
pub fn warning(arguments: &[String]) -> Option<&'static str> {
    let is_root = rustix::process::geteuid().is_root();
    of(is_root, arguments)
}

fn of(is_root: bool, arguments: &[String]) -> Option<&'static str> {
    // Chromium refuses to run as root with its sandbox.
    if is_root {
        return Some(
            "Chromium runs as root and without its sandbox: a page that breaks out of the browser owns \
             this machine. Run the gateway as a user of its own",
        );
    }
    let gives_up = |argument: &String| argument.trim_start_matches('-') == SWITCH;
    arguments.iter().any(gives_up).then_some(
        "Chromium runs without its sandbox (browser.extra_args has no-sandbox): a page that breaks out \
         of the browser can do what the gateway's user can. Without that argument the sandbox is back",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_missing_for_root_and_where_the_settings_give_it_up() {
        let arguments = |text: &str| [text.to_owned()];
        assert!(of(true, &[]).unwrap().contains("as root"));
        for given_up in ["no-sandbox", "--no-sandbox"] {
            assert!(of(false, &arguments(given_up)).unwrap().contains("extra_args"));
        }
        assert_eq!(of(false, &arguments("lang=de")), None);
    }
}
