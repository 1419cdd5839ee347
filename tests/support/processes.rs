//! Processes as the system shows them: whose browser runs, and the end of it. Linux only.

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
