//! Terminal output of the demonstration: numbered steps, curl commands, timings, the QR code as text.

use std::{io::Write, time::Instant};

use qrcode::{QrCode, render::unicode};
use serde_json::Value;

/// Writes to one output.
pub struct Narrator<W> {
    out: W,
    step: usize,
    colour: bool,
}

impl<W: Write> Narrator<W> {
    pub fn new(out: W, colour: bool) -> Self {
        Self { out, step: 0, colour }
    }

    /// Begins the next step and its timing.
    pub fn step(&mut self, title: &str) -> Instant {
        self.step += 1;
        let (bold, plain) = self.styles();
        self.line(&format!("\n{bold}{}. {title}{plain}", self.step));
        Instant::now()
    }

    /// The request of a step as a command that the reader can paste.
    pub fn curl(&mut self, method: &str, url: &str, key: Option<&str>, body: Option<&Value>) {
        let mut command = String::from("   $ curl ");
        if method != "GET" {
            command.push_str(&format!("-X {method} "));
        }
        command.push_str(&format!("'{url}'"));
        if let Some(key) = key {
            command.push_str(&format!(" -H 'Authorization: Bearer {key}'"));
        }
        if let Some(body) = body {
            let json = shortened(&body.to_string().replace('\'', "'\\''"));
            command.push_str(&format!(" -H 'Content-Type: application/json' -d '{json}'"));
        }
        self.line(&command);
    }

    pub fn say(&mut self, text: &str) {
        self.line(&format!("   {text}"));
    }

    /// Ends a step with its result and its duration.
    pub fn done(&mut self, since: Instant, outcome: &str) {
        let tick = if self.colour { "\x1b[32m✓\x1b[0m" } else { "✓" };
        self.line(&format!("   {tick} {outcome}  ({} ms)", since.elapsed().as_millis()));
    }

    /// Prints a QR code as blocks that a phone's camera can read.
    pub fn qr(&mut self, text: &str) {
        let Ok(code) = QrCode::with_error_correction_level(text, qrcode::EcLevel::L) else {
            return self.say("(this code is too long to draw)");
        };
        let picture = code.render::<unicode::Dense1x2>().quiet_zone(true).build();
        for row in picture.lines() {
            self.line(&format!("   {row}"));
        }
    }

    pub fn line(&mut self, text: &str) {
        // A closed output does not end the demonstration.
        let _ = writeln!(self.out, "{text}");
        let _ = self.out.flush();
    }

    fn styles(&self) -> (&'static str, &'static str) {
        if self.colour { ("\x1b[1m", "\x1b[0m") } else { ("", "") }
    }
}

/// Shortens a long text in its middle, such as an image in base64.
fn shortened(text: &str) -> String {
    const MOST: usize = 240;
    let count = text.chars().count();
    if count <= MOST {
        return text.to_owned();
    }
    let head: String = text.chars().take(MOST / 2).collect();
    let tail: String = text.chars().skip(count - MOST / 4).collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn narration(tell: impl Fn(&mut Narrator<&mut Vec<u8>>)) -> String {
        let mut out = Vec::new();
        tell(&mut Narrator::new(&mut out, false));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_curl_line_survives_a_quote_in_the_body() {
        let body = serde_json::json!({ "content": "it's" });
        let line = narration(|narrator| narrator.curl("POST", "http://h/x", None, Some(&body)));
        assert!(line.contains(r#"-X POST 'http://h/x'"#) && line.contains(r"it'\''s"), "{line}");
    }

    #[test]
    fn a_picture_in_the_body_does_not_flood_the_terminal() {
        let body = serde_json::json!({ "data": "A".repeat(10_000) });
        let line = narration(|narrator| narrator.curl("POST", "http://h/x", None, Some(&body)));
        assert!(line.chars().count() < 400 && line.contains('…'));
    }

    #[test]
    fn steps_are_numbered() {
        let text = narration(|narrator| {
            narrator.step("first");
            narrator.step("second");
        });
        assert!(text.contains("1. first") && text.contains("2. second"));
    }
}
