//! Generator of `web/agent/src/wire.ts`, the page agent's types, from the types that the gateway reads and writes.

use std::{env, fs};

use ts_rs::{Config, TS};

use crate::{
    domain::{
        Ack, Chat, Contact, Details, EventBody, Group, Jid, Me, Message, MessageId, MessageKind,
        ParticipantOutcome, Receipt,
        chat::LastMessage,
        command::{MediaKind, Sent},
        contact::Picture,
        details::{
            AdContext, Card, CardAsReported, LinkPreview, Location, Menu, MenuReply, Poll, Vote,
        },
        event::{GroupChange, JoinAction, LeaveAction, Presence},
        group::Participant,
        message::{MessageMedia, Reaction},
    },
    driver::browser::wire::{Call, ContentView, Failure, FailureKind, OutgoingView, Report},
};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/web/agent/src/wire.ts");
/// Writes the file in place of comparing it.
const WRITE: &str = "WAGATE_WRITE_WIRE";
const HEADER: &str = "\
// Wire protocol between the page agent and the gateway. Generated from the Rust types by
// `make wire`; change src/driver/browser/wire.rs or src/domain, not this file.
/* eslint-disable */
";

fn declaration<T: TS>(config: &Config) -> String {
    format!("\nexport {}\n", without_docs(&T::decl(config)))
}

/// Docs stay in Rust, so that another wording of one is no change of the protocol.
fn without_docs(declaration: &str) -> String {
    let mut parts = declaration.split("/**");
    let first = parts.next().unwrap_or_default().trim_end_matches('\n').to_owned();
    parts.fold(first, |mut text, part| {
        let code = part.split_once("*/").map_or(part, |(_, code)| code);
        text.push_str(code.trim_start_matches('\n').trim_end_matches('\n'));
        text
    })
}

fn generated() -> String {
    let config = Config::new().with_large_int("number");
    macro_rules! all {
        ($($name:ty),* $(,)?) => { [$(declaration::<$name>(&config)),*].concat() };
    }
    let declarations = all![
        Report,
        EventBody,
        Failure,
        FailureKind,
        Call,
        OutgoingView,
        ContentView,
        MediaKind,
        Jid,
        MessageId,
        Me,
        Message,
        MessageKind,
        MessageMedia,
        Ack,
        Reaction,
        Details,
        Location,
        Card,
        CardAsReported,
        Poll,
        Vote,
        MenuReply,
        Menu,
        AdContext,
        LinkPreview,
        Chat,
        LastMessage,
        Contact,
        Picture,
        Group,
        Participant,
        ParticipantOutcome,
        Receipt,
        Sent,
        JoinAction,
        LeaveAction,
        GroupChange,
        Presence,
    ];
    format!("{HEADER}{declarations}")
}

#[test]
fn the_agents_wire_types_are_those_of_the_gateway() {
    let expected = generated();
    if env::var_os(WRITE).is_some() {
        fs::write(FILE, &expected).unwrap();
    }
    let found = fs::read_to_string(FILE).unwrap();
    assert!(found == expected, "web/agent/src/wire.ts is out of date: run `make wire`");
}
