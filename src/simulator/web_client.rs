//! Variants of the simulated page, where versions and accounts of the real client differ. A page reads its
//! variant when it is loaded.

use serde::Serialize;
use utoipa::ToSchema;

/// The variant of a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebClient {
    /// Milliseconds from the main screen until its listeners carry out commands; none for never.
    pub listeners_after: Option<u64>,
    /// Whether the page has its own command for new codes.
    pub refresh_qr: bool,
    /// Whether the page sends an event when it logs out.
    pub logout_event: bool,
    /// Whether an unlinked page loads again; otherwise it hangs in its logout.
    pub leaves_when_unlinked: bool,
    /// Whether chats, and what the account itself does, go by hidden identities.
    pub lid_migrated: bool,
    /// Whether a loaded page stays in SYNCING without end.
    pub endless_syncing: bool,
    /// Whether the page knows more of groups than their ids.
    pub group_details: bool,
}

impl Default for WebClient {
    fn default() -> Self {
        Self {
            // The real page takes a second. Tests only need a delay.
            listeners_after: Some(30),
            refresh_qr: true,
            logout_event: true,
            leaves_when_unlinked: true,
            lid_migrated: false,
            endless_syncing: false,
            group_details: true,
        }
    }
}
