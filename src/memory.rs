//! How much memory processes take, and how much there is. Linux only; elsewhere the answers are
//! unknown.

/// Memory of this process and of everything that it started, in bytes. Takes milliseconds for each
/// process.
pub fn used() -> Option<u64> {
    of_tree(std::process::id())
}

/// Memory of this process alone, in bytes. Takes a millisecond.
pub fn own() -> Option<u64> {
    share_of(std::process::id())
}

/// Memory of a process and of everything that it started, in bytes; none when there is no such
/// process. Takes milliseconds for each process.
pub fn of_tree(root: u32) -> Option<u64> {
    let mut total = share_of(root)?;
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        for child in children(parent) {
            // One that has ended since takes nothing any more.
            total += share_of(child).unwrap_or(0);
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

/// A process' memory, what it shares with others divided among them: a browser's processes have
/// most of the program in common. Where the kernel does not tell, it is what is resident.
fn share_of(pid: u32) -> Option<u64> {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}")).ok();
    let proportional = read("smaps_rollup").and_then(|text| kibibytes(&text, "Pss:"));
    proportional.or_else(|| kibibytes(&read("status")?, "VmRSS:"))
}

/// The kernel lists children by the thread that started them, and a browser may be started by any.
fn children(pid: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| {
        // A thread that has ended since has no children of its own any more.
        std::fs::read_to_string(thread.path().join("children")).ok()
    });
    let lists: Vec<String> = lists.collect();
    let pids = lists.iter().flat_map(|list| list.split_whitespace());
    pids.filter_map(|pid| pid.parse().ok()).collect()
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

    #[cfg(target_os = "linux")]
    #[test]
    fn the_own_memory_is_some_of_the_machines() {
        let (used, total) = (used().unwrap(), total().unwrap());
        assert!(1024 * 1024 < used && used < total, "{used} of {total}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_that_is_not_there_has_no_memory() {
        // Process ids end below this.
        assert_eq!(of_tree(u32::MAX), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_child_is_found_whichever_thread_started_it() {
        let (tell, started) = std::sync::mpsc::channel();
        let (end, asked) = std::sync::mpsc::channel::<()>();
        let parent = std::thread::spawn(move || {
            let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
            tell.send(child.id()).unwrap();
            let _ = asked.recv();
            child.kill().unwrap();
            child.wait().unwrap();
        });
        let child = started.recv().unwrap();
        let found = children(std::process::id());
        let (own, all) = (share_of(child).unwrap(), of_tree(child).unwrap());
        drop(end);
        parent.join().unwrap();
        assert!(found.contains(&child), "{child} is not in {found:?}");
        assert!(0 < own && 0 < all, "{own} and {all}");
    }
}
