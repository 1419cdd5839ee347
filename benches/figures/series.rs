//! Measurements of one kind, and what is said of them.

use std::time::Duration;

/// Sorted milliseconds, or whatever unit the caller thinks in.
pub struct Series(Vec<f64>);

impl Series {
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    pub fn quantile(&self, share: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let place = (share * last as f64).round() as usize;
        self.0.get(place).copied().unwrap_or(f64::NAN)
    }

    /// One row of the table of raw numbers.
    pub fn row(&self, name: &str) -> String {
        let numbers = [0.0, 0.1, 0.5, 0.9, 0.99, 1.0].map(|share| self.quantile(share));
        let numbers = numbers.map(|number| format!("{number:.3}")).join(" | ");
        format!("| {name} | {} | {numbers} |\n", self.0.len())
    }
}

pub const HEAD: &str = "| | count | min | p10 | median | p90 | p99 | max |\n\
                        |---|---:|---:|---:|---:|---:|---:|---:|\n";

pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
