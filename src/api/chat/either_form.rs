//! Answers that have one of two forms: as `format` asks for, or as a message was sent or waits.

use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema, schema::AnyOfBuilder},
};

use crate::api::{
    chat::wire::{
        ConversationPage, ConversationView, MessagePage, PlainConversation, PlainConversationPage,
        PlainMessagePage, QueuedView, SentView,
    },
    kit::describe::reference,
};

/// Either of two types. Empty pages are of both forms, so the schema is `anyOf`.
macro_rules! either_form {
    ($($name:ident: $plain:ident or $chat:ident, $about:literal;)*) => {$(
        #[derive(Serialize)]
        #[serde(untagged)]
        pub enum $name {
            First(Box<$plain>),
            Second(Box<$chat>),
        }

        impl From<$plain> for $name {
            fn from(plain: $plain) -> Self {
                Self::First(Box::new(plain))
            }
        }

        impl From<$chat> for $name {
            fn from(chat: $chat) -> Self {
                Self::Second(Box::new(chat))
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let both = [$plain::name(), $chat::name()];
                let both = both.iter().fold(AnyOfBuilder::new(), |all, name| all.item(reference(name)));
                both.description(Some($about)).into()
            }
        }

        impl ToSchema for $name {
            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                schemas.push(($plain::name().into_owned(), $plain::schema()));
                schemas.push(($chat::name().into_owned(), $chat::schema()));
                $plain::schemas(schemas);
                $chat::schemas(schemas);
            }
        }
    )*};
}
either_form! {
    EitherConversation: PlainConversation or ConversationView, "In the form that `format` asks for";
    EitherConversationPage: PlainConversationPage or ConversationPage, "In the form that `format` asks for";
    EitherMessagePage: PlainMessagePage or MessagePage, "In the form that `format` asks for";
    SentOrQueued: SentView or QueuedView, "What was sent; or what waits, while there is no connection to WhatsApp";
}
