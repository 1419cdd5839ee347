//! A group whose details have not come is no empty group.

use reqwest::Method;
use serde_json::json;

use crate::stage::{ADA, GRACE, SESSION, Stage, code};

async fn a_group_without_details_is_not_shown_as_an_empty_one(stage: Stage) {
    let body = json!({ "name": "Engines", "participants": [format!("{ADA}@c.us")] });
    let group = stage.send("groups", body).await;
    let id = group["gid"].as_str().unwrap();
    let path = format!("{SESSION}/groups/{id}");
    stage.web_client(json!({ "groupDetails": false })).await;
    stage.restart().await;
    let (status, answer) = stage.get(&path).await;
    if stage.engine == "browser" {
        assert_eq!((status, code(&answer)), (503, "WHATSAPP_NOT_READY"), "{answer}");
        let people = json!({ "participants": [format!("{GRACE}@c.us")] });
        for method in [Method::POST, Method::DELETE] {
            let path = format!("{path}/participants");
            let (status, answer) = stage.call(method, &path, Some(people.clone())).await;
            assert_eq!((status, code(&answer)), (503, "WHATSAPP_NOT_READY"), "{answer}");
        }
        stage.web_client(json!({})).await;
        stage.restart().await;
    }
    let group = stage.daemon.get(&path).await;
    assert_eq!(group["name"], "Engines", "{group}");
    assert_eq!(group["participants"].as_array().unwrap().len(), 2, "{group}");
    stage.end().await;
}

on_both_engines! {
    a_group_without_details_is_not_shown_as_an_empty_one
}
