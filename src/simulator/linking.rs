//! How a device becomes part of an account: QR references, pairing codes, credentials.

use crate::{
    domain::Jid,
    simulator::{
        Network,
        protocol::{Answer, Push, Refusal, RefusalKind},
    },
};

/// Letters that cannot be mistaken for another on a phone's screen.
const CODE_LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTVWXYZ123456789";
const CODE_LENGTH: usize = 8;
const PAIRING_CODE_LIFE: std::time::Duration = std::time::Duration::from_secs(180);

impl Network {
    /// A device says who it is. Without a good credential it is shown references to scan.
    pub(in crate::simulator) fn hello(&self, device: u64, credential: Option<String>) -> Answer {
        let known = credential.and_then(|credential| {
            self.world()
                .credentials
                .get(&credential)
                .map(|account| (credential.clone(), account.clone()))
        });
        match known {
            Some((credential, account)) => {
                let mut world = self.world();
                if let Some(connected) = world.devices.get_mut(&device) {
                    connected.account = Some(account.clone());
                    connected.credential = Some(credential);
                }
                if let Some(snapshot) = world.snapshot(&account) {
                    world.push(device, snapshot);
                }
            }
            None => self.restart_references(device),
        }
        Answer::Done
    }

    /// Shows a device a fresh row of references.
    pub(in crate::simulator) fn restart_references(&self, device: u64) {
        let mut world = self.world();
        if let Some(connected) = world.devices.get_mut(&device) {
            connected.references_shown = 0;
            connected.rotation += 1;
        }
        drop(world);
        self.next_reference(device);
    }

    fn next_reference(&self, device: u64) {
        let mut world = self.world();
        world.references.retain(|_, shown_by| *shown_by != device);
        let Some(connected) = world.devices.get_mut(&device) else { return };
        if connected.account.is_some() {
            return;
        }
        if connected.references_shown == self.settings().references {
            return world.push(device, Push::ReferencesExhausted);
        }
        let life = match connected.references_shown {
            0 => self.settings().first_reference_life,
            _ => self.settings().reference_life,
        };
        connected.references_shown += 1;
        let (attempt, rotation) = (connected.references_shown, connected.rotation);
        let reference = format!("2@{}", uuid::Uuid::new_v4().simple());
        world.references.insert(reference.clone(), device);
        let expires_at = self.now() + life;
        world.push(device, Push::Reference { reference, attempt, expires_at });
        drop(world);
        self.after(life, move |network| {
            let rotation_now = network.world().devices.get(&device).map(|device| device.rotation);
            if rotation_now == Some(rotation) {
                network.next_reference(device);
            }
        });
    }

    pub(in crate::simulator) fn make_pairing_code(
        &self,
        device: u64,
        phone: &str,
    ) -> Result<Answer, Refusal> {
        let account = Jid::of_phone(phone)
            .map_err(|_| refusal(RefusalKind::Invalid, "not a telephone number"))?;
        let random = uuid::Uuid::new_v4();
        let letter = |byte: &u8| CODE_LETTERS[usize::from(*byte) % CODE_LETTERS.len()] as char;
        let code: String = random.as_bytes().iter().take(CODE_LENGTH).map(letter).collect();
        let mut world = self.world();
        if !world.is_on_whatsapp(&account) {
            return Err(refusal(RefusalKind::NotOnWhatsapp, "this number is not on WhatsApp"));
        }
        world.pairing_codes.retain(|_, (shown_by, _)| *shown_by != device);
        world.pairing_codes.insert(code.clone(), (device, account));
        Ok(Answer::PairingCode { code, expires_at: self.now() + PAIRING_CODE_LIFE })
    }

    /// A phone scans a code: the device that shows it joins the phone's account.
    pub fn scan(&self, phone: &Jid, name: Option<String>, code: &str) -> Result<(), Refusal> {
        // A QR code holds more than the reference; the rest is for cryptography that is not here.
        let reference = code.split(',').next().unwrap_or(code);
        let device = self.world().references.remove(reference);
        let device =
            device.ok_or_else(|| refusal(RefusalKind::Invalid, "no device shows this code now"))?;
        self.link(device, phone, name)
    }

    /// A phone types a pairing code.
    pub fn enter_pairing_code(&self, phone: &Jid, code: &str) -> Result<(), Refusal> {
        let code = code.replace('-', "").to_uppercase();
        let mut world = self.world();
        match world.pairing_codes.get(&code) {
            Some((_, account)) if account != phone => {
                Err(refusal(RefusalKind::NotAllowed, "this code is for another number"))
            }
            Some((device, _)) => {
                let device = *device;
                world.pairing_codes.remove(&code);
                drop(world);
                self.link(device, phone, None)
            }
            None => Err(refusal(RefusalKind::Invalid, "no device shows this code now")),
        }
    }

    fn link(&self, device: u64, phone: &Jid, name: Option<String>) -> Result<(), Refusal> {
        let credential = uuid::Uuid::new_v4().simple().to_string();
        let mut world = self.world();
        let Some(account) = world.open_account(phone, name) else {
            return Err(refusal(RefusalKind::NotOnWhatsapp, "this number is not on WhatsApp"));
        };
        account.devices.insert(credential.clone());
        let me = account.me.clone();
        world.credentials.insert(credential.clone(), me.id.clone());
        let Some(connected) = world.devices.get_mut(&device) else {
            return Err(refusal(RefusalKind::Invalid, "the device is gone"));
        };
        connected.account = Some(me.id.clone());
        connected.credential = Some(credential.clone());
        connected.rotation += 1;
        world.references.retain(|_, shown_by| *shown_by != device);
        let account = me.id.clone();
        world.push(device, Push::Linked { credential, me });
        if let Some(snapshot) = world.snapshot(&account) {
            world.push(device, snapshot);
        }
        Ok(())
    }

    /// Takes a device off its account, on the phone or on the device itself.
    pub(in crate::simulator) fn unlink(&self, credential: &str) -> bool {
        let mut world = self.world();
        let Some(account) = world.credentials.remove(credential) else { return false };
        if let Some(account) = world.accounts.get_mut(&account) {
            account.devices.remove(credential);
        }
        let uses = |device: &crate::simulator::world::Connected| {
            device.credential.as_deref() == Some(credential)
        };
        let connected: Vec<u64> =
            world.devices.iter().filter(|(_, device)| uses(device)).map(|(id, _)| *id).collect();
        for device in connected {
            if let Some(connected) = world.devices.get_mut(&device) {
                (connected.account, connected.credential) = (None, None);
            }
            world.push(device, Push::Unlinked);
        }
        true
    }
}

pub fn refusal(kind: RefusalKind, reason: &str) -> Refusal {
    Refusal { kind, reason: reason.to_owned() }
}
