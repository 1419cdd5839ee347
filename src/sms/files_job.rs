//! Files of inbound text messages (MMS): fetched from the provider by a durable job, with retries.
//!
//! ```text
//! webhook ──▶ record and job in one durable commit ──▶ the provider is answered
//! job ──▶ all files came ───▶ the text with the first file, each other file as a message of its own
//!     ├─▶ one comes later ──▶ the text at once, with a line about the file, which follows as a message of its own
//!     └─▶ one never comes ──▶ a line that says why, with its address
//! ```
//!
//! The file of a message is on the disk before the message is taken in, so nobody hears of a file that is not there.
//! Messages have keys that are made of the provider's id, so that one that is taken in twice is one.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use tokio::sync::Semaphore;

use crate::{
    domain::{
        Error, Message, MessageKind, SessionId, clock::between, media_type, message::MessageMedia,
    },
    events::Work,
    jobs::{Handler, Job, Then},
    messaging::{MessagingTables, TemporaryFile},
    providers::sms::FileFault,
    sms::{
        service::Sms,
        waiting::{FILES, InboundFile, InboundFiles},
    },
};

/// For so long a file that does not come is tried again.
const GIVE_UP: Duration = Duration::from_secs(600);
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const MOST_DOUBLINGS: u32 = 5;
/// Messages whose files are fetched at once. Other jobs need room.
const AT_ONCE: usize = 2;
/// When to look again whether others are done.
const BUSY: Duration = Duration::from_millis(250);
/// Characters of an address that is shown.
const LONGEST_SHOWN: usize = 300;

/// What became of a file in one round.
enum Came {
    /// On the disk, with its type and its name.
    Whole(TemporaryFile, MessageMedia),
    NotYet(String),
    Never(String),
}

/// Fetches the files of inbound messages.
pub struct FilesJob {
    sms: Sms,
    turns: Semaphore,
}

impl FilesJob {
    pub const KIND: &'static str = FILES;

    pub fn new(sms: Sms) -> Self {
        Self { sms, turns: Semaphore::new(AT_ONCE) }
    }

    async fn fetch(&self, file: &InboundFile) -> Result<Came, Error> {
        let uploads = &self.sms.parts.uploads;
        let place = uploads.temporary().await?;
        let provider = &self.sms.configured()?.provider;
        let fetched = match provider.fetch(&file.url, place.path(), &uploads.bounds()).await {
            Ok(fetched) => fetched,
            Err(FileFault::NotYet(why)) => return Ok(Came::NotYet(why)),
            Err(FileFault::Never(why)) => return Ok(Came::Never(why)),
        };
        let declared = file.mime.clone().or(fetched.mime);
        let examined = uploads.examined(&place, declared.clone(), fetched.disposition).await?;
        let (mime, filename) = examined;
        let class = |mime: &str| mime.split('/').next().unwrap_or_default().to_owned();
        let declared = declared.as_deref().and_then(media_type::essence);
        let is_other = declared.as_deref().is_some_and(|declared| {
            kind_of(declared) != MessageKind::Document && class(declared) != class(&mime)
        });
        if is_other {
            return Ok(Came::Never(format!("is {mime} by its content")));
        }
        Ok(Came::Whole(place, MessageMedia { mime, size: fetched.size, filename }))
    }

    /// Puts a file in its place and takes in its message.
    async fn take_in_file(
        &self,
        session: &SessionId,
        mut message: Message,
        (file, media): (TemporaryFile, MessageMedia),
    ) -> Result<(), Error> {
        self.sms.parts.files.put(session, &message.id.key, file.path()).await?;
        (message.kind, message.media) = (kind_of(&media.mime), Some(media));
        self.sms.take_in(session, message).await
    }

    /// Takes in what is there now and marks it as done.
    async fn take_in(
        &self,
        session: &SessionId,
        (waiting, is_known): (&mut InboundFiles, bool),
        came: Vec<(usize, Came)>,
    ) -> Result<(), Error> {
        let (mut lines, mut with_text, mut others) = (Vec::new(), None, Vec::new());
        for (place, came) in came {
            let Some(file) = waiting.files.get_mut(place) else { continue };
            file.is_done = !matches!(came, Came::NotYet(_));
            match came {
                Came::Whole(path, media) if place == 0 && !is_known => {
                    with_text = Some((path, media))
                }
                Came::Whole(path, media) => others.push((place, path, media)),
                Came::NotYet(why) if !is_known => {
                    lines.push(line(file, &format!("{why}; it is tried again")))
                }
                Came::NotYet(_) => (),
                Came::Never(why) => {
                    let line = line(file, &why);
                    if is_known {
                        let message = waiting.message(&waiting.key_of(place), line);
                        self.sms.take_in(session, message).await?;
                    } else {
                        lines.push(line);
                    }
                }
            }
        }
        if !is_known {
            let text = Some(waiting.text.clone()).filter(|text| !text.is_empty());
            let body: Vec<String> = text.into_iter().chain(lines).collect();
            let message = waiting.message(&waiting.id, body.join("\n"));
            match with_text {
                Some(file) => self.take_in_file(session, message, file).await?,
                None => self.sms.take_in(session, message).await?,
            }
        }
        for (place, path, media) in others {
            let message = waiting.message(&waiting.key_of(place), String::new());
            self.take_in_file(session, message, (path, media)).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Handler for FilesJob {
    async fn run(&self, job: &Job, work: &mut Work<'_>) -> Result<Then, Error> {
        let Ok(_turn) = self.turns.try_acquire() else { return Ok(Then::After(BUSY)) };
        let key = InboundFiles::at(&job.name);
        let Some(mut waiting) = work.get(&key).await? else { return Ok(Then::Done) };
        let session = self.sms.open().await?.clone();
        let known = self.sms.parts.store.messages().get(&session, &waiting.message_id()).await?;
        // The gateway may have died between the message and the end of the job.
        if let (Some(message), Some(first)) = (&known, waiting.files.first_mut()) {
            first.is_done |= message.media.is_some();
        }
        let open = waiting.files.iter().enumerate().filter(|(_, file)| !file.is_done);
        let came = open
            .map(|(place, file)| async move { Ok::<_, Error>((place, self.fetch(file).await?)) });
        let came: Result<Vec<_>, Error> = join_all(came).await.into_iter().collect();
        let is_last = GIVE_UP <= between(waiting.at, self.sms.parts.clock.now());
        let given_up = |(place, came)| match came {
            Came::NotYet(why) if is_last => (place, Came::Never(why)),
            came => (place, came),
        };
        let came = came?.into_iter().map(given_up).collect();
        self.take_in(&session, (&mut waiting, known.is_some()), came).await?;
        if waiting.files.iter().all(|file| file.is_done) {
            work.delete(&key).await?;
            return Ok(Then::Done);
        }
        let pause = FIRST_PAUSE * 2_u32.pow(waiting.rounds.min(MOST_DOUBLINGS));
        waiting.rounds += 1;
        work.put(&key, &waiting).await?;
        Ok(Then::After(pause))
    }
}

/// What is shown of a file that is not there.
fn line(file: &InboundFile, why: &str) -> String {
    let what = file.mime.as_deref().unwrap_or("file");
    let url: String = file.url.chars().take(LONGEST_SHOWN).collect();
    format!("[{what}: the file {why}. {url}]")
}

fn kind_of(mime: &str) -> MessageKind {
    match mime.split('/').next() {
        Some("image") => MessageKind::Image,
        Some("video") => MessageKind::Video,
        Some("audio") => MessageKind::Audio,
        _ => MessageKind::Document,
    }
}
