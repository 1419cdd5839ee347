//! Processes as the system shows them: whose browser runs, and the end of it. Linux only.

#![allow(dead_code, reason = "each test program uses a part")]

use std::path::Path;

/// All processes of a profile's browser that still run and name it, the main one first.
pub fn processes_of(profile: &Path) -> Vec<u32> {
    // Of a folder that is gone by now, the name is all there is.
    let whole = profile.canonicalize().unwrap_or_else(|_| profile.to_owned());
    let switch = format!("--user-data-dir={}", whole.display());
    let names_it = |(_, command): &(u32, String)| command.contains(&switch);
    let mut found: Vec<u32> = all().filter(names_it).map(|(id, _)| id).collect();
    found.sort_unstable();
    found
}

pub fn main_process(profile: &Path) -> Option<u32> {
    processes_of(profile).into_iter().next()
}

/// The process that shows the page of the browser with this main process.
pub fn renderer_of(main: u32) -> Option<u32> {
    let mut renderers = all().filter(|(_, command)| command.contains("--type=renderer"));
    renderers.find(|(id, _)| group_of(*id) == Some(main)).map(|(id, _)| id)
}

pub fn kill(id: u32) {
    let id = rustix::process::Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::KILL).unwrap();
}

/// Every process with its command line, which those that are dead and not waited for lack.
fn all() -> impl Iterator<Item = (u32, String)> {
    std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let id = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let command = std::fs::read(format!("/proc/{id}/cmdline")).ok()?;
        Some((id, String::from_utf8_lossy(&command).into_owned()))
    })
}

/// The process group, which all processes of one browser share.
fn group_of(id: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    status.rsplit_once(") ")?.1.split(' ').nth(2)?.parse().ok()
}

/// A browser's main process and all that it started.
pub fn group(main: u32) -> Vec<u32> {
    all().map(|(id, _)| id).filter(|id| group_of(*id) == Some(main)).collect()
}

/// The TCP ports that a process listens on.
pub fn listening_ports(id: u32) -> Vec<u16> {
    let Ok(descriptors) = std::fs::read_dir(format!("/proc/{id}/fd")) else { return Vec::new() };
    let links = descriptors.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    let sockets: Vec<String> = links
        .filter_map(|link| {
            let text = link.to_str()?;
            Some(text.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
        })
        .collect();
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(std::fs::read_to_string);
    let tables = tables.map(Result::unwrap_or_default).concat();
    let ports = tables.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
        let is_listening = *state == "0A" && sockets.iter().any(|socket| socket == inode);
        u16::from_str_radix(local.rsplit_once(':')?.1, 16).ok().filter(|_| is_listening)
    });
    ports.collect()
}
