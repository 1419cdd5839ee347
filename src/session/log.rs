//! Ring buffer of a session's newest log lines, for diagnosis.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use crate::domain::Timestamp;

const CAPACITY: usize = 1_000;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    pub at: Timestamp,
    pub level: &'static str,
    pub message: String,
}

#[derive(Debug, Default)]
pub struct SessionLog {
    lines: Mutex<VecDeque<LogLine>>,
}

impl SessionLog {
    pub fn add(&self, at: Timestamp, level: &'static str, message: String) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == CAPACITY {
            lines.pop_front();
        }
        lines.push_back(LogLine { at, level, message });
    }

    /// The newest lines, oldest first.
    pub fn tail(&self, limit: usize) -> Vec<LogLine> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().skip(lines.len().saturating_sub(limit)).cloned().collect()
    }
}
