//! The control of how simulated pages behave where versions of the real client differ.

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::{
    api::{
        endpoint::Endpoint,
        kit::Body,
        simulator::shared::{Control, Done, Shows, TAG, data, done, network},
    },
    simulator::WebClient,
};

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/_simulator/v1/web-client", shown)
            .named("getSimulatedWebClient")
            .about(TAG, "How pages behave where versions of the real client differ"),
        Endpoint::put("/_simulator/v1/web-client", chosen)
            .named("setSimulatedWebClient")
            .about(TAG, "Choose how pages behave that are loaded from now on")
            .details("Pages that are open keep their variant until they are loaded again."),
    ]
}

/// What is not named is as the usual page.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "lidMigrated": false }))]
struct WebClientBody {
    /// Milliseconds; null for never.
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = Option<u64>)]
    listeners_after: Option<Option<u64>>,
    /// Whether the page has its own command for new codes.
    refresh_qr: Option<bool>,
    /// Whether the page sends an event when it logs out.
    logout_event: Option<bool>,
    /// Whether an unlinked page loads again; otherwise it hangs in its logout.
    leaves_when_unlinked: Option<bool>,
    /// Whether chats, and what the account itself does, go by hidden identities.
    lid_migrated: Option<bool>,
    /// Whether a loaded page stays in SYNCING without end.
    endless_syncing: Option<bool>,
    /// Whether the page knows more of groups than their ids.
    group_details: Option<bool>,
}

/// Tells null from what is not there.
fn named<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<u64>>, D::Error> {
    Option::deserialize(value).map(Some)
}

impl WebClientBody {
    fn client(self) -> WebClient {
        let usual = WebClient::default();
        WebClient {
            listeners_after: self.listeners_after.unwrap_or(usual.listeners_after),
            refresh_qr: self.refresh_qr.unwrap_or(usual.refresh_qr),
            logout_event: self.logout_event.unwrap_or(usual.logout_event),
            leaves_when_unlinked: self.leaves_when_unlinked.unwrap_or(usual.leaves_when_unlinked),
            lid_migrated: self.lid_migrated.unwrap_or(usual.lid_migrated),
            endless_syncing: self.endless_syncing.unwrap_or(usual.endless_syncing),
            group_details: self.group_details.unwrap_or(usual.group_details),
        }
    }
}

async fn shown(call: Control) -> Shows<WebClient> {
    data(&network(&call)?.web_client())
}

async fn chosen(call: Control, Body(body): Body<WebClientBody>) -> Done {
    network(&call)?.set_web_client(body.client());
    done("Variant set")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_is_as_ever_and_null_means_never() {
        let read = |text: &str| serde_json::from_str(text).map(WebClientBody::client).unwrap();
        assert_eq!(read("{}"), WebClient::default());
        let never = WebClient { listeners_after: None, ..WebClient::default() };
        assert_eq!(read(r#"{"listenersAfter":null}"#), never);
    }
}
