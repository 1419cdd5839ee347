//! Generator of `web/agent/src/wire.ts`, the page agent's types, from the types that the gateway reads and writes.

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
    driver::browser::wire::{
        Call, ContentView, Failure, FailureKind, GroupCreated, OutgoingView, PairingCode, Report,
    },
    typescript::{GeneratedFile, declarations},
};

#[test]
fn the_agents_wire_types_are_those_of_the_gateway() {
    let file = GeneratedFile {
        path: "web/agent/src/wire.ts",
        title: "Wire protocol between the page agent and the gateway",
        source: "src/driver/browser/wire.rs or src/domain",
    };
    file.check(&declarations![
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
        GroupCreated,
        PairingCode,
        JoinAction,
        LeaveAction,
        GroupChange,
        Presence,
    ]);
}
