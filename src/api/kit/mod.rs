//! Typed endpoints: what a handler's signature says of its route.
//!
//! A handler takes a [`Call`] first, which names the scope and the sessions that a caller needs, then path
//! parameters, a query and a body; it returns a typed answer. Admission, checks and the OpenAPI
//! document are all made from these types. The envelope comes from the route's [`Dialect`].

mod answer;
pub mod body;
mod body_or_form;
mod call;
pub mod check;
mod choice;
pub mod describe;
pub mod dialect;
pub mod event_stream;
mod form;
pub mod large_bodies;
mod late_services;
mod paging;
pub mod path;
mod query;
mod signed;
pub mod terms;

pub(crate) use self::path::path_value;
pub use self::{
    answer::{Created, CreatedOrKnown, Data, File, FileKind, Listed, Message, Sent, Written},
    body::Body,
    body_or_form::BodyOrForm,
    call::{
        Admin, AllSessions, Bots, Broadcasts, Call, Contacts, Conversations, ENGINE, Guest,
        InOrder, InSession, Mcp, OwnSessions, Permission, Person, Public, Read, Send, Sessions,
    },
    choice::{choice, required_choice},
    describe::{
        Content, DescribeAnswer, DescribeArg, DescribeArgs, HeaderField, Operation, Reach, Segment,
        Shape, Success, shape,
    },
    dialect::Dialect,
    form::Form,
    late_services::LateServices,
    paging::{Paged, Paging, Plural},
    path::{ChatId, GroupId, MessageId, Path, PathValue},
    query::{DeletionQuery, Limit, Query},
    signed::{Signed, SignedKind},
    terms::{Bucket, Repeat, Scope},
};
