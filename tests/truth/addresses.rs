//! An address is read the same way on every surface: understood however it is written, or refused with a
//! hint. Nobody is invented.

use serde_json::{Value, json};

use crate::stage::{ADA, OWN, SESSION, Stage, code};

const ADA_ID: &str = "15550000011@c.us";
/// Ada's number as people copy it.
const WRITTEN: [&str; 11] = [
    "+1 (555) 000-0011",
    "+1\u{a0}555\u{a0}000\u{a0}0011",
    "\u{202a}+1 555 000 0011\u{202c}",
    "+1\u{2011}555\u{2011}000\u{2011}0011",
    "\t+15550000011\n",
    "tel:+1-555-000-0011",
    "0015550000011",
    "+15550000011@c.us",
    "+1 555 000 0011@s.whatsapp.net",
    "\u{ff0b}\u{ff11}\u{ff15}\u{ff15}\u{ff15}\u{ff10}\u{ff10}\u{ff10}\u{ff10}\u{ff10}\u{ff11}\u{ff11}",
    "\u{661}\u{665}\u{665}\u{665}\u{660}\u{660}\u{660}\u{660}\u{660}\u{661}\u{661}",
];
/// Links to a chat with her, which name her clearly.
const LINKS: [&str; 4] = [
    "https://wa.me/15550000011",
    "wa.me/+15550000011?text=Hi",
    "https://api.whatsapp.com/send?phone=15550000011",
    "whatsapp:+15550000011",
];
/// What would reach nobody or somebody else, and what the error says of it.
const REFUSED: [(&str, &str); 10] = [
    ("120363000000000000", "120363000000000000@g.us"),
    ("120363000000000000@c.us", "120363000000000000@g.us"),
    ("0555 000 0011", "country code"),
    ("05550000011@c.us", "country code"),
    ("+44 (0)20 7946 0958", "(0)"),
    ("tel:+15550000011;ext=5", "extension"),
    ("123", "too short"),
    ("https://wa.me/message/ABC", "names no telephone number"),
    ("https://chat.whatsapp.com/ABC", "invitation to a group"),
    ("\u{202e}nobody", r"\u{202e}nobody"),
];

async fn a_number_is_the_same_however_it_is_written(stage: Stage) {
    for text in WRITTEN {
        let sent = stage.send("send-message", json!({ "to": text, "message": text })).await;
        assert_eq!(sent["chatId"], ADA_ID, "{text:?}");
        let body = json!({ "instance_id": "a", "recipient": text, "message": text });
        let (status, answer) = stage.post("/api/v1/chat/send", body).await;
        assert_eq!(status, 200, "{text:?}: {answer}");
        assert_eq!(answer["data"]["conversation"]["contact_number"], ADA, "{text:?}");
    }
    for link in LINKS {
        let sent = stage.send("send-message", json!({ "to": link, "message": "x" })).await;
        assert_eq!(sent["chatId"], ADA_ID, "{link}");
        let sent = stage.send("send-text", json!({ "chatId": link, "content": "x" })).await;
        assert_eq!(sent["chatId"], ADA_ID, "{link}");
        let body = json!({ "instance_id": "a", "recipient": link, "message": "x" });
        let (status, answer) = stage.post("/api/v1/chat/send", body).await;
        assert_eq!(status, 200, "{link}: {answer}");
        assert_eq!(answer["data"]["conversation"]["contact_number"], ADA, "{link}");
    }
    let body = json!({ "chatId": "+1\u{a0}555\u{a0}000\u{a0}0011@c.us", "content": "by id" });
    assert_eq!(stage.send("send-text", body).await["chatId"], ADA_ID);
    // A list of people takes numbers too.
    let people = json!(["+1 555 000 0011", "tel:+1-555-000-0012"]);
    let made = stage.send("groups", json!({ "name": "Kitchen", "participants": people })).await;
    let ids: Vec<&Value> =
        made["participants"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, [ADA_ID, "15550000012@c.us"]);
    let found = stage.ask("contacts/+1%20555%C2%A0000%200011").await;
    assert_eq!(found["id"], ADA_ID);
    // Searches find a number however it is written.
    for list in ["contacts", "chats"] {
        let found = stage.ask(&format!("{list}?search=%2B1%20(555)%20000%E2%80%910011")).await;
        assert_eq!(found[0]["id"], ADA_ID, "{list}: {found}");
        let found =
            stage.ask(&format!("{list}?search=%2B1%20555%20000%200011@s.whatsapp.net")).await;
        assert_eq!(found[0]["id"], ADA_ID, "{list}: {found}");
    }
    let (_, found) = stage.get("/api/v1/chat/conversations?search=%2B1%C2%A0555%20000").await;
    assert_eq!(found["data"]["data"][0]["contact_number"], ADA, "{found}");
    stage.end().await;
}

async fn what_reaches_nobody_is_refused_with_a_hint_and_opens_no_account(stage: Stage) {
    let (_, before) = stage.get("/_simulator/v1/accounts").await;
    for (text, hint) in REFUSED {
        let body = json!({ "to": text, "message": "x" });
        let (status, answer) = stage.post(&format!("{SESSION}/send-message"), body).await;
        assert_eq!((status, code(&answer)), (400, "INVALID_CHAT_ID"), "{text:?}: {answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(hint), "{text:?}: {message}");
        let body = json!({ "chatId": text, "content": "x" });
        let (status, answer) = stage.post(&format!("{SESSION}/send-text"), body).await;
        assert_eq!((status, code(&answer)), (400, "INVALID_CHAT_ID"), "{text:?}: {answer}");
        let body = json!({ "chatId": ADA_ID, "contacts": [text] });
        let (status, answer) = stage.post(&format!("{SESSION}/send-contact"), body).await;
        assert_eq!((status, code(&answer)), (400, "INVALID_CHAT_ID"), "{text:?}: {answer}");
        let body = json!({ "name": "g", "participants": [text] });
        let (status, answer) = stage.post(&format!("{SESSION}/groups"), body).await;
        assert_eq!((status, code(&answer)), (400, "INVALID_CHAT_ID"), "{text:?}: {answer}");

        let body = json!({ "instance_id": "a", "recipient": text, "message": "x" });
        let (status, answer) = stage.post("/api/v1/chat/send", body).await;
        assert_eq!((status, code(&answer)), (422, "VALIDATION_ERROR"), "{text:?}: {answer}");
        let fault = answer["error"]["details"]["fields"]["recipient"][0].as_str().unwrap();
        assert!(fault.contains(hint), "{text:?}: {fault}");

        let (status, answer) =
            stage.post("/_simulator/v1/accounts", json!({ "phone": text })).await;
        assert_eq!(status, 400, "{text:?}: {answer}");
        let path = format!("/_simulator/v1/accounts/{OWN}/messages");
        let (status, answer) = stage.post(&path, json!({ "chat": text, "text": "x" })).await;
        assert_eq!(status, 400, "{text:?}: {answer}");
    }
    // A number where the id of a chat is asked for: the id that was meant is named.
    let body = json!({ "chatId": "+1 555 000 0011", "content": "x" });
    let (status, answer) = stage.post(&format!("{SESSION}/send-text"), body).await;
    assert_eq!((status, code(&answer)), (400, "INVALID_CHAT_ID"), "{answer}");
    assert_eq!(answer["error"]["details"]["didYouMean"], ADA_ID, "{answer}");
    let (_, after) = stage.get("/_simulator/v1/accounts").await;
    assert_eq!(before, after, "an account was opened");
    stage.end().await;
}

on_both_engines! {
    a_number_is_the_same_however_it_is_written
    what_reaches_nobody_is_refused_with_a_hint_and_opens_no_account
}
