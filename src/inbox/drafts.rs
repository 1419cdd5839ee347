//! Messages made of drafts: content, file, menu, and what is written beside the message in its commit.

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    domain::{
        Clock, Content, Error, Jid, JidKind, Timestamp,
        command::MediaKind,
        outbox::{OutboxEntry, SendOptions},
    },
    inbox::{
        marketing,
        menu::{MenuDraft, MenuOption, SentMenu},
        recipient,
        sent_note::{Author, SentNote},
    },
    messaging::{
        Along, Library, SendRequest,
        uploads::{Source, Upload, Uploads, Wanted},
    },
    store::{Record, Store},
};

/// What is sent.
pub enum Draft {
    Content(Content),
    File {
        source: Source,
        kind: MediaKind,
        filename: Option<String>,
        caption: Option<String>,
    },
    /// A file of the library.
    Stored {
        id: Uuid,
        kind: MediaKind,
        filename: Option<String>,
        caption: Option<String>,
    },
    /// With the menu as the caller wrote it.
    Menu(MenuDraft, serde_json::Value),
    /// A template with its parameters: a text or a file, what can be replied, and the template as the caller named it.
    Template {
        message: Box<Draft>,
        options: Vec<MenuOption>,
        written: serde_json::Value,
        /// Counted, so that nobody gets too much of it.
        is_marketing: bool,
    },
}

/// Who sends, and what goes with the message.
#[derive(Clone, Debug)]
pub struct Terms {
    pub author: Author,
    pub client_ref: Option<String>,
    /// The message's key, if it was chosen before.
    pub key: Option<String>,
    pub quoted: Option<String>,
    pub link_preview: bool,
    pub options: SendOptions,
}

/// Makes messages of drafts. Clones are the same.
#[derive(Clone)]
pub struct Drafts {
    pub uploads: Uploads,
    pub library: Library,
    pub clock: Clock,
    /// Messages to one recipient in an hour; 0 for no limit.
    pub per_recipient_hour: usize,
}

impl Drafts {
    /// The draft of a file at an address, which a field of a request names. It is checked as far as that costs nothing;
    /// `is_narrow` says that the caller may reach only what a key for one session may.
    pub fn linked_file(
        &self,
        (field, url): (&'static str, String),
        kind: MediaKind,
        (filename, caption): (Option<String>, Option<String>),
        is_narrow: bool,
    ) -> Result<Draft, Error> {
        let source = self.uploads.url(field, url, is_narrow);
        self.uploads.check(&source, kind, filename.as_deref(), caption.as_deref())?;
        Ok(Draft::File { source, kind, filename, caption })
    }

    /// Takes the file of a draft in, for many messages; none for a draft whose file is at hand.
    pub async fn file_of(&self, draft: Draft) -> Result<Option<Upload>, Error> {
        match draft {
            Draft::Template { message, .. } => Box::pin(self.file_of(*message)).await,
            Draft::File { source, kind, filename, caption } => {
                let wanted = Wanted { kind, filename, caption };
                Ok(Some(self.uploads.receive(source, wanted).await?))
            }
            Draft::Content(_) | Draft::Stored { .. } | Draft::Menu(..) => Ok(None),
        }
    }

    /// Makes a message of a draft, for a chat and the person whose messages are counted. A file is taken in.
    pub(in crate::inbox) async fn make(
        &self,
        (chat, recipient): (&Jid, &Jid),
        draft: Draft,
        terms: Terms,
    ) -> Result<Made, Error> {
        let Self { uploads, clock, per_recipient_hour, .. } = self;
        let Terms { author, client_ref, key, quoted, link_preview, .. } = terms;
        let (draft, options, template, is_marketing) = match draft {
            Draft::Template { message, options, written, is_marketing } => {
                (*message, options, Some(written), is_marketing)
            }
            draft => (draft, Vec::new(), None, false),
        };
        let mut upload = None;
        let (content, menu, interactive) = match draft {
            Draft::Content(content) => (content, None, None),
            Draft::Menu(menu, written) => {
                let sent = menu.sent(clock.now());
                (Content::Text { body: menu.text() }, Some(sent), Some(written))
            }
            Draft::Template { .. } => {
                return Err(Error::internal("a template within a template was sent"));
            }
            Draft::File { source, kind, filename, caption } => {
                let wanted = Wanted { kind, filename, caption };
                let received = upload.insert(uploads.receive(source, wanted).await?);
                (Content::Media(received.media.clone()), None, None)
            }
            Draft::Stored { id, kind, filename, caption } => {
                let (source, wanted) = (self.stored(id).await?, Wanted { kind, filename, caption });
                let received = upload.insert(uploads.receive(source, wanted).await?);
                (Content::Media(received.media.clone()), None, None)
            }
        };
        let menu = menu.or_else(|| SentMenu::of_template(options, clock.now()));
        let (chat, mentions) = (chat.clone(), Vec::new());
        let counted = Counted {
            recipient: recipient.clone(),
            limit: if chat.kind() == JidKind::Web { 0 } else { *per_recipient_hour },
            now: clock.now(),
            note: SentNote { client_ref, interactive, template, ..SentNote::by(author) },
            menu,
            is_marketing,
        };
        let request = SendRequest { key, chat, content, quoted, mentions, link_preview };
        Ok(Made { request, counted, upload })
    }

    async fn stored(&self, id: Uuid) -> Result<Source, Error> {
        let Self { library, .. } = self;
        let unknown = |_| Error::invalid_field("mediaId", "names no uploaded file");
        let file = library.get(id).await.map_err(unknown)?;
        let path = library.path(&file);
        Ok(Source::Stored { field: "mediaId", path, mime: file.mime, name: file.filename })
    }
}

/// A message that is made and not accepted yet.
pub(in crate::inbox) struct Made {
    pub request: SendRequest,
    pub counted: Counted,
    /// Its file, which is removed when this is dropped before the file is moved.
    pub upload: Option<Upload>,
}

/// What is written in the commit of an accepted message.
pub(in crate::inbox) struct Counted {
    recipient: Jid,
    limit: usize,
    now: Timestamp,
    note: SentNote,
    menu: Option<SentMenu>,
    is_marketing: bool,
}

#[async_trait]
impl Along for Counted {
    async fn write_in(&self, store: &Store, entry: &OutboxEntry) -> Result<(), Error> {
        recipient::count(store, &self.recipient, self.limit, self.now).await?;
        let mut transaction = store.transaction();
        let session = &entry.session;
        transaction.put(&SentNote::at(session, &entry.outgoing.key), &self.note).await?;
        if self.is_marketing {
            marketing::note(store, &self.recipient, self.now).await?;
        }
        if let Some(menu) = &self.menu {
            let of_chat = SentMenu::key().text(session.as_str()).text(entry.chat().as_str());
            transaction.put(&of_chat, menu).await?;
        }
        // Within a transaction nothing can be in conflict.
        transaction.commit().await?;
        Ok(())
    }
}
