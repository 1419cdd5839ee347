//! Settings of a network: delays, limits, folder.

use std::{path::PathBuf, time::Duration};

use crate::domain::Clock;

/// Delays, limits and the folder of a network.
#[derive(Clone, Debug)]
pub struct NetworkSettings {
    /// The system's clock, which the network follows until its own is stopped.
    pub clock: Clock,
    /// Folder of the network's store and of media files.
    pub folder: PathBuf,
    /// Messages per chat; the oldest are dropped.
    pub most_messages: usize,
    /// Number of media files, and their size together in bytes; the oldest are dropped.
    pub most_media_files: usize,
    pub most_media_bytes: u64,
    /// How long the first QR reference of a linking lives, and how long each later one.
    pub first_reference_life: Duration,
    pub reference_life: Duration,
    /// References that a linking gets before it goes idle.
    pub references: u32,
    /// From a send to its delivery, and from the delivery to being read.
    pub delivery_delay: Duration,
    pub read_delay: Duration,
    /// How long the echo contact and the slow contact take to answer.
    pub echo_delay: Duration,
    pub slow_delay: Duration,
}

impl NetworkSettings {
    pub fn new(folder: PathBuf, clock: Clock) -> Self {
        Self {
            clock,
            folder,
            most_messages: 20_000,
            most_media_files: 50_000,
            most_media_bytes: 2 * 1024 * 1024 * 1024,
            first_reference_life: Duration::from_secs(60),
            reference_life: Duration::from_secs(20),
            references: 6,
            delivery_delay: Duration::from_millis(20),
            read_delay: Duration::from_millis(40),
            echo_delay: Duration::from_millis(30),
            slow_delay: Duration::from_secs(3),
        }
    }

    /// The folder of the media files.
    pub fn media_folder(&self) -> PathBuf {
        self.folder.join("media")
    }
}
