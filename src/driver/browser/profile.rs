//! Contents of a browser's profile folder that a backup leaves out.

/// Caches that the browser rebuilds, and locks of the last process.
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

/// Whether a copy of the profile leaves this path out. The path is relative to the profile folder, with `/` as
/// separator.
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
