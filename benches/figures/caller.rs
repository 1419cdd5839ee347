//! A caller of the business API with the owner's first key.

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::Value;

use crate::{
    Outcome,
    gateway::{Gateway, PATIENCE},
};

const BASE: &str = "/api/whatsapp-api";
const BOUNDARY: &str = "a-boundary";

pub struct Caller<'g> {
    gateway: &'g Gateway,
    key: String,
}

impl<'g> Caller<'g> {
    pub fn of(gateway: &'g Gateway) -> Outcome<Self> {
        let key = std::fs::read_to_string(gateway.data.join("bootstrap.key"))?;
        Ok(Self { gateway, key: key.trim().to_owned() })
    }

    pub async fn get(&self, path: &str) -> Outcome<Value> {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Outcome<Value> {
        let url = format!("{}{BASE}{path}", self.gateway.base);
        let mut request = self.gateway.http.request(method, url).bearer_auth(&self.key);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.timeout(PATIENCE).send().await?;
        let status = response.status();
        let answer: Value = response.json().await?;
        if status.is_success() { Ok(answer) } else { Err(format!("{path}: {answer}").into()) }
    }

    /// Imports rows of a CSV file with the columns phone, name, email, tags and optedIn.
    pub async fn import(&self, rows: &[String]) -> Outcome<()> {
        let body = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n\
             phone,name,email,tags,optedIn\n{}\r\n--{BOUNDARY}--\r\n",
            rows.join("\n")
        );
        let url = format!("{}{BASE}/contacts/import", self.gateway.base);
        let request = self.gateway.http.post(url).bearer_auth(&self.key).body(body);
        let request =
            request.header(CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"));
        let answer: Value = request.timeout(PATIENCE * 5).send().await?.json().await?;
        if answer["imported"] == rows.len() {
            Ok(())
        } else {
            Err(format!("the import: {answer}").into())
        }
    }
}
