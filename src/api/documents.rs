//! Documentation in the program: `/llms.txt`, which lists it, and the pages of the folder `docs`.
//!
//! Assistants and people read the pages that belong to the version that runs, without another host.

use std::fmt::Write;

use actix_web::HttpResponse;

use crate::{
    api::{
        endpoint::Endpoint,
        error::ApiError,
        kit::{Bucket, Call, File, FileKind, Path, Public, path_value},
    },
    domain::{Error, ErrorCode},
};

const TAG: &str = "Server";
const SUMMARY: &str = "A self-hosted gateway that owns WhatsApp sessions and offers them to programs and people, over \
     HTTP, WebSocket, server-sent events and webhooks.";

/// A page of the documentation.
pub struct Document {
    /// Its name, without an ending.
    pub name: &'static str,
    markdown: &'static str,
}

macro_rules! documents {
    ($($name:literal),+ $(,)?) => {
        /// Every page, in the order in which a newcomer needs them.
        pub const DOCUMENTS: &[Document] = &[$(Document {
            name: $name,
            markdown: include_str!(concat!("../../docs/", $name, ".md")),
        }),+];
    };
}

documents![
    "sessions",
    "sending",
    "events",
    "chat-api",
    "search",
    "business",
    "mcp",
    "workspace",
    "idempotency",
    "dashboard",
    "testing-bots",
    "moving-waha",
    "moving-wppconnect-server",
    "moving-evolution",
    "moving-open-wa",
    "deploy",
    "backup",
    "security",
    "reliability",
    "benchmarks",
];

/// Where the endpoints of each API begin.
const SURFACES: [(&str, &str); 5] = [
    (
        "open-wa Multi-Session API",
        "sessions, sending, chats, groups, events; paths begin with `/api/v1/sessions`",
    ),
    ("Zapini Chat API", "conversations and messages as they are shown; `/api/v1/chat`"),
    ("Kaanha API", "contacts, opt-in and conversations of a business; `/api/whatsapp-api`"),
    ("MCP", "the same as tools for assistants; `/api/mcp`"),
    (
        "Konan API",
        "people, their sign-ins and teams, bots and what they know, chat and inbox; `/api/v1/auth`, `/api/v1/users`, \
         `/api/v1/teams`, `/api/v1/bots`, `/api/v1/kb`, `/api/v1/inbox`",
    ),
];

pub fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/llms.txt", index)
            .named("getDocumentationIndex")
            .about(TAG, "What documentation there is, for assistants")
            .details("One line for each page and each API, with links.")
            .limited(Bucket::None),
        Endpoint::get("/docs/{page}", page)
            .named("getDocumentationPage")
            .about(TAG, "A page of the documentation")
            .details("It belongs to the version that runs.")
            .limited(Bucket::None),
    ]
}

/// Text in Markdown.
struct Markdown;

impl FileKind for Markdown {
    const CONTENT_TYPE: &'static str = "text/markdown";
    const EXAMPLE: &'static str =
        "# Sessions\n\nA session is one linked device of one WhatsApp account.\n";
}

path_value! {
    /// A page of the documentation.
    enum PageName = "page" as String;
    about: "The page, with its ending", example: "sessions.md",
    read: |text| Ok(text.to_owned())
}

async fn index(_: Call<Public>) -> File<Markdown> {
    answer(listing())
}

async fn page(_: Call<Public>, Path(name): Path<PageName>) -> Result<File<Markdown>, ApiError> {
    let found = name.strip_suffix(".md").and_then(Document::named);
    let found = found.ok_or_else(|| {
        Error::new(
            ErrorCode::NotFound,
            "There is no such page: /llms.txt lists those that there are",
        )
    })?;
    Ok(answer(found.served()))
}

fn answer(markdown: String) -> File<Markdown> {
    HttpResponse::Ok().content_type("text/markdown; charset=utf-8").body(markdown).into()
}

impl Document {
    pub fn named(name: &str) -> Option<&'static Self> {
        DOCUMENTS.iter().find(|document| document.name == name)
    }

    pub fn title(&self) -> &'static str {
        self.markdown.lines().next().unwrap_or_default().trim_start_matches(['#', ' '])
    }

    /// Its Markdown, in which each relative link leads to what the gateway serves. A link to a file that lies beside
    /// the sources alone is its text, and a picture is left out.
    pub fn served(&self) -> String {
        let mut served = String::with_capacity(self.markdown.len());
        let mut rest = self.markdown;
        while let Some(link) = Link::first(rest) {
            served.push_str(&rest[..link.at]);
            match (link.target(), link.is_picture) {
                (Some(target), false) => _ = write!(served, "[{}]({target})", link.text),
                (None, false) => served.push_str(link.text),
                (_, true) => {}
            }
            rest = &rest[link.end..];
        }
        served.push_str(rest);
        served
    }
}

/// A link of a text in Markdown.
struct Link<'a> {
    /// Where it begins and ends, in bytes.
    at: usize,
    end: usize,
    text: &'a str,
    to: &'a str,
    is_picture: bool,
}

impl<'a> Link<'a> {
    /// The first link of a text.
    fn first(markdown: &'a str) -> Option<Self> {
        markdown.match_indices("](").find_map(|(middle, _)| {
            let opening = markdown[..middle].rfind('[')?;
            let text = &markdown[opening + 1..middle];
            let to = markdown[middle + 2..].split_once(')')?.0;
            let is_link = !text.contains('\n') && !to.contains(char::is_whitespace);
            let is_picture = markdown[..opening].ends_with('!');
            is_link.then_some(Self {
                at: opening - usize::from(is_picture),
                end: middle + 2 + to.len() + 1,
                text,
                to,
                is_picture,
            })
        })
    }

    /// Where it leads when the gateway serves it; none for what it does not serve.
    fn target(&self) -> Option<&'a str> {
        let (file, _) = self.to.split_once('#').unwrap_or((self.to, ""));
        match file {
            "openapi.json" => Some("/openapi.json"),
            "openapi-simulator.json" => Some("/_simulator/v1/openapi.json"),
            "" => Some(self.to),
            _ if file.contains("://") || file.starts_with('/') => Some(self.to),
            _ => file.strip_suffix(".md").and_then(Document::named).map(|_| self.to),
        }
    }
}

/// The index of the documentation.
fn listing() -> String {
    let mut listing = format!("# wagate\n\n> {SUMMARY}\n\n## Documentation\n\n");
    for document in DOCUMENTS {
        _ = writeln!(listing, "- [{}](/docs/{}.md)", document.title(), document.name);
    }
    listing.push_str("\n## APIs\n\n");
    for (name, about) in SURFACES {
        _ = writeln!(listing, "- [{name}](/openapi.json): {about}");
    }
    listing.push_str(
        "- [All endpoints](/openapi.json): the OpenAPI document; [to browse](/api-docs/index.html)\n",
    );
    listing
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::*;

    #[test]
    fn every_page_of_the_folder_is_listed() {
        let listed: BTreeSet<String> =
            DOCUMENTS.iter().map(|document| format!("{}.md", document.name)).collect();
        let there = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/docs")).unwrap();
        let names = there.map(|file| file.unwrap().file_name().into_string().unwrap());
        let there: BTreeSet<String> = names.filter(|name| name.ends_with(".md")).collect();
        assert_eq!(listed, there);
    }

    #[test]
    fn a_link_leads_to_what_is_served() {
        let page = |markdown| Document { name: "x", markdown }.served();
        for (written, served) in [
            ("see [sending](sending.md#kinds).", "see [sending](sending.md#kinds)."),
            ("the [document](openapi.json)", "the [document](/openapi.json)"),
            ("[settings](../config/default.toml), then", "settings, then"),
            ("a ![picture](screenshots/a.jpg) b", "a  b"),
            (
                "[here](#below) [there](https://example.com/a)",
                "[here](#below) [there](https://example.com/a)",
            ),
            ("`list[0](x y)` [a](sessions.md)", "`list[0](x y)` [a](sessions.md)"),
            ("no link ](", "no link ]("),
        ] {
            assert_eq!(page(written), served);
        }
    }

    #[test]
    fn every_page_begins_with_its_title() {
        for document in DOCUMENTS {
            assert!(document.markdown.starts_with("# "), "{}", document.name);
            assert!(!document.title().is_empty());
        }
    }
}
