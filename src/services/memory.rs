//! How much memory the gateway and its engines take, and how much there is. Linux only; elsewhere
//! the answers are unknown.

/// Resident memory of this process and of everything that it started, in bytes.
pub fn used() -> Option<u64> {
    let own = std::process::id();
    let mut total = resident(own)?;
    let mut parents = vec![own];
    while let Some(parent) = parents.pop() {
        for child in children(parent) {
            total += resident(child).unwrap_or(0);
            parents.push(child);
        }
    }
    Some(total)
}

/// The memory that the gateway may use: the control group's limit, or the machine's.
pub fn total() -> Option<u64> {
    let machine = kibibytes(&std::fs::read_to_string("/proc/meminfo").ok()?, "MemTotal:")?;
    let limit = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let limit = limit.and_then(|text| text.trim().parse::<u64>().ok());
    Some(limit.map_or(machine, |limit| limit.min(machine)))
}

fn resident(pid: u32) -> Option<u64> {
    kibibytes(&std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmRSS:")
}

fn children(pid: u32) -> Vec<u32> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_the_kernels_own_words() {
        assert_eq!(kibibytes("VmPeak: 9 kB\nVmRSS:\t  12 kB\n", "VmRSS:"), Some(12 * 1024));
        assert_eq!(kibibytes("nothing", "VmRSS:"), None);
    }
}
