//! Calls of other gateways, and the endpoint here that does the same: for the answer to somebody who moves in.
//!
//! Nothing is forwarded. What the bodies become is in the pages `docs/moving-*.md`, which have the same rows.

/// Another gateway.
struct Former {
    name: &'static str,
    /// The page about moving from it.
    page: &'static str,
    calls: &'static [Call],
}

/// A path of the other gateway, in which `{…}` stands for one segment, and the method and path here.
type Call = (&'static str, &'static str);

/// What to do in place of a call that is not known here.
pub struct Instead {
    pub endpoint: &'static str,
    pub page: String,
    name: &'static str,
}

impl Instead {
    pub fn sentence(&self) -> String {
        format!("It is a call of {}: here it is {}, see {}", self.name, self.endpoint, self.page)
    }
}

/// The endpoint that does what a path did elsewhere.
pub fn instead_of(path: &str) -> Option<Instead> {
    let calls =
        FORMER.iter().flat_map(|former| former.calls.iter().map(move |call| (former, call)));
    calls.into_iter().find(|(_, (pattern, _))| is_like(path, pattern)).map(
        |(former, (_, endpoint))| Instead {
            endpoint,
            page: format!("/docs/{}.md", former.page),
            name: former.name,
        },
    )
}

/// Whether a path has the form of a pattern. `v1` and `whatsapp-api` begin paths of this gateway.
fn is_like(path: &str, pattern: &str) -> bool {
    let mut wanted = pattern.split('/');
    let mut found = path.trim_end_matches('/').split('/');
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some(wanted), Some(found)) if wanted.starts_with('{') => {
                if found.is_empty() || matches!(found, "v1" | "whatsapp-api") {
                    return false;
                }
            }
            (Some(wanted), Some(found)) if wanted == found => (),
            _ => return false,
        }
    }
}

const CREATE: &str = "POST /api/v1/sessions";
const LIST: &str = "GET /api/v1/sessions";
const LOOK: &str = "GET /api/v1/sessions/{sessionId}";
const STATUS: &str = "GET /api/v1/sessions/{sessionId}/status";
const RESTART: &str = "POST /api/v1/sessions/{sessionId}/restart";
const LOGOUT: &str = "POST /api/v1/sessions/{sessionId}/logout";
const REMOVE: &str = "DELETE /api/v1/sessions/{sessionId}";
const QR: &str = "GET /api/v1/sessions/{sessionId}/qr/image";
const PAIR: &str = "POST /api/v1/sessions/{sessionId}/pairing-code";
const KEY: &str = "POST /api/v1/api-keys";
const TEXT: &str = "POST /api/v1/sessions/{sessionId}/send-text";
const TO_NUMBER: &str = "POST /api/v1/sessions/{sessionId}/send-message";
const IMAGE: &str = "POST /api/v1/sessions/{sessionId}/send-image";
const FILE: &str = "POST /api/v1/sessions/{sessionId}/send-file";
const AUDIO: &str = "POST /api/v1/sessions/{sessionId}/send-audio";
const MEDIA: &str = "POST /api/v1/messages/send-media";
const PLACE: &str = "POST /api/v1/sessions/{sessionId}/send-location";
const CARD: &str = "POST /api/v1/sessions/{sessionId}/send-contact";
const POLL: &str = "POST /api/v1/sessions/{sessionId}/send-poll";
const MENU: &str = "POST /api/whatsapp-api/send";
const REACT: &str = "POST /api/v1/sessions/{sessionId}/messages/{messageId}/reaction";
const EDIT: &str = "PATCH /api/v1/sessions/{sessionId}/messages/{messageId}";
const DELETE: &str = "DELETE /api/v1/sessions/{sessionId}/messages/{messageId}";
const FETCH: &str = "GET /api/v1/sessions/{sessionId}/messages/{messageId}/media";
const READ: &str = "POST /api/v1/sessions/{sessionId}/chats/{chatId}/mark-read";
const TYPING: &str = "POST /api/v1/sessions/{sessionId}/chats/{chatId}/typing";
const ARCHIVE: &str = "POST /api/v1/sessions/{sessionId}/chats/{chatId}/archive";
const CHATS: &str = "GET /api/v1/sessions/{sessionId}/chats";
const MESSAGES: &str = "GET /api/v1/sessions/{sessionId}/chats/{chatId}/messages";
const CONTACTS: &str = "GET /api/v1/sessions/{sessionId}/contacts";
const CONTACT: &str = "GET /api/v1/sessions/{sessionId}/contacts/{contactId}";
const GROUP: &str = "POST /api/v1/sessions/{sessionId}/groups";
const JOIN: &str = "POST /api/v1/sessions/{sessionId}/groups/{groupId}/participants";
const PART: &str = "DELETE /api/v1/sessions/{sessionId}/groups/{groupId}/participants";
const HOOK: &str = "POST /api/v1/sessions/{sessionId}/webhooks";
const HOOKS: &str = "GET /api/v1/sessions/{sessionId}/webhooks";

const FORMER: &[Former] = &[
    Former {
        name: "WAHA",
        page: "moving-waha",
        calls: &[
            ("/api/sendText", TEXT),
            ("/api/reply", TEXT),
            ("/api/sendImage", IMAGE),
            ("/api/sendFile", FILE),
            ("/api/sendVoice", AUDIO),
            ("/api/sendVideo", MEDIA),
            ("/api/sendLocation", PLACE),
            ("/api/sendContactVcard", CARD),
            ("/api/sendPoll", POLL),
            ("/api/sendButtons", MENU),
            ("/api/sendList", MENU),
            ("/api/sendSeen", READ),
            ("/api/startTyping", TYPING),
            ("/api/stopTyping", TYPING),
            ("/api/reaction", REACT),
            ("/api/messages", MESSAGES),
            ("/api/contacts", CONTACT),
            ("/api/contacts/all", CONTACTS),
            ("/api/sessions", LIST),
            ("/api/sessions/{session}", LOOK),
            ("/api/sessions/{session}/me", LOOK),
            ("/api/sessions/{session}/start", CREATE),
            ("/api/sessions/{session}/restart", RESTART),
            ("/api/sessions/{session}/logout", LOGOUT),
            ("/api/{session}/auth/qr", QR),
            ("/api/{session}/auth/request-code", PAIR),
            ("/api/{session}/chats", CHATS),
            ("/api/{session}/chats/{chatId}/messages", MESSAGES),
            ("/api/{session}/chats/{chatId}/messages/{messageId}", EDIT),
            ("/api/{session}/groups", GROUP),
            ("/api/{session}/groups/{id}/participants/add", JOIN),
            ("/api/{session}/groups/{id}/participants/remove", PART),
        ],
    },
    Former {
        name: "wppconnect-server",
        page: "moving-wppconnect-server",
        calls: &[
            ("/api/{session}/{secretkey}/generate-token", KEY),
            ("/api/{secretkey}/show-all-sessions", LIST),
            ("/api/{session}/start-session", CREATE),
            ("/api/{session}/status-session", STATUS),
            ("/api/{session}/check-connection-session", STATUS),
            ("/api/{session}/qrcode-session", QR),
            ("/api/{session}/logout-session", LOGOUT),
            ("/api/{session}/send-message", TO_NUMBER),
            ("/api/{session}/send-reply", TEXT),
            ("/api/{session}/send-mentioned", TEXT),
            ("/api/{session}/send-image", IMAGE),
            ("/api/{session}/send-file", FILE),
            ("/api/{session}/send-file-base64", FILE),
            ("/api/{session}/send-voice", AUDIO),
            ("/api/{session}/send-voice-base64", AUDIO),
            ("/api/{session}/send-location", PLACE),
            ("/api/{session}/contact-vcard", CARD),
            ("/api/{session}/send-poll-message", POLL),
            ("/api/{session}/send-buttons", MENU),
            ("/api/{session}/send-list-message", MENU),
            ("/api/{session}/send-seen", READ),
            ("/api/{session}/typing", TYPING),
            ("/api/{session}/react-message", REACT),
            ("/api/{session}/delete-message", DELETE),
            ("/api/{session}/download-media", FETCH),
            ("/api/{session}/get-media-by-message/{messageId}", FETCH),
            ("/api/{session}/archive-chat", ARCHIVE),
            ("/api/{session}/all-chats", CHATS),
            ("/api/{session}/list-chats", CHATS),
            ("/api/{session}/get-messages/{phone}", MESSAGES),
            ("/api/{session}/all-messages-in-chat/{phone}", MESSAGES),
            ("/api/{session}/all-contacts", CONTACTS),
            ("/api/{session}/contact/{phone}", CONTACT),
            ("/api/{session}/create-group", GROUP),
            ("/api/{session}/add-participant-group", JOIN),
            ("/api/{session}/remove-participant-group", PART),
        ],
    },
    Former {
        name: "Evolution API",
        page: "moving-evolution",
        calls: &[
            ("/instance/create", CREATE),
            ("/instance/fetchInstances", LIST),
            ("/instance/connect/{instance}", QR),
            ("/instance/connectionState/{instance}", STATUS),
            ("/instance/restart/{instance}", RESTART),
            ("/instance/logout/{instance}", LOGOUT),
            ("/instance/delete/{instance}", REMOVE),
            ("/message/sendText/{instance}", TEXT),
            ("/message/sendMedia/{instance}", MEDIA),
            ("/message/sendWhatsAppAudio/{instance}", AUDIO),
            ("/message/sendLocation/{instance}", PLACE),
            ("/message/sendContact/{instance}", CARD),
            ("/message/sendPoll/{instance}", POLL),
            ("/message/sendReaction/{instance}", REACT),
            ("/message/sendButtons/{instance}", MENU),
            ("/message/sendList/{instance}", MENU),
            ("/chat/findChats/{instance}", CHATS),
            ("/chat/findMessages/{instance}", MESSAGES),
            ("/chat/findContacts/{instance}", CONTACTS),
            ("/chat/markMessageAsRead/{instance}", READ),
            ("/chat/archiveChat/{instance}", ARCHIVE),
            ("/chat/updateMessage/{instance}", EDIT),
            ("/chat/deleteMessageForEveryone/{instance}", DELETE),
            ("/chat/getBase64FromMediaMessage/{instance}", FETCH),
            ("/chat/sendPresence/{instance}", TYPING),
            ("/group/create/{instance}", GROUP),
            ("/group/updateParticipant/{instance}", JOIN),
            ("/webhook/set/{instance}", HOOK),
            ("/webhook/find/{instance}", HOOKS),
        ],
    },
    Former {
        name: "open-wa's Easy API",
        page: "moving-open-wa",
        calls: &[
            ("/sendText", TEXT),
            ("/reply", TEXT),
            ("/sendTextWithMentions", TEXT),
            ("/sendImage", IMAGE),
            ("/sendFile", FILE),
            ("/sendPtt", AUDIO),
            ("/sendAudio", AUDIO),
            ("/sendLocation", PLACE),
            ("/sendContact", CARD),
            ("/sendPoll", POLL),
            ("/sendSeen", READ),
            ("/simulateTyping", TYPING),
            ("/react", REACT),
            ("/deleteMessage", DELETE),
            ("/decryptMedia", FETCH),
            ("/archiveChat", ARCHIVE),
            ("/getAllChats", CHATS),
            ("/getAllMessagesInChat", MESSAGES),
            ("/getAllContacts", CONTACTS),
            ("/getContact", CONTACT),
            ("/getConnectionState", STATUS),
            ("/getMe", LOOK),
            ("/getHostNumber", LOOK),
            ("/createGroup", GROUP),
            ("/addParticipant", JOIN),
            ("/removeParticipant", PART),
            ("/registerWebhook", HOOK),
            ("/listWebhooks", HOOKS),
            ("/logout", LOGOUT),
        ],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::api::{documents::Document, routes::endpoints};

    #[test]
    fn a_path_is_known_by_its_form() {
        for (path, expected) in [
            ("/api/sendText", Some(TEXT)),
            ("/api/sendText/", Some(TEXT)),
            ("/api/my-shop/send-message", Some(TO_NUMBER)),
            ("/message/sendText/my%20shop", Some(TEXT)),
            ("/sendText", Some(TEXT)),
            ("/api/default/auth/qr", Some(QR)),
            ("/api/v1/chats", None),
            ("/api/whatsapp-api/groups", None),
            ("/api//send-message", None),
            ("/api/a/b/send-message", None),
            ("/message/sendText", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(instead_of(path).map(|instead| instead.endpoint), expected, "{path}");
        }
    }

    #[test]
    fn what_is_named_is_there_and_what_is_there_is_not_hinted_at() {
        let endpoints = endpoints(true);
        let ours: BTreeSet<String> = endpoints
            .iter()
            .map(|each| format!("{} {}", each.method.as_str(), each.path))
            .collect();
        for former in FORMER {
            for (pattern, endpoint) in former.calls {
                assert!(ours.contains(*endpoint), "{endpoint} in place of {pattern}");
                let is_taken = endpoints.iter().any(|each| each.path == *pattern);
                assert!(!is_taken, "{pattern} is a path of this gateway");
            }
        }
    }

    /// An endpoint as the pages write it, without what most of them begin with.
    fn short(endpoint: &str) -> String {
        let rest = endpoint.replacen("/api/v1/sessions/{sessionId}", "…", 1);
        if rest.ends_with('…') { endpoint.to_owned() } else { rest }
    }

    #[test]
    fn each_page_has_the_rows_of_its_gateway() {
        for former in FORMER {
            let page = Document::named(former.page).unwrap().served();
            for (pattern, endpoint) in former.calls {
                let row = page.lines().find(|line| line.contains(&format!("`{pattern}`")));
                let row = row.unwrap_or_else(|| panic!("{} lacks {pattern}", former.page));
                assert!(row.contains(&format!("`{}`", short(endpoint))), "{row}: {endpoint}");
            }
        }
    }
}
