//! A file is what its content says, however it was sent; and its name is a name.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::stage::{ADA, GRACE, OWN, PNG, Stage, code};

const PDF: &str = "%PDF-1.4\n%%EOF\n";
const PRIVATE: (&str, &str) = ("WAGATE_MEDIA__ALLOW_PRIVATE_SOURCES", "true");

/// What Ada's phone got last, once it has so many messages.
async fn arrived(stage: &Stage, count: usize) -> Value {
    let last = || async {
        let messages = stage.on_phone(ADA, &format!("{OWN}@c.us")).await;
        (messages.len() == count).then(|| messages.last().cloned().unwrap())
    };
    stage.until("the message", last).await
}

fn url(declared: &str, content: &[u8]) -> String {
    format!("data:{declared};base64,{}", BASE64.encode(content))
}

async fn the_content_says_what_a_file_is(stage: Stage) {
    let chat = format!("{ADA}@c.us");
    let cases = [
        ("invoice.pdf", url("application/octet-stream", PDF.as_bytes()), "application/pdf"),
        ("invoice", url("text/plain", PDF.as_bytes()), "application/pdf"),
        ("table.csv", url("application/octet-stream", b"a;b\n1;2\n"), "text/csv"),
        ("sign.svg", url("application/octet-stream", b"<svg xmlns='x'></svg>"), "image/svg+xml"),
        ("data", url("", b"{\"a\": [1, 2]}"), "application/json"),
        ("thing.docx", url("application/octet-stream", b"\0\x01\x02"), DOCX),
        ("dot.jpg", PNG.replace("image/png", "image/jpg"), "image/png"),
    ];
    let mut count = 0;
    for (filename, data, expected) in cases {
        let body = json!({ "chatId": chat, "data": data, "filename": filename });
        let (status, answer) = stage.post("/api/v1/sessions/a/send-file", body).await;
        assert_eq!((status, &answer["data"]["mimetype"]), (200, &json!(expected)), "{answer}");
        count += 1;
        let message = arrived(&stage, count).await;
        assert_eq!(message["media"]["mime"], expected, "{filename}: {message}");
        let name = message["media"]["filename"].as_str().unwrap();
        assert!(name.starts_with(filename) && name.contains('.'), "{message}");
    }

    // Base64 as usual tools write it.
    let (head, content) = PNG.split_once(',').unwrap();
    let lines: Vec<&str> =
        content.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    for data in [
        format!("{head},{}\n", lines.join("\n")),
        format!("{head},{}", lines.join("\r\n")),
        format!("{head},{}", content.trim_end_matches('=')),
        PNG.replace(";base64", "; BASE64 "),
        PNG.replace("image/png", "image/jpg"),
        PNG.replace("image/png", ""),
    ] {
        let body = json!({ "chatId": chat, "data": data });
        let (status, answer) = stage.post("/api/v1/sessions/a/send-image", body).await;
        assert_eq!((status, &answer["data"]["mimetype"]), (200, &json!("image/png")), "{answer}");
        count += 1;
        assert_eq!(arrived(&stage, count).await["media"]["size"], 70);
        let body = json!({
            "instance_id": "a", "recipient": chat, "media_type": "image", "media_data": data,
        });
        let (status, answer) = stage.post("/api/v1/chat/send-media", body).await;
        assert_eq!(status, 200, "{answer}");
        count += 1;
        arrived(&stage, count).await;
    }

    // What is no picture or no base64 is refused by name and place.
    let svg = url("image/png", b"<svg xmlns='x'></svg>");
    for (data, expected, words) in [
        (svg.as_str(), "UNSUPPORTED_MEDIA", "image/svg+xml"),
        ("data:image/png;base64,iVBO*w0K", "VALIDATION_ERROR", "'*' at byte 26"),
        ("data:image/png;base64,iVBO-w0K", "VALIDATION_ERROR", "alphabet for URLs"),
        ("data:image/png;base64,iVBOR", "VALIDATION_ERROR", "cut off"),
        ("iVBORw0KGgo=", "VALIDATION_ERROR", "data URL"),
    ] {
        let body = json!({ "chatId": chat, "data": data });
        let (status, answer) = stage.post("/api/v1/sessions/a/send-image", body).await;
        assert_eq!((status, code(&answer)), (400, expected), "{answer}");
        let fault = answer["error"]["details"]["fields"]["data"][0].as_str().unwrap_or_default();
        assert!(fault.contains(words), "{words}: {answer}");
        let body = json!({
            "instance_id": "a", "recipient": chat, "media_type": "image", "media_data": data,
        });
        let (status, answer) = stage.post("/api/v1/chat/send-media", body).await;
        assert_eq!(status, 422, "{answer}");
        assert!(answer["error"]["details"]["fields"]["media_data"].is_array(), "{answer}");
    }
    stage.end().await;
}

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// Answers each request with a PDF file under one of these heads.
async fn serve(heads: &'static [&'static str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for head in heads {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4_096]).await;
            let length = PDF.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n{head}\r\n\r\n{PDF}"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    url
}

async fn a_fetched_file_has_the_name_that_its_server_gives_it(stage: Stage) {
    let base = serve(&[
        "content-type: application/pdf; charset=utf-8\r\n\
         content-disposition: attachment; filename*=UTF-8''Relat%C3%B3rio%202024.pdf",
        "content-disposition: attachment; filename=\"..\\\\..\\\\2024/report.pdf\"",
        "content-disposition: attachment; filename=\"report\"",
        "content-type: application/octet-stream",
        "content-type: text/html",
        "content-type: application/pdf",
    ])
    .await;
    let cases = [
        ("/gettable?fileName=%2FAPP%2FINSPECT-1%20A.pdf", None, "Relatório 2024.pdf"),
        ("/gettable", None, "report.pdf"),
        ("/gettable.php", None, "report.pdf"),
        ("/INSPECT-1%20A", None, "INSPECT-1 A.pdf"),
        ("/show.php?id=1", None, "show.php.pdf"),
        ("/other.pdf", Some("my own.pdf"), "my own.pdf"),
    ];
    for (count, (path, filename, expected)) in (1..).zip(cases) {
        let mut body = json!({
            "instance_id": "a", "recipient": ADA, "media_type": "document",
            "media_url": format!("{base}{path}"),
        });
        if let Some(filename) = filename {
            body["filename"] = json!(filename);
        }
        let (status, answer) = stage.post("/api/v1/chat/send-media", body).await;
        let media = &answer["data"]["message"]["media"];
        assert_eq!((status, &media["filename"]), (200, &json!(expected)), "{path}: {answer}");
        let message = arrived(&stage, count).await;
        let got = (&message["media"]["filename"], &message["media"]["mime"]);
        assert_eq!(got, (&json!(expected), &json!("application/pdf")), "{path}");
    }
    stage.end().await;
}

async fn the_name_of_a_file_that_comes_in_is_no_path(stage: Stage) {
    let mut events = stage.events().await;
    let cases = [
        ("../2024/x.txt", json!("x.txt")),
        ("..\\..\\evil.txt", json!("evil.txt")),
        ("C:\\boot.ini", json!("boot.ini")),
        ("gpj.\u{202e}exe", json!("gpj.exe")),
        ("..", Value::Null),
        ("日本語 👍.txt", json!("日本語 👍.txt")),
    ];
    for (given, expected) in cases {
        let body = json!({
            "chat": format!("{OWN}@c.us"), "mediaBase64": "aGVs\nbG8", "mime": "text/plain",
            "filename": given,
        });
        let written = stage.phone(GRACE, "messages", body).await;
        let key = written["message"]["id"].as_str().unwrap().split('_').nth(2).unwrap();
        let is_it = |data: &Value| data["id"].as_str().is_some_and(|id| id.contains(key));
        let event = events.next("message", is_it).await;
        assert_eq!(event["data"]["filename"], expected, "{given}");
        let list = stage.ask(&format!("chats/{GRACE}@c.us/messages?limit=20")).await;
        let all = list.as_array().unwrap();
        let listed = all.iter().find(|message| is_it(message)).unwrap();
        assert_eq!(listed["filename"], expected, "{given}");
        let path = listed["mediaPath"].as_str().unwrap();
        let url = format!("{}/api/v1/sessions/a/{path}", stage.daemon.base);
        let file = stage.daemon.http.get(url).send().await.unwrap();
        let name = file.headers()["content-disposition"].to_str().unwrap().to_owned();
        assert!(!name.contains("%2F") && !name.contains("%5C"), "{name}");
        assert_eq!(file.bytes().await.unwrap(), "hello");
    }
    stage.end().await;
}

mod simulated {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_fetched_file_has_the_name_that_its_server_gives_it() {
        let stage = Stage::start_with("simulated", &[PRIVATE]).await;
        super::a_fetched_file_has_the_name_that_its_server_gives_it(stage).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_content_says_what_a_file_is() {
        super::the_content_says_what_a_file_is(Stage::start("simulated").await).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_name_of_a_file_that_comes_in_is_no_path() {
        super::the_name_of_a_file_that_comes_in_is_no_path(Stage::start("simulated").await).await;
    }
}

mod browser {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_fetched_file_has_the_name_that_its_server_gives_it() {
        let stage = Stage::start_with("browser", &[PRIVATE]).await;
        super::a_fetched_file_has_the_name_that_its_server_gives_it(stage).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_content_says_what_a_file_is() {
        super::the_content_says_what_a_file_is(Stage::start("browser").await).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_name_of_a_file_that_comes_in_is_no_path() {
        super::the_name_of_a_file_that_comes_in_is_no_path(Stage::start("browser").await).await;
    }
}
