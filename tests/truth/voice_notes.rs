//! A voice note plays on phones only as Ogg with Opus: anything else is refused by name, before it is
//! accepted.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};

use crate::stage::{ADA, OWN, Stage, code};

/// A page of an Ogg file.
fn page(position: u64, packet: &[u8]) -> Vec<u8> {
    let mut page = b"OggS\x00\x02".to_vec();
    page.extend(position.to_le_bytes());
    page.extend([7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    page.push(u8::try_from(packet.len()).unwrap());
    page.extend(packet);
    page
}

fn opus() -> Vec<u8> {
    let head = page(0, b"OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0");
    [head, page(0, b"OpusTags\0\0\0\0\0\0\0\0"), page(144_312, b"sound")].concat()
}

fn url(declared: &str, content: &[u8]) -> String {
    format!("data:{declared};base64,{}", BASE64.encode(content))
}

async fn only_ogg_with_opus_is_a_voice_note(stage: Stage) {
    let vorbis = page(0, b"\x01vorbis\0\0\0\0\x01\x44\xac\0\0");
    let mp3 = b"ID3\x03\0\0\0\0\0\0\xff\xfb\x90\0".to_vec();
    let wave = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0".to_vec();
    let (send, chat) = ("/api/v1/sessions/a/send-audio", format!("{ADA}@c.us"));
    for (content, is_named) in [
        (&mp3, "audio/mpeg"),
        (&vorbis, "audio/ogg"),
        (&wave, "audio/wav"),
        (&b"hello".to_vec(), "text/plain"),
        (&b"OggS".to_vec(), ""),
    ] {
        let data = url("audio/ogg; codecs=opus", content);
        for when in ["", "queue", "sendAt"] {
            let mut body = json!({ "chatId": chat, "ptt": true, "data": data });
            match when {
                "queue" => body["queue"] = json!(true),
                "sendAt" => body["sendAt"] = json!(in_an_hour()),
                _ => (),
            }
            let (status, answer) = stage.post(send, body).await;
            assert_eq!((status, code(&answer)), (400, "UNSUPPORTED_MEDIA"), "{when}: {answer}");
            let message = answer["error"]["message"].as_str().unwrap();
            assert!(message.contains("voice note must be Ogg with Opus"), "{message}");
            assert!(message.contains(is_named), "{is_named}: {message}");
        }
        for path in ["/api/v1/chat/send-media", "/api/v1/messages/send-media"] {
            let body = json!({
                "instance_id": "a", "recipient": chat, "media_type": "voice", "media_data": data,
            });
            let (status, answer) = stage.post(path, body).await;
            assert_eq!((status, code(&answer)), (422, "MEDIA_TYPE_MISMATCH"), "{answer}");
        }
    }
    let (_, outbox) = stage.get("/api/v1/sessions/a/outbox").await;
    assert_eq!(outbox["data"]["outbox"], json!([]), "something was accepted: {outbox}");

    let body = json!({
        "chatId": chat, "ptt": true, "data": url("application/octet-stream", &opus()),
    });
    let (status, answer) = stage.post(send, body).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["data"]["mimetype"], "audio/ogg; codecs=opus", "{answer}");
    let body = json!({
        "instance_id": "a", "recipient": chat, "media_type": "voice",
        "media_data": url("audio/mpeg", &opus()),
    });
    let (status, answer) = stage.post("/api/v1/chat/send-media", body).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["data"]["message"]["media"]["is_voice_note"], true, "{answer}");
    assert_eq!(answer["data"]["message"]["duration_seconds"], 3, "{answer}");
    // As sound, other kinds go as well; text does not.
    let body = json!({ "chatId": chat, "data": url("audio/ogg", &mp3) });
    let (status, answer) = stage.post(send, body).await;
    assert_eq!((status, &answer["data"]["mimetype"]), (200, &json!("audio/mpeg")), "{answer}");
    let body = json!({ "chatId": chat, "data": url("audio/ogg", b"hello") });
    let (status, answer) = stage.post(send, body).await;
    assert_eq!((status, code(&answer)), (400, "UNSUPPORTED_MEDIA"), "{answer}");

    let got = stage
        .until("the voice notes", || async {
            let messages = stage.on_phone(ADA, &format!("{OWN}@c.us")).await;
            (messages.len() == 3).then_some(messages)
        })
        .await;
    let kinds: Vec<(&Value, &Value)> =
        got.iter().map(|message| (&message["kind"], &message["media"]["mime"])).collect();
    let (voice, opus, audio) = (json!("voice"), json!("audio/ogg; codecs=opus"), json!("audio"));
    assert_eq!(kinds, [(&voice, &opus), (&voice, &opus), (&audio, &json!("audio/mpeg"))]);
    stage.end().await;
}

fn in_an_hour() -> String {
    (wagate::domain::Clock::system().now() + std::time::Duration::from_secs(3_600)).to_string()
}

on_both_engines! {
    only_ogg_with_opus_is_a_voice_note
}
