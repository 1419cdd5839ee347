//! Import of contacts from CSV files.

use serde_json::{Value, json};
use wagate::contacts::SAMPLE;

use crate::{
    app::{BUSINESS, TestApp},
    business::{contact_of, get},
};

/// The quote in its second row is closed nowhere.
const UNCLOSED: &str = "phone,name\n+15550000001,\"Ada\n+15550000002,Grace\n";
const BOUNDARY: &str = "a-boundary";

/// Sends a form; `file` is the file, other fields are texts.
async fn send(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
    let mut body = String::new();
    for (name, value) in fields {
        let filename = if *name == "file" { "; filename=\"contacts.csv\"" } else { "" };
        let head = format!("Content-Disposition: form-data; name=\"{name}\"{filename}");
        body.push_str(&format!("--{BOUNDARY}\r\n{head}\r\n\r\n{value}\r\n"));
    }
    body.push_str(&format!("--{BOUNDARY}--\r\n"));
    let request = app.http.post(format!("{}{BUSINESS}/contacts/import{path}", app.base));
    let request = request.bearer_auth(app.key().await);
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let response = request.header("content-type", content_type).body(body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn import(app: &TestApp, file: &str, fields: &[(&str, &str)]) -> Value {
    let fields: Vec<_> = fields.iter().copied().chain([("file", file)]).collect();
    let (status, answer) = send(app, "", &fields).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_is_imported_in_every_form_and_updated_after_that() {
    let app = TestApp::start().await;
    let request = app.http.get(format!("{}{BUSINESS}/contacts/import/sample", app.base));
    let sample = request.bearer_auth(app.key().await).send().await.unwrap();
    let disposition = sample.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(disposition.starts_with("attachment"), "{disposition}");
    let sample = sample.text().await.unwrap();
    assert_eq!(sample, SAMPLE);
    assert_eq!(sample.lines().next(), Some("phone,name,email,tags,optedIn"));

    let tried = import(&app, &sample, &[("dryRun", "true")]).await;
    assert_eq!((&tried["imported"], &tried["dryRun"]), (&json!(2), &json!(true)));
    assert_eq!(get(&app, "/contacts").await["pagination"]["total"], 0);
    let done = import(&app, &sample, &[]).await;
    assert_eq!(
        (&done["total"], &done["imported"], &done["failed"]),
        (&json!(2), &json!(2), &json!(0))
    );
    let found = get(&app, "/contacts?sort=name&order=asc").await;
    let [jane, john] = [0, 1].map(|place: usize| found["contacts"][place].clone());
    assert_eq!(
        (&jane["name"], &jane["tags"], &jane["optedIn"]),
        (&json!("Jane Smith"), &json!(["lead"]), &json!(false))
    );
    assert_eq!(
        (&john["tags"], &john["optInSource"]),
        (&json!(["vip", "retail"]), &json!("csv_import"))
    );
    assert_eq!(john["email"], "john@example.com");

    let semicolons = "phone;name;email;tags;optedIn\n+919876543210;John Doe;;\"vip,retail\";true\n";
    for (file, updated) in [
        (sample.clone(), 2),
        (format!("\u{feff}{sample}"), 2),
        (sample.replace('\n', "\r\n"), 2),
        (semicolons.to_owned(), 1),
    ] {
        let again = import(&app, &file, &[]).await;
        assert_eq!(
            (&again["updated"], &again["imported"]),
            (&json!(updated), &json!(0)),
            "{file:?}"
        );
    }
    assert_eq!(import(&app, &sample, &[("onDuplicate", "skip")]).await["skipped"], 2);
    assert_eq!(get(&app, "/contacts/").await["pagination"]["total"], 2);
    assert_eq!(contact_of(&app, &john["id"]).await, john);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_rows_are_listed_by_their_number_and_the_others_are_imported() {
    let app = TestApp::start().await;
    let file = "Mobile,Full Name,City,optedIn\n+15550000001,Ada,London,yes\n12,Bad,,\n\
                +15550000002,Grace,,perhaps\n+15550000003,\"Quoted, Name\",Oslo,0\n";
    let mapping = json!({ "phone": "mobile", "custom.city": "City" }).to_string();
    let preview = [("mapping", mapping.as_str()), ("file", file)];
    let (status, preview) = send(&app, "/preview", &preview).await;
    assert_eq!(status, 200, "{preview}");
    assert_eq!(preview["columns"], json!(["Mobile", "Full Name", "City", "optedIn"]));
    let suggested = json!({ "phone": "mobile", "name": "Full Name", "optedIn": "optedIn", "custom.city": "City" });
    assert_eq!(preview["suggestedMapping"], suggested);
    assert_eq!((&preview["total"], &preview["rows"][0]["City"]), (&json!(4), &json!("London")));
    let rows = |answer: &Value| -> Vec<u64> {
        answer["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["row"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(rows(&preview), [3, 4]);
    assert_eq!(get(&app, "/contacts").await["pagination"]["total"], 0);
    let done = import(&app, file, &[("mapping", &mapping)]).await;
    assert_eq!((&done["imported"], &done["failed"]), (&json!(2), &json!(2)));
    assert_eq!((rows(&done), &done["errors"][0]["phone"]), (vec![3, 4], &json!("12")));
    let found = get(&app, "/contacts?search=ada").await;
    assert_eq!(found["contacts"][0]["customFields"], json!({ "city": "London" }));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_name_the_rows_as_a_spreadsheet_numbers_them() {
    let app = TestApp::start().await;
    let file = "phone,name,custom\n\n+15550000001,\"Ada\nLovelace\",x\n\n12,Bad,\n+15550000002,Doe, John, y\n";
    let done = import(&app, file, &[]).await;
    let errors = done["errors"].as_array().unwrap();
    let rows: Vec<_> = errors.iter().map(|error| error["row"].as_u64().unwrap()).collect();
    assert_eq!((&done["total"], rows), (&json!(3), vec![3, 5, 6]), "{done}");
    let message = errors[2]["error"].as_str().unwrap();
    assert!(message.contains("has 4 cells"), "{message}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_imported_changes_nothing() {
    let app = TestApp::start().await;
    let many = format!("phone\n{}", "+15550000001\n".repeat(50_001));
    let large = format!("phone,notes\n+15550000001,{}\n", "x".repeat(17 * 1024 * 1024));
    for (path, fields, field) in [
        ("", &[("file", many.as_str())][..], "file"),
        ("/preview", &[("file", many.as_str())], "file"),
        ("", &[("file", large.as_str())], ""),
        ("", &[("file", "")], "file"),
        ("", &[("file", "name\nAda\n")], "file"),
        ("", &[("file", "phone,name,Name\n+15550000001,Ada,Grace\n")], "file"),
        ("/preview", &[("file", "phone,name,Name\n+15550000001,Ada,Grace\n")], "file"),
        ("", &[("file", UNCLOSED)], "file"),
        ("/preview", &[("file", UNCLOSED)], "file"),
        ("", &[("dryRun", "true")], "file"),
        ("", &[("file", SAMPLE), ("onDuplicate", "replace")], "onDuplicate"),
        ("", &[("file", SAMPLE), ("dryRun", "perhaps")], "dryRun"),
        ("", &[("file", SAMPLE), ("mapping", "phone=Mobile")], "mapping"),
        ("", &[("file", SAMPLE), ("mapping", "{\"phone\":\"None\"}")], "mapping"),
        ("", &[("file", SAMPLE), ("nonsense", "1")], "nonsense"),
        ("", &[("file", SAMPLE), ("file", SAMPLE)], "file"),
    ] {
        let (status, answer) = send(&app, path, fields).await;
        assert_eq!(status, 400, "{answer}");
        let is_named = field.is_empty() || answer["fields"][field].is_array();
        assert!(is_named && answer["error"].is_string(), "{field}: {answer}");
    }
    let request = app.http.post(format!("{}{BUSINESS}/contacts/import", app.base));
    let request = request.bearer_auth(app.key().await).json(&json!({ "file": SAMPLE }));
    assert_eq!(request.send().await.unwrap().status(), 400);
    assert_eq!(get(&app, "/contacts").await["pagination"]["total"], 0);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_is_imported_whole_while_others_change_contacts() {
    let app = TestApp::start().await;
    let mut file = "phone,name,tags\n".to_owned();
    for n in 0..1_200 {
        file.push_str(&format!("+1555{n:07},Contact {n},\"all,{}\"\n", n % 3));
    }
    let (done, ()) = tokio::join!(import(&app, &file, &[]), async {
        for n in 0..20 {
            crate::business::contact(&app, &format!("+4477{n:08}")).await;
        }
    });
    assert_eq!(done["imported"], 1_200);
    assert_eq!(get(&app, "/contacts").await["pagination"]["total"], 1_220);
    assert_eq!(get(&app, "/contacts?tag=ALL&search=contact").await["pagination"]["total"], 1_200);
    let tags = get(&app, "/tags").await;
    let all = tags["tags"].as_array().unwrap().iter().find(|tag| tag["name"] == "all").unwrap();
    assert_eq!(all["contacts"], 1_200);
    let found = get(&app, "/contacts?search=0000777").await;
    assert_eq!(found["contacts"][0]["name"], "Contact 777");
    app.stop().await;
}
