//! What a message holds beyond its text is reported as what it is: places, replies to menus, advertisements,
//! previews, lengths and marks; and where it came in.

use serde_json::{Value, json};

use crate::stage::{ADA, GRACE, OWN, Stage};

fn own() -> String {
    format!("{OWN}@c.us")
}

/// Writes from Ada's phone; the message as an event tells it, and as the list shows it.
async fn write(stage: &Stage, events: &mut crate::stage::Events, mut body: Value) -> [Value; 2] {
    body["chat"] = json!(own());
    let written = stage.phone(ADA, "messages", body).await;
    let key = written["message"]["id"].as_str().unwrap().rsplit('_').next().unwrap();
    let is_it = |data: &Value| data["id"].as_str().is_some_and(|id| id.ends_with(key));
    let reported = events.next("message", is_it).await["data"].clone();
    let listed = stage.ask(&format!("chats/{ADA}@c.us/messages?limit=50")).await;
    let listed = listed.as_array().unwrap().iter().find(|one| is_it(one)).unwrap().clone();
    [reported, listed]
}

async fn messages_keep_what_they_are(stage: Stage) {
    let mut events = stage.events().await;
    let place =
        json!({ "latitude": 51.5, "longitude": 0, "name": "London", "address": "1 Street" });
    for message in write(&stage, &mut events, json!({ "location": place })).await {
        assert_eq!((&message["type"], &message["body"]), (&json!("location"), &json!("London")));
        let location = &message["location"];
        assert_eq!(
            (location["latitude"].as_f64(), location["longitude"].as_f64()),
            (Some(51.5), Some(0.0))
        );
        assert_eq!(
            (&location["name"], &location["address"]),
            (&json!("London"), &json!("1 Street"))
        );
    }
    let bare = json!({ "location": { "latitude": -1.25, "longitude": 2.5 } });
    for message in write(&stage, &mut events, bare).await {
        assert_eq!(
            (&message["body"], &message["location"]["name"], &message["location"]["address"]),
            (&json!(""), &Value::Null, &Value::Null),
            "coordinates are no words: {message}"
        );
        assert_eq!(message["location"]["latitude"].as_f64(), Some(-1.25));
    }
    let chats = stage.ask("chats").await;
    assert!(chats.to_string().contains("[location]"), "{chats}");
    let unnamed = json!({ "latitude": 0, "longitude": 0, "address": "1 Street\nTown" });
    for message in write(&stage, &mut events, json!({ "location": unnamed })).await {
        let place = &message["location"];
        assert_eq!(
            (&message["body"], &place["name"], &place["address"]),
            (&json!("1 Street\nTown"), &Value::Null, &json!("1 Street\nTown")),
            "{message}"
        );
    }
    places_that_are_sent_keep_their_fields(&stage).await;
    let reply = json!({ "menuReply": { "id": "room-5", "title": "Room 5", "menu": "buttons" } });
    let untitled = json!({ "menuReply": { "id": "room-6", "menu": "list" } });
    for message in write(&stage, &mut events, untitled).await {
        let chosen = json!({ "id": "room-6", "title": null, "menu": "list" });
        assert_eq!((&message["menuReply"], &message["body"]), (&chosen, &json!("room-6")));
    }
    for message in write(&stage, &mut events, reply).await {
        assert_eq!(
            (&message["type"], &message["body"]),
            (&json!("buttons_response"), &json!("Room 5"))
        );
        let chosen = json!({ "id": "room-5", "title": "Room 5", "menu": "buttons" });
        assert_eq!(message["menuReply"], chosen, "{message}");
    }
    let ad = json!({ "source": "FB_Ads", "id": "120", "url": "https://fb.example/x", "title": "Tea",
        "body": "Half price", "mediaUrl": "https://fb.example/v", "clickId": "clid" });
    for message in write(&stage, &mut events, json!({ "text": "How much?", "ad": ad })).await {
        assert_eq!((&message["body"], &message["ad"]), (&json!("How much?"), &ad), "{message}");
    }
    let preview = json!({ "url": "https://x.example/", "title": "X", "description": "A page" });
    let text = json!({ "text": "see https://x.example/", "linkPreview": preview, "ephemeralSeconds": 86_400 });
    for message in write(&stage, &mut events, text).await {
        assert_eq!(
            (&message["linkPreview"], &message["ephemeralDuration"]),
            (&preview, &json!(86_400))
        );
    }
    let voice = json!({ "mediaBase64": "T2dnUw==", "mime": "audio/ogg; codecs=opus", "voice": true,
        "seconds": 7, "viewOnce": true });
    for message in write(&stage, &mut events, voice).await {
        assert_eq!(
            (&message["type"], &message["duration"]),
            (&json!("ptt"), &json!(7)),
            "{message}"
        );
        assert_eq!(message["isViewOnce"], true);
    }
    let sticker = json!({ "mediaBase64": "UklGRg==", "sticker": true, "animated": true });
    for message in write(&stage, &mut events, sticker).await {
        assert_eq!((&message["type"], &message["isAnimated"]), (&json!("sticker"), &json!(true)));
        assert_eq!(message["mimetype"], "image/webp");
    }
    for message in write(&stage, &mut events, json!({ "text": "plain" })).await {
        for field in ["location", "contacts", "poll", "ad", "duration", "raw", "groupName"] {
            assert_eq!(message.get(field), None, "{message}");
        }
    }
    stage.end().await;
}

async fn places_that_are_sent_keep_their_fields(stage: &Stage) {
    let chat = format!("{ADA}@c.us");
    for (name, address) in [(None, Some("1 Street")), (Some("Tower"), None), (None, None)] {
        let mut place = json!({ "chatId": chat, "latitude": 1.5, "longitude": -2 });
        for (field, words) in [("name", name), ("address", address)] {
            if let Some(words) = words {
                place[field] = json!(words);
            }
        }
        stage.send("send-location", place).await;
        let on_phone = || async {
            let all = stage.on_phone(ADA, &own()).await;
            let last = all.last()?["details"]["location"].clone();
            (last["latitude"] == 1.5
                && last["name"] == json!(name)
                && last["address"] == json!(address))
            .then_some(())
        };
        stage.until("the place on the phone", on_phone).await;
        let listed = stage.ask(&format!("chats/{chat}/messages?limit=50")).await;
        let last = listed.as_array().unwrap().last().unwrap().clone();
        let words = name.or(address).unwrap_or_default();
        assert_eq!(
            (&last["body"], &last["location"]["name"], &last["location"]["address"]),
            (&json!(words), &json!(name), &json!(address))
        );
    }
}

async fn where_a_message_came_in_is_reported(stage: Stage) {
    let mut events = stage.events().await;
    let both = json!({ "phone": own(), "lid": format!("1000{OWN}@lid") });
    for message in write(&stage, &mut events, json!({ "text": "to you" })).await {
        assert_eq!(
            (&message["to"], &message["toIdentity"]["phone"]),
            (&json!(own()), &both["phone"]),
            "{message}"
        );
        assert_eq!(message["from"], format!("{ADA}@c.us"));
    }
    let body = json!({ "chatId": format!("{ADA}@c.us"), "content": "to her" });
    stage.send("send-text", body).await;
    let sent = events.next("message_sent", |_| true).await["data"].clone();
    assert_eq!((&sent["from"], &sent["to"]), (&json!(own()), &json!(format!("{ADA}@c.us"))));

    let body = json!({ "name": "Kitchen", "participants": [format!("{ADA}@c.us"), format!("{GRACE}@c.us")] });
    let group = stage.send("groups", body).await;
    let group = group["gid"].as_str();
    let group = group.expect("a group without an id").to_owned();
    stage.phone(ADA, "messages", json!({ "chat": group, "text": "who cooks?" })).await;
    let reported =
        events.next("message", |data| data["body"] == "who cooks?").await["data"].clone();
    assert_eq!(
        (&reported["groupName"], &reported["to"]),
        (&json!("Kitchen"), &json!(own())),
        "{reported}"
    );
    assert_eq!((&reported["from"], &reported["isGroupMsg"]), (&json!(group), &json!(true)));
    stage.send("send-text", json!({ "chatId": group, "content": "I do" })).await;
    let reported = events.next("message_sent", |data| data["body"] == "I do").await["data"].clone();
    assert_eq!(reported["groupName"], "Kitchen", "{reported}");
    stage.end().await;
}

on_both_engines! {
    messages_keep_what_they_are
    where_a_message_came_in_is_reported
}
