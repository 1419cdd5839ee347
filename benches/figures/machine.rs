//! The machine: what it is, what it must have, and what its processes weigh.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use wagate::{
    domain::Clock,
    driver::browser::{find, install_hint},
};

use crate::Outcome;

/// Sockets for a thousand listeners on both sides, and room to spare.
const FILES: u64 = 8_192;

pub fn say(text: &str) {
    // Nobody is left to read it when this fails.
    let _ = writeln!(std::io::stdout(), "{text}");
}

pub fn check_requirements() -> Outcome<()> {
    chromium()?;
    for part in ["agent/dist/wa-js.js", "agent/dist/agent.js", "simulator/dist/page.js"] {
        if !web(part).is_file() {
            return Err(format!("web/{part} is missing: build it with 'make web'").into());
        }
    }
    Ok(())
}

pub fn chromium() -> Outcome<PathBuf> {
    find(None).ok_or_else(|| {
        format!("Chromium is missing: 'make chromium', or {}", install_hint()).into()
    })
}

/// A file of the scripts for the page.
pub fn web(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("web").join(name)
}

/// Children inherit the limit.
pub fn raise_file_limit() -> Outcome<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(FILES, |maximum| maximum.min(FILES));
    if current.is_some_and(|current| current < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })?;
    }
    Ok(())
}

/// What a process has had of the processors until now.
pub fn processor_time(process: u32) -> Outcome<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name, in brackets, may hold anything; behind it come the state and eleven fields.
    let (_, fields) = text.rsplit_once(')').ok_or("not a process' state")?;
    let own = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    let ticks: u64 = own.collect::<Result<Vec<_>, _>>()?.iter().sum();
    Ok(Duration::from_millis(ticks * 1_000 / rustix::param::clock_ticks_per_second()))
}

/// One sentence for the reader of the figures.
pub fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = first_after("/proc/cpuinfo", "model name");
    let memory = first_after("/proc/meminfo", "MemTotal");
    let memory = memory.trim_end_matches(" kB").parse::<u64>().unwrap_or(0) >> 20;
    let version = chromium().ok().and_then(|path| {
        let output = Command::new(path).arg("--version").output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    });
    let version = version.unwrap_or_default();
    let version = version.split(" built").next().unwrap_or_default();
    let today = Clock::system().now().to_string();
    let today = today.split('T').next().unwrap_or_default();
    // Far above what this run alone brings about, it says that others were at work.
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').nth(1).unwrap_or_default();
    format!("On {cores} cores ({model}, load {load}), {memory} GiB, {version}, {today}.\n")
}

fn first_after(file: &str, name: &str) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_default().trim_start_matches([':', ' ', '\t']).to_owned()
}

/// Memory that one process holds, in KiB.
pub fn resident(process: u32) -> Outcome<f64> {
    kib(&format!("/proc/{process}/status"), "VmRSS:")
}

/// Memory of all processes of the browsers on these profiles, each page counted in proportion to
/// who shares it, in KiB; and whether others run the same program, which makes these seem lighter.
pub fn browsers_weight(profiles: &[PathBuf]) -> Outcome<(f64, bool)> {
    let is_ours = |id: &u32| profiles.iter().any(|profile| is_of(*id, profile));
    let mut processes: Vec<u32> = all_processes().filter(is_ours).collect();
    let Some(first) = processes.first().copied() else {
        return Err("the browser's processes cannot be found".into());
    };
    let mut next = 0;
    while let Some(parent) = processes.get(next).copied() {
        for child in children(parent) {
            if !processes.contains(&child) {
                processes.push(child);
            }
        }
        next += 1;
    }
    let program = |id: u32| std::fs::read_link(format!("/proc/{id}/exe")).ok();
    let ours = program(first);
    let is_stranger = |id: u32| !processes.contains(&id) && program(id) == ours;
    let is_disturbed = ours.is_some() && all_processes().any(is_stranger);
    let proportional = |id: &u32| kib(&format!("/proc/{id}/smaps_rollup"), "Pss:").ok();
    Ok((processes.iter().filter_map(proportional).sum(), is_disturbed))
}

fn all_processes() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn is_of(process: u32, profile: &Path) -> bool {
    let command = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&command).contains(&*profile.to_string_lossy())
        && process != std::process::id()
}

/// Children of every thread: the browser's helpers are not all started by its main one.
fn children(process: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten();
    let lists = threads.filter_map(Result::ok).filter_map(|thread| {
        let list = std::fs::read_to_string(thread.path().join("children")).ok()?;
        Some(list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>())
    });
    lists.flatten().collect()
}

fn kib(file: &str, name: &str) -> Outcome<f64> {
    let text = std::fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or_else(|| format!("{file} does not say {name}"))?.parse()?)
}
