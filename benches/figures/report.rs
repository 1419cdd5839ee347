//! Report of a run: the line of the README, and the table with the raw numbers in docs/benchmarks.md.

use std::{path::PathBuf, time::Duration};

use crate::{Outcome, machine};

const BEGIN: &str = "<!-- figures: written by `make bench` -->";
const END: &str = "<!-- end of the figures -->";

/// What the README says of the figures: the name of a row, and the words before its value.
const HEADLINES: [(&str, &str); 5] = [
    ("Send a text through REST", "a send takes"),
    (
        "Deliveries a second to one webhook, each recorded on the disk",
        "deliveries a second to one webhook:",
    ),
    ("Cold start: from exec to listening, empty store", "cold start"),
    ("the same of one alone", "memory of one browser session"),
    ("Memory of each of 3 browser sessions (PSS)", "of each of three"),
];

/// One row of the table.
pub struct Figure {
    pub name: &'static str,
    pub ours: String,
    /// What it is measured beside.
    pub beside: String,
    pub ratio: Option<f64>,
    /// None where it is reported for information.
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

    /// The line of the README. A row that a headline names and nobody measured is an error.
    fn summary(&self, machine: &str) -> Outcome<String> {
        let mut parts = Vec::with_capacity(HEADLINES.len());
        for (name, words) in HEADLINES {
            let row = self.rows.iter().find(|row| row.name == name);
            let row = row.ok_or_else(|| format!("no figure is called '{name}'"))?;
            parts.push(format!("{words} {}", row.ours));
        }
        let mut said = parts.join(", ");
        if let Some(first) = said.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let targets = || self.rows.iter().filter_map(|row| row.target.as_ref());
        let met = targets().filter(|target| target.is_met).count();
        Ok(format!(
            "{said}. {met} of {} targets are met: [all figures](docs/benchmarks.md). {machine}",
            targets().count()
        ))
    }

    /// Puts the line between the marks of the README, and everything into docs/benchmarks.md.
    pub fn write(&self, took: Duration) -> Outcome<()> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let machine = machine::describe();
        let readme = root.join("README.md");
        let text = std::fs::read_to_string(&readme)?;
        let (before, rest) = text.split_once(BEGIN).ok_or("README.md has no place for figures")?;
        let (_, after) = rest.split_once(END).ok_or("README.md has no end of its figures")?;
        let summary = self.summary(machine.trim())?;
        let text = format!("{before}{BEGIN}\n{summary}\n{END}{after}");
        std::fs::write(&readme, text)?;
        let table = self.table();
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
