//! `wagate mcp` as the program that it is: lines in, lines out, and nothing else.

use std::{process::Stdio, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::{
    app::{PATIENCE, TestApp},
    daemon::{Daemon, PROGRAM},
    mcp::{MODERN, meta, request},
};

struct Assistant {
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Assistant {
    fn start(arguments: &[&str], folder: &std::path::Path) -> Self {
        let mut child = Command::new(PROGRAM)
            .arg("mcp")
            .args(arguments)
            .current_dir(folder)
            .env_remove("WAGATE_API_KEY")
            .env_remove("WAGATE_URL")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, input, lines }
    }

    async fn say(&mut self, line: &str) {
        self.input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await;
        let line = line.expect("no line came").unwrap().expect("it ended");
        serde_json::from_str(&line).unwrap()
    }

    async fn ask(&mut self, message: &Value) -> Value {
        self.say(&message.to_string()).await;
        self.hear().await
    }

    /// Ends its input, and returns what else it said.
    async fn end(self) -> (i32, Vec<String>) {
        let Self { mut child, input, mut lines } = self;
        drop(input);
        let mut rest = Vec::new();
        let ended = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                rest.push(line);
            }
            child.wait().await.unwrap()
        };
        let status = tokio::time::timeout(Duration::from_secs(1), ended).await;
        let status = status.expect("it lives on").code().unwrap();
        let mut complaint = String::new();
        child.stderr.take().unwrap().read_to_string(&mut complaint).await.unwrap();
        assert_eq!(complaint, "");
        (status, rest)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_gateway_each_request_is_answered_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{free}");
    let mut assistant = Assistant::start(&["--url", &url, "--key", "wag_x"], folder.path());
    for id in [json!(7), json!("seven")] {
        let mut message = request("initialize", json!({}));
        message["id"] = id.clone();
        let answer = assistant.ask(&message).await;
        assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &id));
        assert_eq!(answer["error"]["code"], -32_000);
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(&url) && message.contains("wagate serve"), "{message}");
    }
    // A notification is not answered, and a line that is no message is.
    assistant.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).await;
    let answer = assistant.ask(&json!([])).await;
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&Value::Null, &json!(-32_600)));
    assistant.say("").await;
    assert_eq!(assistant.end().await, (0, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_gateway_it_speaks_in_both_eras_by_the_first_key_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(folder.path()).await;
    let port = daemon.base().rsplit(':').next().unwrap().to_owned();
    let mut assistant = Assistant::start(&["--data", "data", "--port", &port], folder.path());
    let client = json!({ "name": "test", "version": "1" });
    let hello =
        json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client });
    let answer = assistant.ask(&request("initialize", hello)).await;
    assert_eq!(answer["result"]["protocolVersion"], "2025-06-18", "{answer}");
    assistant.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).await;
    let draft = json!({ "name": "create_contact", "arguments": { "phone": "+15550001111", "name": "A \"B\" \\n" } });
    let answer = assistant.ask(&request("tools/call", draft)).await;
    assert_eq!(answer["result"]["isError"], false, "{answer}");
    let modern = json!({ "name": "get_contact", "arguments": { "phone": "+15550001111" }, "_meta": meta(MODERN) });
    let answer = assistant.ask(&request("tools/call", modern)).await;
    assert_eq!(answer["result"]["resultType"], "complete", "{answer}");
    let unknown = assistant.ask(&request("tools/call", json!({ "name": "nothing" }))).await;
    assert_eq!(unknown["error"]["code"], -32_602, "{unknown}");
    let long = request("tools/call", json!({ "name": "x".repeat(1_100_000) }));
    assert_eq!(assistant.ask(&long).await["error"]["code"], -32_600);
    // What was asked before the end of the input is answered after it.
    assistant.say(&request("tools/list", json!({})).to_string()).await;
    let (status, rest) = assistant.end().await;
    assert_eq!(status, 0);
    let last: Value = serde_json::from_str(&rest[0]).unwrap();
    assert!(last["result"]["tools"].is_array() && rest.len() == 1, "{rest:?}");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_the_gateway_is_an_error_with_its_reason() {
    let app = TestApp::start().await;
    let folder = tempfile::tempdir().unwrap();
    for (key, status, code) in [
        ("wag_x".to_owned(), 401, "unauthorized"),
        (app.key_of(&["read"], None).await, 403, "forbidden"),
    ] {
        let mut assistant = Assistant::start(&["--url", &app.base, "--key", &key], folder.path());
        let answer = assistant.ask(&request("ping", json!({}))).await;
        let error = &answer["error"];
        assert_eq!((&answer["id"], &error["code"]), (&json!(1), &json!(-32_000)));
        assert_eq!(
            (&error["data"]["status"], &error["data"]["code"]),
            (&json!(status), &json!(code))
        );
        assert_eq!(assistant.end().await.0, 0);
    }
    app.stop().await;
}
