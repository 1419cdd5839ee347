//! Templates: messages with numbered variables that may be sent at any time.
//!
//! They have Meta's form (`form`), and so have the parameters of a send (`parameters`). Nobody else approves them: what
//! is saved is approved unless it is a draft. `rendering` makes them a text that every phone shows.

mod form;
mod numbered;
mod parameters;
mod record;
mod rendering;
mod service;

pub use self::{
    form::{TemplateDraft, components, draft},
    parameters::{HeaderMedia, MediaSource},
    record::{Button, Category, Header, MediaFormat, Parts, Status, Template},
    rendering::MenuOption,
    service::{
        ImportResult, Imported, MOST_TEMPLATES, Outcome, Rendered, TemplateChange, TemplateFilter,
        Templates,
    },
};
