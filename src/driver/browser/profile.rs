//! What in a browser's profile folder is worth keeping.

/// Folders that the browser fills anew, and locks of the process that last used the profile.
const EXPENDABLE: [&str; 16] = [
    "BrowserMetrics",
    "Cache",
    "Code Cache",
    "Crashpad",
    "DawnGraphiteCache",
    "DawnWebGPUCache",
    "GPUCache",
    "GPUPersistentCache",
    "GrShaderCache",
    "GraphiteDawnCache",
    "Safe Browsing",
    "ShaderCache",
    "SingletonCookie",
    "SingletonLock",
    "SingletonSocket",
    "component_crx_cache",
];

/// Whether a copy of the profile does without this. The path is below the profile folder, with `/`
/// between its parts.
pub fn is_expendable(path: &str) -> bool {
    let name = path.strip_prefix("Default/").unwrap_or(path);
    EXPENDABLE.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caches_go_and_whatever_a_site_stored_stays() {
        for path in ["Default/Cache", "GPUPersistentCache", "SingletonLock", "Default/GPUCache"] {
            assert!(is_expendable(path), "{path}");
        }
        for path in ["Default", "Local State", "Default/IndexedDB", "Default/IndexedDB/Cache"] {
            assert!(!is_expendable(path), "{path}");
        }
    }
}
