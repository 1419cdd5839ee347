//! Progress of an opening that takes long, in the log: after a kill sled reads all that was written since the
//! store was last opened.

use std::{
    fs,
    path::Path,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

/// A shorter opening logs nothing.
const FIRST: Duration = Duration::from_secs(2);
const EVERY: Duration = Duration::from_secs(5);
const MEBIBYTE: u64 = 1024 * 1024;

/// Opens something with `open` and logs how long it has taken so far, every few seconds.
pub fn logged<T>(file: &Path, open: impl FnOnce() -> T) -> T {
    let size = fs::metadata(file).map_or(0, |metadata| metadata.len()) / MEBIBYTE;
    let before = bytes_read();
    let progress = move |elapsed: Duration| {
        let seconds = elapsed.as_secs();
        match bytes_read().zip(before) {
            Some((now, before)) => {
                let read = now.saturating_sub(before) / MEBIBYTE;
                tracing::info!(
                    seconds,
                    read,
                    size,
                    "opening the store: {read} of at most {size} MiB read in {seconds} s"
                );
            }
            None => tracing::info!(
                seconds,
                size,
                "opening the store: {seconds} s so far, its file has {size} MiB"
            ),
        }
    };
    watched([FIRST, EVERY], progress, open)
}

/// Calls `progress` from another thread while `open` runs: after the first pause, and after each second one.
fn watched<T>(
    [first, every]: [Duration; 2],
    progress: impl Fn(Duration) + Send + 'static,
    open: impl FnOnce() -> T,
) -> T {
    let (is_open, wait) = mpsc::channel::<()>();
    let begun = Instant::now();
    let watch = move || {
        let mut pause = first;
        while let Err(RecvTimeoutError::Timeout) = wait.recv_timeout(pause) {
            progress(begun.elapsed());
            pause = every;
        }
    };
    let watcher = thread::Builder::new().name("store-opening".to_owned()).spawn(watch);
    let opened = open();
    drop(is_open);
    if let Ok(watcher) = watcher {
        // A watcher that panicked has logged nothing more; the store is open all the same.
        let _ = watcher.join();
    }
    opened
}

/// Bytes that this process has read from files; none where the system does not say.
fn bytes_read() -> Option<u64> {
    let io = fs::read_to_string("/proc/self/io").ok()?;
    io.lines().find_map(|line| line.strip_prefix("rchar: "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opening_that_takes_long_says_so_until_it_ends() {
        let (says, said) = mpsc::channel();
        let progress = move |elapsed| says.send(elapsed).unwrap();
        let pauses = [Duration::ZERO, Duration::from_millis(1)];
        let opened = watched(pauses, progress, || [said.recv().unwrap(), said.recv().unwrap()]);
        assert!(opened[0] <= opened[1]);
        // The watcher is gone: nothing comes after the opening but what it had begun.
        while said.try_recv().is_ok() {}
        assert_eq!(said.try_recv(), Err(mpsc::TryRecvError::Disconnected));
    }

    #[test]
    fn a_short_opening_says_nothing() {
        let hour = Duration::from_secs(3_600);
        assert_eq!(watched([hour, hour], |_| panic!("it was short"), || 7), 7);
    }
}
