//! A session that is called off or fails says why, and leaves nothing behind; a proxy that is dead is no crash.

use std::{path::PathBuf, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use crate::stage::{Stage, code};

const SESSIONS: &str = "/api/v1/sessions";

fn folder_of(stage: &Stage, session: &str) -> PathBuf {
    stage.data().join("sessions").join(session)
}

async fn a_start_that_is_called_off_leaves_no_folder(stage: Stage) {
    let mut folders = Vec::new();
    for (number, pause) in [0, 60, 120, 200, 200, 300, 500].into_iter().enumerate() {
        let id = format!("gone-{number}");
        let config = json!({ "engine": stage.engine });
        let body = json!({ "sessionId": id, "waitForQR": false, "config": config });
        let (status, answer) = stage.post(SESSIONS, body).await;
        assert_eq!(status, 201, "{answer}");
        // How far the start has come is what varies.
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let path = format!("{SESSIONS}/{id}");
        let (status, answer) = stage.call(Method::DELETE, &path, None).await;
        assert_eq!(status, 200, "{answer}");
        assert!(!folder_of(&stage, &id).exists(), "removed after {pause} ms");
        folders.push(folder_of(&stage, &id));
    }
    // A browser that was left would have made its folder again by the time that another one is up.
    let config = json!({ "engine": stage.engine });
    stage.post(SESSIONS, json!({ "sessionId": "last", "config": config })).await;
    let left: Vec<&PathBuf> = folders.iter().filter(|folder| folder.exists()).collect();
    assert_eq!(left, Vec::<&PathBuf>::new());
    assert!(folder_of(&stage, "last").exists() || stage.engine == "simulated");
    stage.end().await;
}

async fn a_code_that_nobody_scanned_is_no_fault_of_the_gateway(stage: Stage) {
    let config = json!({ "engine": stage.engine, "qrTimeout": 1 });
    let body = json!({ "sessionId": "unscanned", "waitForQR": false, "config": config });
    let (status, answer) = stage.post(SESSIONS, body).await;
    assert_eq!(status, 201, "{answer}");
    let path = format!("{SESSIONS}/unscanned");
    let session = stage.until("the end", || failed(&stage, &path)).await;
    assert_eq!(session["failure"], "QR_TIMEOUT", "{session}");
    for way in ["qr", "qr?wait=true", "qr/image", "qr.png"] {
        let (status, answer) = stage.get(&format!("{path}/{way}")).await;
        assert_eq!((status, code(&answer)), (404, "QR_NOT_AVAILABLE"), "{way}: {answer}");
        let error = &answer["error"];
        assert_eq!(error["details"]["failure"], "QR_TIMEOUT", "{way}: {answer}");
        let last = error["details"]["lastError"].as_str().unwrap();
        assert_eq!(session["lastError"], last, "{way}");
        assert!(error["message"].as_str().unwrap().contains(last), "{way}: {answer}");
    }
    let (_, health) = stage.get("/health").await;
    assert_eq!(health["data"]["checks"]["sessions"], "ok", "{health}");
    stage.end().await;
}

async fn failed(stage: &Stage, path: &str) -> Option<Value> {
    let session = stage.get(path).await.1["data"].clone();
    (session["status"] == "failed").then_some(session)
}

async fn a_dead_proxy_is_no_crash_and_is_named(stage: Stage) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let proxy = json!({ "protocol": "http", "address": address.to_string() });
    let config = json!({ "engine": stage.engine, "proxyServerCredentials": proxy });
    let body = json!({ "sessionId": "abroad", "config": config });
    let (status, answer) = stage.post(SESSIONS, body).await;
    assert_eq!(status, 502, "{answer}");
    let error = &answer["error"];
    assert_eq!(error["details"]["failure"], "PROXY_FAILED", "{answer}");
    assert!(error["message"].as_str().unwrap().contains(&address.to_string()), "{answer}");

    let path = format!("{SESSIONS}/abroad");
    let session = stage.until("the failure", || failed(&stage, &path)).await;
    assert_eq!(session["failure"], "PROXY_FAILED", "{session}");
    assert_eq!(session["restarts"], 0, "{session}");
    let (status, answer) = stage.get(&format!("{path}/qr")).await;
    assert_eq!((status, code(&answer)), (404, "QR_NOT_AVAILABLE"), "{answer}");
    assert_eq!(answer["error"]["details"]["failure"], "PROXY_FAILED", "{answer}");

    // It is tried again by itself; a start that is asked for does not wait for that.
    let listener = TcpListener::bind(address).await.unwrap();
    let serving = tokio::spawn(serve(listener));
    let (status, answer) = stage.post(&format!("{path}/restart"), json!({})).await;
    assert_eq!(status, 200, "{answer}");
    let is_back = async || {
        let session = stage.get(&path).await.1["data"].clone();
        (session["status"] == "qr_ready").then_some(session)
    };
    let session = stage.until("the code", is_back).await;
    assert_eq!((&session["failure"], &session["lastError"]), (&Value::Null, &Value::Null));
    let reported = disconnected(&stage).await;
    assert_eq!(reported, [json!({ "reason": "CONNECTION_LOST", "willReconnect": true })]);
    serving.abort();
    stage.end().await;
}

/// What was reported of connections of the session `abroad` that ended.
async fn disconnected(stage: &Stage) -> Vec<Value> {
    let url = format!("{}{SESSIONS}/abroad/events?since=0", stage.daemon.base);
    let mut response = stage.daemon.http.get(url).send().await.unwrap();
    let mut text = String::new();
    while !text.contains("event: qr") {
        text.push_str(std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap());
    }
    let events = text.lines().filter_map(|line| line.strip_prefix("data:"));
    let events = events.map(|data| serde_json::from_str::<Value>(data).unwrap());
    let gone = events.filter(|event| event["event"] == "disconnected");
    gone.map(|event| {
        let data = &event["data"];
        json!({ "reason": data["reason"], "willReconnect": data["willReconnect"] })
    })
    .collect()
}

/// A proxy that leads to whatever it is asked for.
async fn serve(listener: TcpListener) {
    while let Ok((socket, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut socket = BufReader::new(socket);
            let (mut target, mut line) = (String::new(), String::new());
            while socket.read_line(&mut line).await.unwrap_or(0) != 0 && !line.trim().is_empty() {
                if let Some(asked) = line.strip_prefix("CONNECT ") {
                    target = asked.split(' ').next().unwrap_or_default().to_owned();
                }
                line.clear();
            }
            let Ok(mut onward) = TcpStream::connect(target).await else { return };
            if socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.is_ok() {
                let _ = copy_bidirectional(&mut socket, &mut onward).await;
            }
        });
    }
}

on_both_engines! {
    a_dead_proxy_is_no_crash_and_is_named
    a_start_that_is_called_off_leaves_no_folder
    a_code_that_nobody_scanned_is_no_fault_of_the_gateway
}
