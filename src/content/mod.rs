//! Content: texts that are written once and sent often. Quick replies are filled in for the person who sends them;
//! templates are rendered with the parameters of a send.
//!
//! Rendering is pure. This module knows no HTTP and no session.
//!
//! ```ignore
//! // What a send calls. Unknown: 404. A draft, or parameters that do not fit: 400.
//! let rendered = templates.render("order_shipped", "en_US", &components).await?;
//! // Rendered { template, text, media, menu }: the text is the caption of the file where there is one,
//! // and the menu's options are numbered in it.
//! ```

mod canned_response;
mod canned_responses;
mod fields;
mod inserted_text;
mod placeholders;
mod quick_replies;
mod quick_reply;
mod template_draft;
mod templates;
#[cfg(test)]
mod tests;
mod variables;

pub use self::{
    canned_response::CannedResponse,
    canned_responses::{
        CannedResponseChange, CannedResponseDraft, CannedResponses, MOST_CANNED_RESPONSES,
    },
    quick_replies::{MOST_QUICK_REPLIES, QuickReplies, QuickReplyChange, QuickReplyDraft},
    quick_reply::QuickReply,
    template_draft::template_draft,
    templates::{
        Button, Category, Header, HeaderMedia, ImportResult, Imported, MOST_TEMPLATES, MediaFormat,
        MediaSource, MenuOption, Outcome, Parts, Rendered, Status, Template, TemplateChange,
        TemplateDraft, TemplateFilter, Templates, components, draft,
    },
    variables::{Filled, Values, render},
};
use crate::store::Declaration;

/// The tables of this module.
pub const TABLES: &[Declaration] = &[
    Declaration::of::<QuickReply>(),
    Declaration::of::<Template>(),
    Declaration::of::<CannedResponse>(),
];
