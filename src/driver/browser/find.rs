//! Search for Chromium on this machine.

use std::path::{Path, PathBuf};

const VARIABLES: [&str; 3] = ["WAGATE_CHROMIUM", "CHROME_PATH", "PUPPETEER_EXECUTABLE_PATH"];
const NAMES: [&str; 6] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "chromium-headless-shell",
];
const MAC: [&str; 2] = [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
/// Browser caches of Playwright and Puppeteer, below the home folder.
const CACHES: [&str; 3] =
    [".cache/ms-playwright", "Library/Caches/ms-playwright", ".cache/puppeteer/chrome"];
/// Depth of a browser in such a cache.
const CACHE_DEPTH: usize = 4;

/// The browser from the settings, the environment, the path or a known cache.
pub fn find(configured: Option<&Path>) -> Option<PathBuf> {
    if let Some(path) = configured {
        return path.is_file().then(|| path.to_owned());
    }
    let named = VARIABLES.iter().filter_map(std::env::var_os).map(PathBuf::from);
    let folders: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    let on_path = NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    let on_mac = MAC.iter().map(PathBuf::from);
    let found = named.chain(on_path).chain(on_mac).find(|path| path.is_file());
    found.or_else(|| {
        let home = PathBuf::from(std::env::var_os("HOME")?);
        CACHES.iter().find_map(|cache| in_cache(&home.join(cache), CACHE_DEPTH))
    })
}

fn in_cache(folder: &Path, depth: usize) -> Option<PathBuf> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    // The newest version has the highest name.
    entries.sort_by(|a, b| b.cmp(a));
    let is_browser = |path: &&PathBuf| {
        path.is_file()
            && path.file_name().is_some_and(|name| name == "chrome" || name == "headless_shell")
    };
    if let Some(found) = entries.iter().find(is_browser) {
        return Some(found.clone());
    }
    let folders = entries.iter().filter(|path| depth != 0 && path.is_dir());
    folders.into_iter().find_map(|path| in_cache(path, depth - 1))
}

/// Why there is no browser, and what to do: one that the settings name is not there, or there is none at all.
pub fn not_found(wanted: Option<&Path>) -> String {
    match wanted {
        Some(path) => format!(
            "{}, as configured, is not there: correct browser.executable (CHROME_PATH), or leave it empty",
            path.display()
        ),
        None => format!("Chromium was not found: {}", install_hint()),
    }
}

/// The command that installs Chromium on this system.
pub fn install_hint() -> &'static str {
    let has = |name: &str| {
        std::env::var_os("PATH")
            .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(name).is_file()))
    };
    if has("apt-get") {
        "sudo apt-get install chromium"
    } else if has("dnf") {
        "sudo dnf install chromium"
    } else if has("apk") {
        "sudo apk add chromium"
    } else if has("brew") {
        "brew install --cask chromium"
    } else {
        "install Chromium or Chrome, or name it in browser.executable"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_found_in_a_cache_and_a_wrong_setting_is_not_replaced_by_another() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("linux-120/chrome-linux64");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("chrome"), "").unwrap();
        assert_eq!(in_cache(home.path(), CACHE_DEPTH), Some(folder.join("chrome")));
        assert_eq!(find(Some(Path::new("/no/such/browser"))), None);
    }
}
