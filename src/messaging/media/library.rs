//! Library of uploaded files: stored once by content, found by id, for sends that name them.
//!
//! A file that is sent is copied, so that the library may drop it after its time. What names a file for later, such as a
//! flow or a quick reply, holds it: a file that is held stays.
//!
//! | tree | key | value |
//! |---|---|---|
//! | `MediaLibrary` | id | [`LibraryFile`] |
//! | `MediaHolds` | file, holder | [`Hold`] |

use std::{path::PathBuf, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    domain::{Clock, Error, Subject, Timestamp, file_name},
    events::Work,
    jobs::{Handler, Job, Then},
    messaging::media::{
        folder::MediaFolder,
        uploads::{Typed, type_of},
    },
    store::{Index, IndexKey, Key, Record, Scope, Store, StoreError, Table, Transaction, Tree},
};

/// Files are dropped after this time.
const KEPT: Duration = Duration::from_secs(30 * 86_400);
/// Files that are dropped in one round.
const DROPPED_AT_ONCE: usize = 200;
/// The types that are taken: those that clients know the API to take.
const TYPES: [&str; 8] = [
    "image/jpeg",
    "image/png",
    "image/webp",
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "audio/mpeg",
    "audio/ogg",
    "video/mp4",
];

const FILES: Tree = Tree::new(166, "MediaLibrary");
const FILES_BY_TIME: Tree = Tree::new(167, "MediaLibraryByTime");
const FILES_BY_CONTENT: Tree = Tree::new(168, "MediaLibraryByContent");
const BY_TIME: Index<LibraryFile> = Index::new(FILES_BY_TIME);
const BY_CONTENT: Index<LibraryFile> = Index::new(FILES_BY_CONTENT);

/// A file of the library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LibraryFile {
    pub id: Uuid,
    /// Of its content, in hexadecimal digits.
    pub sha256: String,
    pub mime: String,
    pub size: u64,
    pub filename: String,
    pub created_at: Timestamp,
    /// When its time began again, because it was held at the end of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_since: Option<Timestamp>,
}

/// A record that names a file for later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub since: Timestamp,
}

impl Record for Hold {
    const TABLE: Table = Table {
        tree: Tree::new(216, "MediaHolds"),
        owner: "messaging",
        indexes: &[],
        scope: Scope::Gateway,
    };
}

impl Hold {
    /// Those of a file.
    fn of(file: Uuid) -> Key<Self> {
        Self::key().uuid(file)
    }

    /// Makes a holder hold these files and no others, within a transaction. A further file that is not there is an error:
    /// its place among them.
    pub async fn change(
        transaction: &Transaction,
        holder: Uuid,
        (before, files): (&[Uuid], &[Uuid]),
        now: Timestamp,
    ) -> Result<Result<(), usize>, StoreError> {
        for file in before.iter().filter(|file| !files.contains(file)) {
            transaction.delete(&Self::of(*file).uuid(holder)).await?;
        }
        for (place, file) in files.iter().enumerate() {
            let is_there = transaction.get(&LibraryFile::key().uuid(*file)).await?.is_some();
            if is_there {
                transaction.put(&Self::of(*file).uuid(holder), &Self { since: now }).await?;
            } else if !before.contains(file) {
                return Ok(Err(place));
            }
        }
        Ok(Ok(()))
    }
}

impl Record for LibraryFile {
    const TABLE: Table = Table {
        tree: FILES,
        owner: "messaging",
        indexes: &[FILES_BY_TIME, FILES_BY_CONTENT],
        scope: Scope::Gateway,
    };

    fn entries(&self, _: &Key<Self>) -> Vec<IndexKey<Self>> {
        let since = self.kept_since.unwrap_or(self.created_at);
        let by_time = BY_TIME.key().time(since).uuid(self.id);
        vec![by_time, BY_CONTENT.key().text(&self.sha256).uuid(self.id)]
    }
}

/// Clones are the same library.
#[derive(Clone)]
pub struct Library {
    store: Store,
    folder: MediaFolder,
    clock: Clock,
}

impl Library {
    /// The pause between two rounds of retention.
    pub const EVERY: Duration = Duration::from_secs(3_600);

    pub fn new(store: Store, folder: MediaFolder, clock: Clock) -> Self {
        Self { store, folder, clock }
    }

    /// Takes a file in, if its content is of a type that can be sent.
    pub async fn add(&self, bytes: Vec<u8>, filename: Option<&str>) -> Result<LibraryFile, Error> {
        self.store.health().admit()?;
        let name = filename.and_then(file_name::tidy);
        let Typed { mime, is_certain } = type_of(&bytes, name.as_deref());
        let essence = mime.split(';').next().unwrap_or_default().trim().to_owned();
        if !is_certain || !TYPES.contains(&essence.as_str()) {
            let known = "JPEG, PNG, WebP, PDF, DOCX, MP3, OGG or MP4";
            let fault = format!("is {essence} by its content, and must be {known}");
            return Err(Error::invalid_field("file", fault).about(Subject::Media));
        }
        let sha256 = data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes));
        let file = LibraryFile {
            id: Uuid::now_v7(),
            filename: file_name::with_extension(
                name.unwrap_or_else(|| "file".to_owned()),
                &mime,
                filename.is_some(),
            ),
            size: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            sha256,
            mime,
            created_at: self.clock.now(),
            kept_since: None,
        };
        self.write(&file, bytes)
            .await
            .map_err(|error| Error::internal(format!("the file could not be stored: {error}")))?;
        let mut transaction = self.store.transaction();
        loop {
            transaction.put(&LibraryFile::key().uuid(file.id), &file).await?;
            if transaction.commit().await? {
                break;
            }
        }
        self.store.durable().await?;
        Ok(file)
    }

    pub async fn get(&self, id: Uuid) -> Result<LibraryFile, Error> {
        let unknown = || Error::not_found(Subject::Media, "there is no such file");
        self.store.get(&LibraryFile::key().uuid(id)).await?.ok_or_else(unknown)
    }

    /// The same as a transaction sees it; none for one that is not there.
    pub async fn known(store: &Store, id: Uuid) -> Result<Option<LibraryFile>, StoreError> {
        store.get(&LibraryFile::key().uuid(id)).await
    }

    pub fn path(&self, file: &LibraryFile) -> PathBuf {
        self.folder.of_library(&file.sha256)
    }

    async fn write(&self, file: &LibraryFile, bytes: Vec<u8>) -> std::io::Result<()> {
        let path = self.path(file);
        if tokio::fs::try_exists(&path).await? {
            return Ok(());
        }
        let folder = self.folder.of_library("");
        tokio::fs::create_dir_all(&folder).await?;
        let part = folder.join(format!(".{}.part", file.id.simple()));
        tokio::fs::write(&part, bytes).await?;
        tokio::fs::File::open(&part).await?.sync_all().await?;
        tokio::fs::rename(&part, &path).await
    }

    /// Whether a file of the library has this content.
    async fn has(store: &Store, sha256: &str) -> Result<bool, StoreError> {
        let found = store.follow(BY_CONTENT.key().text(sha256).below(), 1).await?;
        Ok(!found.is_empty())
    }
}

/// Drops files past their time, in rounds.
#[async_trait]
impl Handler for Library {
    async fn run(&self, _: &Job, work: &mut Work<'_>) -> Result<Then, Error> {
        let now = self.clock.now();
        let before = now - KEPT;
        let old = BY_TIME.key().below().before(BY_TIME.key().time(before));
        for found in work.store().follow(old, DROPPED_AT_ONCE).await? {
            if !work.store().keys(Hold::of(found.record.id).below(), 1).await?.is_empty() {
                work.put(&found.key, &LibraryFile { kept_since: Some(now), ..found.record })
                    .await?;
                continue;
            }
            work.delete(&found.key).await?;
            if !Self::has(work.store(), &found.record.sha256).await? {
                let _ = tokio::fs::remove_file(self.path(&found.record)).await;
            }
        }
        Ok(Then::After(Self::EVERY))
    }
}
