//! Migrations: numbered steps from one layout of the store to the next, run in order when a store is opened.
//!
//! A step works on the raw keys and values of its day, not on today's types, which change. It keeps a
//! checkpoint in the commit of its work, so that after a kill it goes on where it was. While it is under way
//! the store is marked with the layout that it becomes: an older version refuses it from then on.

mod copy;
mod folders;
mod in_place;
mod notes;
mod progress;
mod rebind;
mod sealing;
mod step_2;

use std::{path::Path, time::Duration};

use uuid::Uuid;

pub use self::{
    copy::Rewrite,
    in_place::{InPlace, Pass},
    notes::LAYOUT,
};
use self::{
    folders::Folders,
    notes::{begin, end, is_empty, key, number, under_way},
    progress::Progress,
    sealing::Sealing,
};
use crate::store::{
    SCHEMA, StoreError,
    codec::{decode, encode_json},
    disk::Disk,
    engine::{Batch, Engine, SledEngine, is_held},
    opening::Opening,
    seal::Seal,
    sealing::load_keys,
};

/// The setting of a store that is a whole copy: the run that wrote it.
const COPIED: &str = "migrated";
/// How long an engine may take to let go of its folder, and how often that is looked at.
const CLOSING: Duration = Duration::from_secs(60);
const CLOSING_LOOK: Duration = Duration::from_millis(10);

/// What a step does with a store of the layout that it begins with.
pub enum Work {
    /// It changes the store where it is.
    InPlace(Box<dyn InPlace>),
    /// It writes a new store from the pairs of the old one, which takes the place of the old one at the
    /// end. What the new store does not hold is in no file any more.
    Copy(Box<dyn Rewrite>),
}

/// A step from one layout to the next.
pub struct Step {
    /// The layout that it begins with. It leaves the next one.
    pub from: u64,
    pub name: &'static str,
    pub work: Work,
}

/// The step that a layout is left by; none for the present one. Numbers are never reused.
fn step(from: u64) -> Option<Step> {
    let (name, work) = match from {
        1 => ("records belong to sessions by UUID", Work::InPlace(Box::new(rebind::Rebind))),
        2 => ("compact values", Work::Copy(Box::new(step_2::Compact::default()))),
        _ => return None,
    };
    Some(Step { from, name, work })
}

/// Opens the engine in a folder, and brings what lies there to the present layout.
pub async fn open(
    folder: &Path,
    disk: &Disk,
    seal: &Seal,
    opening: &Opening,
) -> Result<SledEngine, StoreError> {
    let folders = Folders::of(folder);
    let _turn = folders.settle()?;
    loop {
        opening.begin("reading the store");
        let engine = SledEngine::open(&folders.store)?;
        let Some(step) = next_step(&engine).await? else {
            return Ok(engine);
        };
        match step.work {
            Work::InPlace(work) => {
                in_place::run(&engine, disk, step.from, step.name, &*work, opening).await?
            }
            Work::Copy(work) => {
                load_keys(&engine, &seal.keyring).await?;
                let work = Box::new(Sealing { seal: seal.clone(), rewrite: work });
                let next =
                    copy_beside(&folders, &engine, disk, (step.from, step.name), work, opening)
                        .await?;
                close(next, &folders.next).await?;
                close(engine, &folders.store).await?;
                folders.swap()?;
            }
        }
        tracing::info!(layout = step.from + 1, "the store has layout {} now", step.from + 1);
    }
}

/// Brings an engine that has no folder to the present layout. It must be empty or have that layout.
pub async fn prepare(engine: &dyn Engine, opening: &Opening) -> Result<(), StoreError> {
    match next_step(engine).await? {
        None => Ok(()),
        Some(step) => match step.work {
            Work::InPlace(work) => {
                in_place::run(engine, &Disk::manual(0), step.from, step.name, &*work, opening).await
            }
            Work::Copy(_) => {
                let message =
                    format!("a store of layout {} must be opened in its folder", step.from);
                Err(StoreError::Corrupt(message))
            }
        },
    }
}

/// Whether a process has the store of this folder open, or is writing its next one.
pub fn is_open(folder: &Path) -> bool {
    is_held(folder) || is_held(&Folders::of(folder).next)
}

/// The step that a store needs next. An empty one gets the present layout.
async fn next_step(engine: &dyn Engine) -> Result<Option<Step>, StoreError> {
    let layout = match under_way(engine).await? {
        Some(under_way) => under_way.from,
        None => match number(engine).await? {
            Some(layout) => layout,
            None if is_empty(engine).await? => {
                let mut batch = Batch::new();
                batch.put(key(LAYOUT), encode_json(&SCHEMA)?);
                engine.commit(batch).await?;
                engine.durable().await?;
                return Ok(None);
            }
            // The first layout was not always noted.
            None => 1,
        },
    };
    if SCHEMA < layout {
        return Err(StoreError::NewerVersion { found: layout });
    }
    if layout == SCHEMA {
        return Ok(None);
    }
    step(layout).map(Some).ok_or_else(|| StoreError::Corrupt(format!("a store of layout {layout}")))
}

/// Writes the store of the next layout beside the present one, or what is missing of it.
async fn copy_beside(
    folders: &Folders,
    old: &SledEngine,
    disk: &Disk,
    (from, name): (u64, &'static str),
    mut rewrite: Box<dyn Rewrite>,
    opening: &Opening,
) -> Result<SledEngine, StoreError> {
    let next = SledEngine::open_to_fill(&folders.make_next()?)?;
    let known = under_way(old).await?.map(|known| known.run);
    let found = under_way(&next).await?;
    let copied: Option<Uuid> = next.get(&key(COPIED)).await?.as_deref().map(decode).transpose()?;
    if known.is_some() && found.is_none() && copied == known {
        return Ok(next);
    }
    let next = match found {
        Some(found) if Some(found.run) == known => next,
        // Empty, or of another store that lay here.
        _ => {
            close(next, &folders.next).await?;
            folders.clear_next()?;
            SledEngine::open_to_fill(&folders.make_next()?)?
        }
    };
    folders.check_room(disk)?;
    let run = begin(old, from).await?;
    let copied = encode_json(&run.run)?;
    let mut progress = Progress::begin(from, name, opening);
    copy::copy(old, &next, disk, run, &mut *rewrite, &mut progress).await?;
    let mut batch = Batch::new();
    batch.put(key(COPIED), copied);
    next.commit(batch).await?;
    end(&next, from).await?;
    progress.end();
    Ok(next)
}

/// Closes an engine. It releases its folder a moment after it is dropped, and writes until then.
async fn close(engine: SledEngine, folder: &Path) -> Result<(), StoreError> {
    drop(engine);
    let deadline = tokio::time::Instant::now() + CLOSING;
    while is_held(folder) {
        if deadline < tokio::time::Instant::now() {
            return Err(StoreError::Disk(format!("{} does not close", folder.display())));
        }
        tokio::time::sleep(CLOSING_LOOK).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
