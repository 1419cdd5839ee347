//! The log of the real program has a line for each call of a tool that may change something, and never what was said.

use std::{path::Path, time::Duration};

use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    app::PATIENCE,
    daemon::{Daemon, PROGRAM},
    mcp::{PATH, request},
};

const LOG: &str = "stderr.log";

/// Lines of the log about calls of tools, once there are so many.
async fn lines(folder: &Path, count: usize) -> Vec<String> {
    let read = async {
        loop {
            let text = std::fs::read_to_string(folder.join(LOG)).unwrap();
            let lines = text.lines().filter(|line| line.contains(" was called by "));
            let lines: Vec<String> = lines.map(str::to_owned).collect();
            if count <= lines.len() {
                return lines;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, read).await.expect("the lines are not in the log")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_may_change_something_is_in_the_log_with_who_called_and_how_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", &format!("exec \"$0\" \"$@\" 2>{LOG}"), PROGRAM]);
    let daemon = Daemon::run(command, folder.path(), 0, &[("WAGATE_LOG__FILTER", "info")]).await;
    let scopes = json!({ "name": "bot", "scopes": ["mcp", "contacts"] });
    let made = daemon.post("/api/v1/api-keys", scopes).await;
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    let call = async |tool: &str, arguments: Value| {
        let params = json!({ "name": tool, "arguments": arguments });
        let asked = daemon.http.post(format!("{}{PATH}", daemon.base)).bearer_auth(key);
        let answer = asked.json(&request("tools/call", params)).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        answer["result"]["structuredContent"]["code"].as_str().unwrap_or("done").to_owned()
    };
    let draft = json!({ "phone": "+15550009876", "name": "Zaphod Beeblebrox" });
    let message = json!({ "to": "+15550009876", "text": "Forty-two" });
    // Who only reads leaves no line.
    for (tool, arguments, outcome, is_logged) in [
        ("list_contacts", json!({ "search": "Beeblebrox" }), "done", false),
        ("create_contact", draft.clone(), "done", true),
        ("create_contact", draft, "duplicate", true),
        ("create_contact", json!({ "phone": "Zarquon" }), "validation_error", true),
        ("get_contact", json!({ "phone": "+15550009876" }), "done", false),
        ("send_message", message, "forbidden", true),
    ] {
        let before = lines(folder.path(), 0).await.len();
        assert_eq!(call(tool, arguments).await, outcome, "{tool}");
        let all = lines(folder.path(), before + usize::from(is_logged)).await;
        assert_eq!(all.len(), before + usize::from(is_logged), "{tool}: {all:#?}");
        let expected = format!("the tool {tool} was called by key {id}: {outcome}");
        let is_last = all.last().is_some_and(|line| line.contains(&expected));
        assert_eq!(is_last, is_logged, "{expected}: {all:#?}");
    }
    let whole = std::fs::read_to_string(folder.path().join(LOG)).unwrap();
    for said in ["Beeblebrox", "Forty-two", "Zarquon", "15550009876", key] {
        assert!(!whole.contains(said), "{said} is in the log");
    }
    daemon.stop().await;
}
