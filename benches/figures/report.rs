//! The table of the README and the raw numbers beside it.

use std::{path::PathBuf, time::Duration};

use crate::{Outcome, machine};

const BEGIN: &str = "<!-- figures: written by `make bench` -->";
const END: &str = "<!-- end of the figures -->";

/// One row of the table.
pub struct Figure {
    pub name: &'static str,
    pub ours: String,
    /// What it is measured beside.
    pub beside: String,
    pub ratio: Option<f64>,
    /// None where it is told for information.
    pub target: Option<Target>,
}

pub struct Target {
    pub text: &'static str,
    pub is_met: bool,
}

impl Target {
    /// Met by a number that is not above the limit.
    pub fn at_most(text: &'static str, limit: f64, found: f64) -> Self {
        Self { text, is_met: found <= limit }
    }

    /// Met by a number that is not below the limit.
    pub fn at_least(text: &'static str, limit: f64, found: f64) -> Self {
        Self { text, is_met: limit <= found }
    }
}

/// Figures and the raw numbers behind them.
#[derive(Default)]
pub struct Figures {
    pub rows: Vec<Figure>,
    /// Markdown, a section for each group.
    pub raw: String,
}

impl Figures {
    pub fn add(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.raw.push_str(&other.raw);
        self.raw.push('\n');
    }

    pub fn table(&self) -> String {
        let mut table =
            "| | wagate | beside | ratio | target | |\n|---|---|---|---|---|---|\n".to_owned();
        for Figure { name, ours, beside, ratio, target } in &self.rows {
            let ratio = ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}×"));
            let (target, verdict) = match target {
                Some(target) => (target.text, if target.is_met { "met" } else { "**missed**" }),
                None => ("", ""),
            };
            table.push_str(&format!(
                "| {name} | {ours} | {beside} | {ratio} | {target} | {verdict} |\n"
            ));
        }
        table
    }

    pub fn details(&self) -> String {
        self.raw.clone()
    }

    /// Puts the table between the marks of the README, and everything into docs/benchmarks.md.
    pub fn write(&self, took: Duration) -> Outcome<()> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let machine = machine::describe();
        let readme = root.join("README.md");
        let text = std::fs::read_to_string(&readme)?;
        let (before, rest) = text.split_once(BEGIN).ok_or("README.md has no place for figures")?;
        let (_, after) = rest.split_once(END).ok_or("README.md has no end of its figures")?;
        let table = self.table();
        let text = format!("{before}{BEGIN}\n{table}\n{machine}\n{END}{after}");
        std::fs::write(&readme, text)?;
        let text = format!(
            "# Figures\n\nWritten by `make bench` in {:.0} s. {machine}\n{table}\n{}\n{}",
            took.as_secs_f64(),
            include_str!("reading.md").trim_end(),
            format_args!("\n{}", self.raw.trim_end()),
        );
        std::fs::write(root.join("docs/benchmarks.md"), format!("{text}\n"))?;
        Ok(())
    }
}
