//! Script of the demonstration: link a phone, send, receive the echo, follow the receipts, read, and serve a customer.

use std::io::Write;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use reqwest::Method;
use serde_json::{Value, json};

use crate::demo::{
    Narrator, business,
    client::{Client, Listener},
    story::{DemoError, PHONE, SESSION, Story, failed, text},
};

/// A contact of the simulated network that sends every message back.
const ECHO: &str = "15550000001@c.us";
const SILENT: &str = "15550000003@c.us";

/// Result of the script.
pub struct Ending {
    pub steps: usize,
}

/// Runs the script against the gateway at `base` (`http://host:port`).
pub async fn play<W: Write>(
    narrator: &mut Narrator<W>,
    http: reqwest::Client,
    base: String,
) -> Result<Ending, DemoError> {
    let mut story = Story::new(narrator, Client::new(http, base));
    story.check_health().await?;
    story.create_session().await?;
    let mut listener = story.listen().await?;
    story.scan(&mut listener).await?;
    story.send_text(&mut listener).await?;
    story.send_picture(&mut listener).await?;
    story.list_chats().await?;
    story.create_group(&mut listener).await?;
    business::play(&mut story, &mut listener).await?;
    Ok(Ending { steps: story.steps() })
}

impl<W: Write> Story<'_, W> {
    async fn check_health(&mut self) -> Result<(), DemoError> {
        let since = self.open("Is the gateway up?");
        let answer = self.request("health", Method::GET, "/api/v1/health", None).await?;
        let status = text(&answer, "/data/status").to_owned();
        self.narrator.done(since, &format!("it says: {status}"));
        Ok(())
    }

    async fn create_session(&mut self) -> Result<(), DemoError> {
        let since = self.open("Create a session and get its QR code");
        let body = json!({ "sessionId": SESSION, "waitForQR": true });
        let step = "create a session";
        let answer = self.request(step, Method::POST, "/api/v1/sessions", Some(&body)).await?;
        let status = text(&answer, "/data/status").to_owned();
        self.narrator.done(since, &format!("session \"{SESSION}\" is {status}"));
        Ok(())
    }

    async fn listen(&mut self) -> Result<Listener, DemoError> {
        let since = self.open("Listen to its events over a WebSocket");
        let url = self.client.url(&format!("/ws/{SESSION}")).replacen("http", "ws", 1);
        self.narrator.say(&format!("$ websocat '{url}'"));
        let listener = self.client.listen(SESSION).await;
        let listener = listener.map_err(|reason| failed("open the WebSocket", &reason))?;
        self.narrator.done(since, "connected");
        Ok(listener)
    }

    async fn scan(&mut self, listener: &mut Listener) -> Result<(), DemoError> {
        let since = self.open("Scan the code with the simulated phone");
        let path = format!("/api/v1/sessions/{SESSION}/qr?format=text");
        let answer = self.request("fetch the QR code", Method::GET, &path, None).await?;
        let code = text(&answer, "/data/qrText").to_owned();
        self.narrator.qr(&code);
        let path = format!("/_simulator/v1/accounts/{PHONE}/scan");
        let body = json!({ "code": code });
        self.request("scan the QR code", Method::POST, &path, Some(&body)).await?;
        let ready = self.event(listener, "become ready", |frame| frame["event"] == "ready").await?;
        let number = text(&ready, "/data/phoneNumber").to_owned();
        self.narrator.done(since, &format!("linked to +{number} and ready"));
        Ok(())
    }

    async fn send_text(&mut self, listener: &mut Listener) -> Result<(), DemoError> {
        let since = self.open("Send a text and hear its echo");
        let path = format!("/api/v1/sessions/{SESSION}/send-text");
        let body = json!({ "chatId": ECHO, "content": "Hello from wagate!" });
        let answer = self.request("send a text", Method::POST, &path, Some(&body)).await?;
        let id = text(&answer, "/data/messageId").to_owned();
        self.narrator.done(since, &format!("sent as {id}"));
        let echo = |frame: &Value| {
            frame["event"] == "message" && text(frame, "/data/body").contains("Hello from wagate!")
        };
        let echo = self.event(listener, "receive the echo", echo).await?;
        let body = text(&echo, "/data/body").to_owned();
        self.narrator.done(since, &format!("the echo came in over the WebSocket: \"{body}\""));
        for (ack, word) in [(2, "delivered ✓✓"), (3, "read")] {
            let of_it = |frame: &Value| {
                frame["event"] == "ack"
                    && text(frame, "/data/id") == id
                    && frame["data"]["ack"] == ack
            };
            self.event(listener, &format!("see ack {ack}"), of_it).await?;
            self.narrator.done(since, &format!("ack {ack}: {word}"));
        }
        Ok(())
    }

    async fn send_picture(&mut self, listener: &mut Listener) -> Result<(), DemoError> {
        let since = self.open("Send a picture and get it back");
        let picture = painted().map_err(|reason| failed("paint a picture", &reason))?;
        let data = format!("data:image/png;base64,{}", BASE64.encode(picture));
        let body = json!({ "chatId": ECHO, "data": data, "filename": "sunrise.png", "caption": "A sunrise" });
        let path = format!("/api/v1/sessions/{SESSION}/send-image");
        let answer = self.request("send a picture", Method::POST, &path, Some(&body)).await?;
        let size = answer["data"]["size"].as_u64().unwrap_or_default();
        self.narrator.done(since, &format!("sent, {size} bytes"));
        let echo =
            |frame: &Value| frame["event"] == "message" && text(frame, "/data/type") == "image";
        let echo = self.event(listener, "receive the picture", echo).await?;
        let mime = text(&echo, "/data/mimetype").to_owned();
        self.narrator.done(since, &format!("the picture came back as {mime}"));
        Ok(())
    }

    async fn list_chats(&mut self) -> Result<(), DemoError> {
        let since = self.open("List the chats");
        let path = format!("/api/v1/sessions/{SESSION}/chats?limit=5");
        let answer = self.request("list the chats", Method::GET, &path, None).await?;
        let chats = answer["data"].as_array().cloned().unwrap_or_default();
        if chats.is_empty() {
            return Err(failed("list the chats", "there are none"));
        }
        for chat in &chats {
            let (name, last) = (text(chat, "/name"), text(chat, "/lastMessage/body"));
            self.narrator.say(&format!("· {name}: {last}"));
        }
        self.narrator.done(since, &format!("{} chats, newest first", chats.len()));
        Ok(())
    }

    async fn create_group(&mut self, listener: &mut Listener) -> Result<(), DemoError> {
        let since = self.open("Create a group");
        let body = json!({ "name": "Demo group", "participants": [ECHO, SILENT] });
        let path = format!("/api/v1/sessions/{SESSION}/groups");
        let answer = self.request("create a group", Method::POST, &path, Some(&body)).await?;
        let gid = text(&answer, "/data/gid").to_owned();
        let added = answer["data"]["participants"].as_array().map_or(0, Vec::len);
        let joined = |frame: &Value| frame["event"] == "group_join";
        self.event(listener, "hear of the group", joined).await?;
        self.narrator.done(since, &format!("{gid} with {added} people"));
        Ok(())
    }
}

/// A small picture of a sunrise, as PNG.
fn painted() -> Result<Vec<u8>, String> {
    let picture = image::RgbImage::from_fn(160, 100, |x, y| {
        let (from_sun_x, from_sun_y) = (x.abs_diff(80), y.abs_diff(70));
        let in_sun = from_sun_x.pow(2) + from_sun_y.pow(2) < 24 * 24;
        let glow = u8::try_from(y).unwrap_or(u8::MAX);
        match (in_sun, 70 < y) {
            (_, true) => image::Rgb([20, 60, 90 + glow / 2]),
            (true, false) => image::Rgb([255, 220, 90]),
            (false, false) => image::Rgb([120 + glow, 80 + glow, 140]),
        }
    });
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).map_err(|error| error.to_string())?;
    Ok(png.into_inner())
}
