//! The client against an endpoint on loopback.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::{
    config::{Assistant, Secret},
    egress::OwnPorts,
    providers::model::{
        openai::OpenAi,
        reply::{
            HANDOFF_MARK, LONGEST_REPLY, LanguageModel, ModelError, ModelRequest, Speaker, Turn,
        },
    },
};

/// What an endpoint does with a request: what it writes, piece by piece, and whether it closes the connection then.
#[derive(Clone)]
struct Says {
    pieces: Vec<Vec<u8>>,
    closes: bool,
}

fn says(pieces: &[&str]) -> Says {
    Says { pieces: pieces.iter().map(|piece| piece.as_bytes().to_vec()).collect(), closes: true }
}

const EVENTS: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
const HELLO: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\n";

struct Endpoint {
    base: String,
    requests: Arc<Mutex<Vec<String>>>,
    /// Connections that their caller closed.
    closed: watch::Receiver<usize>,
}

impl Endpoint {
    /// Answers one request after the other; the last answer counts for all that come then.
    async fn start(answers: Vec<Says>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/v1", listener.local_addr().unwrap());
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let (closes, closed) = watch::channel(0);
        let received = requests.clone();
        tokio::spawn(async move {
            for number in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                let answer = answers[number.min(answers.len() - 1)].clone();
                tokio::spawn(serve(stream, answer, received.clone(), closes.clone()));
            }
        });
        Self { base, requests, closed }
    }

    fn model(&self, change: impl FnOnce(&mut Assistant)) -> OpenAi {
        let mut settings = Assistant {
            base_url: self.base.clone(),
            api_key: Secret::from("s3cret"),
            model: "usual".to_owned(),
            temperature: 0.3,
            max_tokens: 512,
            first_token_seconds: 20,
            answer_seconds: 20,
            gather_seconds: 2,
            most_a_minute: 10,
            at_once: 32,
        };
        change(&mut settings);
        OpenAi::new(&settings, OwnPorts::default())
    }

    async fn reply(&self) -> Result<String, ModelError> {
        self.model(|_| ()).reply(&request()).await?.whole().await
    }

    fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

async fn serve(
    mut stream: TcpStream,
    answer: Says,
    received: Arc<Mutex<Vec<String>>>,
    closes: watch::Sender<usize>,
) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
            if length.parse::<usize>().unwrap() <= body.len() {
                break;
            }
        }
        let read = stream.read(&mut buffer).await.unwrap();
        assert_ne!(read, 0, "the request broke off");
        request.extend_from_slice(&buffer[..read]);
    }
    received.lock().unwrap().push(String::from_utf8(request).unwrap());
    for piece in answer.pieces {
        if stream.write_all(&piece).await.is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
    if !answer.closes {
        // Until the caller leaves.
        while stream.read(&mut buffer).await.is_ok_and(|read| 0 < read) {}
        closes.send_modify(|count| *count += 1);
    }
}

fn request() -> ModelRequest {
    let turn = |speaker, text: &str| Turn { speaker, text: text.to_owned() };
    ModelRequest {
        system: "Be kind.".to_owned(),
        turns: vec![
            turn(Speaker::User, "Hi"),
            turn(Speaker::Assistant, "Hello"),
            turn(Speaker::User, "Grüße?"),
        ],
        model: None,
        temperature: None,
        max_tokens: None,
        may_hand_off: false,
    }
}

fn bodies(endpoint: &Endpoint) -> Vec<Value> {
    let received = endpoint.requests.lock().unwrap().clone();
    let bodies = received.iter().map(|received| received.split_once("\r\n\r\n").unwrap().1);
    bodies.map(|body| serde_json::from_str(body).unwrap()).collect()
}

#[tokio::test]
async fn a_model_that_may_is_offered_the_hand_over_and_its_call_is_the_mark() {
    let call = "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"handoff\"}}]}}]}\n\n";
    let endpoint = Endpoint::start(vec![says(&[EVENTS, HELLO, call])]).await;
    let asked = ModelRequest { may_hand_off: true, ..request() };
    let said = endpoint.model(|_| ()).reply(&asked).await.unwrap().whole().await;
    assert_eq!(said, Ok(format!("Hello{HANDOFF_MARK}")));
    let offered = &bodies(&endpoint)[0]["tools"];
    assert_eq!(
        (&offered[0]["type"], &offered[0]["function"]["name"]),
        (&json!("function"), &json!("handoff"))
    );
    assert_eq!(endpoint.reply().await, Ok(format!("Hello{HANDOFF_MARK}")));
    assert!(bodies(&endpoint)[1].get("tools").is_none(), "not offered where it may not");
}

#[tokio::test]
async fn an_endpoint_that_knows_no_functions_is_asked_without_them_from_then_on() {
    let refused = says(&["HTTP/1.1 400 Bad\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"]);
    let endpoint = Endpoint::start(vec![refused.clone(), says(&[EVENTS, HELLO])]).await;
    let asked = ModelRequest { may_hand_off: true, ..request() };
    let model = endpoint.model(|_| ());
    for _ in 0..2 {
        assert_eq!(model.reply(&asked).await.unwrap().whole().await, Ok("Hello".to_owned()));
    }
    let offered =
        bodies(&endpoint).iter().map(|body| body.get("tools").is_some()).collect::<Vec<_>>();
    assert_eq!(offered, [true, false, false]);
    // Refused for another reason, it is still offered the next time.
    let endpoint = Endpoint::start(vec![refused]).await;
    let model = endpoint.model(|_| ());
    for _ in 0..2 {
        assert_eq!(model.reply(&asked).await.err(), Some(ModelError::Refused(400)));
    }
    let offered =
        bodies(&endpoint).iter().map(|body| body.get("tools").is_some()).collect::<Vec<_>>();
    assert_eq!(offered, [true, false, true, false]);
}

#[tokio::test]
async fn every_field_is_sent_and_a_reply_comes_piece_by_piece() {
    let cut = "data: {\"choices\":[{\"delta\":{\"content\":\" ü\"}}]}\r\n\r\n".as_bytes();
    let middle = cut.iter().position(|byte| *byte == 0xC3).unwrap() + 1;
    let mut answer = says(&[EVENTS, ": open\r\n\r\n", HELLO]);
    answer.pieces.extend([cut[..middle].to_vec(), cut[middle..].to_vec()]);
    answer.pieces.push(b"data: [DONE]\n\ndata: never read\n\n".to_vec());
    let endpoint = Endpoint::start(vec![answer]).await;
    let mut reply = endpoint.model(|_| ()).reply(&request()).await.unwrap();
    assert_eq!(reply.next().await, Some(Ok("Hello".to_owned())));
    assert_eq!(reply.next().await, Some(Ok(" ü".to_owned())));
    assert_eq!(reply.next().await, None);
    let own = ModelRequest { model: Some("own".to_owned()), temperature: Some(0.9), ..request() };
    let own = ModelRequest { system: String::new(), turns: own.turns[2..].to_vec(), ..own };
    endpoint.model(|_| ()).reply(&own).await.unwrap();
    let received = endpoint.requests.lock().unwrap().clone();
    let head = received[0].to_ascii_lowercase();
    assert!(head.starts_with("post /v1/chat/completions http/1.1\r\n"), "{head}");
    assert!(head.contains("authorization: bearer s3cret\r\n"), "{head}");
    assert!(head.contains("content-type: application/json\r\n"), "{head}");
    let bodies = received.iter().map(|received| received.split_once("\r\n\r\n").unwrap().1);
    let bodies: Vec<Value> = bodies.map(|body| serde_json::from_str(body).unwrap()).collect();
    let expected = json!({
        "model": "usual", "temperature": 0.3, "max_tokens": 512, "stream": true,
        "messages": [
            { "role": "system", "content": "Be kind." }, { "role": "user", "content": "Hi" },
            { "role": "assistant", "content": "Hello" }, { "role": "user", "content": "Grüße?" },
        ],
    });
    assert_eq!(bodies[0], expected);
    let expected = json!({
        "model": "own", "temperature": 0.9, "max_tokens": 512, "stream": true,
        "messages": [{ "role": "user", "content": "Grüße?" }],
    });
    assert_eq!(bodies[1], expected);
}

#[tokio::test]
async fn an_answer_without_a_stream_and_one_without_an_end_are_taken() {
    let body = "{\"choices\":[{\"message\":{\"content\":\"Whole\"}}]}";
    let plain = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{body}"
    );
    let endpoint = Endpoint::start(vec![says(&[&plain]), says(&[EVENTS, HELLO])]).await;
    assert_eq!(endpoint.reply().await, Ok("Whole".to_owned()));
    assert_eq!(endpoint.reply().await, Ok("Hello".to_owned()));
}

#[tokio::test]
async fn a_busy_endpoint_is_asked_again_and_others_are_not() {
    let busy = |line: &str| {
        says(&[&format!("HTTP/1.1 {line}\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n")])
    };
    let good = says(&[EVENTS, HELLO]);
    let endpoint = Endpoint::start(vec![busy("429 Slow"), busy("503 Busy"), good.clone()]).await;
    assert_eq!((endpoint.reply().await, endpoint.count()), (Ok("Hello".to_owned()), 3));
    let endpoint = Endpoint::start(vec![busy("500 Error")]).await;
    assert_eq!((endpoint.reply().await, endpoint.count()), (Err(ModelError::Busy), 3));
    let endpoint = Endpoint::start(vec![busy("401 Who")]).await;
    assert_eq!((endpoint.reply().await, endpoint.count()), (Err(ModelError::Refused(401)), 1));
    let long = says(&["HTTP/1.1 429 Slow\r\nretry-after: 600\r\ncontent-length: 0\r\n\r\n"]);
    let endpoint = Endpoint::start(vec![long, good]).await;
    assert_eq!((endpoint.reply().await, endpoint.count()), (Err(ModelError::Busy), 1));
    let broken = says(&[EVENTS, "data: {\n\n"]);
    let endpoint = Endpoint::start(vec![broken]).await;
    assert_eq!((endpoint.reply().await, endpoint.count()), (Err(ModelError::Broken), 1));
}

#[tokio::test]
async fn what_breaks_off_after_its_first_piece_is_not_asked_for_again() {
    let promised =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 999\r\n\r\n";
    let endpoint = Endpoint::start(vec![says(&[promised, HELLO])]).await;
    let mut reply = endpoint.model(|_| ()).reply(&request()).await.unwrap();
    assert_eq!(reply.next().await, Some(Ok("Hello".to_owned())));
    assert_eq!(reply.next().await, Some(Err(ModelError::Unreachable)));
    assert_eq!((reply.next().await, endpoint.count()), (None, 1));
}

#[tokio::test]
async fn a_stall_ends_at_its_deadline_and_a_caller_who_leaves_closes_the_connection() {
    let stalls = |pieces: &[&str]| Says { closes: false, ..says(pieces) };
    let mut endpoint = Endpoint::start(vec![stalls(&[EVENTS]), stalls(&[EVENTS, HELLO])]).await;
    let late = endpoint.model(|settings| settings.first_token_seconds = 1).reply(&request()).await;
    assert_eq!(late.unwrap_err(), ModelError::Late);
    let short = endpoint.model(|settings| settings.answer_seconds = 1);
    let mut reply = short.reply(&request()).await.unwrap();
    assert_eq!(reply.next().await, Some(Ok("Hello".to_owned())));
    let end = reply.next().await.unwrap().unwrap_err();
    assert!(matches!(end, ModelError::Late | ModelError::Unreachable), "{end:?}");
    assert_eq!(reply.next().await, None);
    drop(reply);
    let reply = endpoint.model(|_| ()).reply(&request()).await.unwrap();
    drop(reply);
    let closed = endpoint.closed.wait_for(|closed| *closed == 3);
    tokio::time::timeout(Duration::from_secs(20), closed).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_endless_reply_is_cut() {
    let long = "data: {\"choices\":[{\"delta\":{\"content\":\"".to_owned()
        + &"é".repeat(1_000)
        + "\"}}]}\n\n";
    let pieces: Vec<&str> =
        std::iter::once(EVENTS).chain(std::iter::repeat_n(long.as_str(), 40)).collect();
    let endpoint = Endpoint::start(vec![Says { closes: false, ..says(&pieces) }]).await;
    assert_eq!(endpoint.reply().await.unwrap().chars().count(), LONGEST_REPLY);
    let comments = ": nothing\n".repeat(100_000);
    let pieces: Vec<&str> =
        std::iter::once(EVENTS).chain(std::iter::repeat_n(comments.as_str(), 10)).collect();
    let endpoint = Endpoint::start(vec![says(&pieces)]).await;
    assert_eq!(endpoint.reply().await, Err(ModelError::Broken));
}
