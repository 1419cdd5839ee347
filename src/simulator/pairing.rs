//! Pairing: the QR references and pairing codes that unlinked devices show.

use std::{collections::HashMap, time::Duration};

use crate::{domain::Jid, simulator::NetworkSettings};

/// Letters that cannot be mistaken for another on a phone's screen.
const CODE_LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTVWXYZ123456789";
const CODE_LENGTH: usize = 8;

/// All codes that are shown at this moment.
#[derive(Default)]
pub struct Pairing {
    /// The device that shows each QR reference.
    references: HashMap<String, u64>,
    /// The device that shows each pairing code, and the account that the code is for.
    codes: HashMap<String, (u64, Jid)>,
    rotations: HashMap<u64, Rotation>,
    last_rotation: u64,
}

/// The series of references that a device shows.
struct Rotation {
    /// Tells a timer of a former series from one of this series.
    number: u64,
    shown: u32,
}

/// The next step of a device's series.
pub enum NextReference {
    Show { reference: String, attempt: u32, rotation: u64, life: Duration },
    Exhausted,
}

impl Pairing {
    pub fn device_with_reference(&self, reference: &str) -> Option<u64> {
        self.references.get(reference).copied()
    }

    pub fn device_with_code(&self, code: &str) -> Option<(u64, &Jid)> {
        self.codes.get(code).map(|(device, account)| (*device, account))
    }

    /// Begins a new series of references.
    pub fn restart(&mut self, device: u64) {
        self.last_rotation += 1;
        self.rotations.insert(device, Rotation { number: self.last_rotation, shown: 0 });
    }

    /// Whether this is the present series of the device.
    pub fn is_current(&self, device: u64, rotation: u64) -> bool {
        self.rotations.get(&device).is_some_and(|current| current.number == rotation)
    }

    /// Replaces the reference of a device by the next one of its series; none without a series.
    pub fn next_reference(
        &mut self,
        device: u64,
        settings: &NetworkSettings,
    ) -> Option<NextReference> {
        self.references.retain(|_, shown_by| *shown_by != device);
        let rotation = self.rotations.get_mut(&device)?;
        if rotation.shown == settings.references {
            return Some(NextReference::Exhausted);
        }
        let life = match rotation.shown {
            0 => settings.first_reference_life,
            _ => settings.reference_life,
        };
        rotation.shown += 1;
        let reference = format!("2@{}", uuid::Uuid::new_v4().simple());
        self.references.insert(reference.clone(), device);
        let (attempt, rotation) = (rotation.shown, rotation.number);
        Some(NextReference::Show { reference, attempt, rotation, life })
    }

    /// Gives a device a pairing code in place of the one before.
    pub fn new_code(&mut self, device: u64, account: Jid) -> String {
        let random = uuid::Uuid::new_v4();
        let letter = |byte: &u8| CODE_LETTERS[usize::from(*byte) % CODE_LETTERS.len()] as char;
        let code: String = random.as_bytes().iter().take(CODE_LENGTH).map(letter).collect();
        self.codes.retain(|_, (shown_by, _)| *shown_by != device);
        self.codes.insert(code.clone(), (device, account));
        code
    }

    pub fn expire_code(&mut self, code: &str) {
        self.codes.remove(code);
    }

    /// Removes all codes of a device that was linked or disconnected.
    pub fn remove(&mut self, device: u64) {
        self.references.retain(|_, shown_by| *shown_by != device);
        self.codes.retain(|_, (shown_by, _)| *shown_by != device);
        self.rotations.remove(&device);
    }
}
