//! The newest lines of one session's own log, for people who ask what is wrong with it.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use crate::domain::Timestamp;

const KEPT: usize = 1_000;

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
        if lines.len() == KEPT {
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
