//! How a device becomes part of an account: QR references, pairing codes, credentials.

use std::time::Duration;

use crate::{
    domain::{Jid, Timestamp},
    simulator::{
        Network,
        account::Person,
        agenda::{self, Passing},
        protocol::{Answer, Push, Refusal, RefusalKind},
        world::{Connected, World},
    },
};

/// Letters that cannot be mistaken for another on a phone's screen.
const CODE_LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTVWXYZ123456789";
const CODE_LENGTH: usize = 8;
const PAIRING_CODE_LIFE: Duration = Duration::from_secs(180);

impl Network {
    /// A phone scans a code: the device that shows it joins the phone's account.
    pub fn scan(&self, phone: &Jid, name: Option<String>, code: &str) -> Result<(), Refusal> {
        // A QR code holds more than the reference; the rest is for cryptography that is not here.
        let reference = code.split(',').next().unwrap_or(code);
        let mut world = self.world();
        let device = world.references.get(reference).copied();
        let device =
            device.ok_or_else(|| refusal(RefusalKind::Invalid, "no device shows this code now"))?;
        world.link(device, phone, name)
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
                world.link(device, phone, None)
            }
            None => Err(refusal(RefusalKind::Invalid, "no device shows this code now")),
        }
    }
}

impl World {
    /// A device says who it is. Without a good credential it is shown references to scan.
    pub fn hello(&mut self, device: u64, credential: Option<String>) -> Answer {
        let known = credential.and_then(|credential| {
            let account = self.ledger.account_of_credential(&credential)?.clone();
            Some((credential, account))
        });
        match known {
            Some((credential, account)) => {
                if let Some(connected) = self.devices.get_mut(&device) {
                    connected.account = Some(account.clone());
                    connected.credential = Some(credential);
                }
                if self.is_cut(device) {
                    self.push(device, Push::Line { connected: false });
                }
                if let Some(snapshot) = self.snapshot(&account) {
                    self.push(device, snapshot);
                }
            }
            None => self.restart_references(device),
        }
        if let Some(stands_at) = self.ledger.stands_at() {
            self.push(device, Push::Clock { stands_at: Some(stands_at) });
        }
        Answer::Done
    }

    /// Shows a device a fresh row of references.
    pub fn restart_references(&mut self, device: u64) {
        if let Some(connected) = self.devices.get_mut(&device) {
            connected.references_shown = 0;
            connected.rotation += 1;
        }
        self.next_reference(device);
    }

    pub fn next_reference(&mut self, device: u64) {
        self.references.retain(|_, shown_by| *shown_by != device);
        let Some(connected) = self.devices.get_mut(&device) else { return };
        if connected.account.is_some() {
            return;
        }
        if connected.references_shown == self.settings.references {
            return self.push(device, Push::ReferencesExhausted);
        }
        let life = match connected.references_shown {
            0 => self.settings.first_reference_life,
            _ => self.settings.reference_life,
        };
        connected.references_shown += 1;
        let (attempt, rotation) = (connected.references_shown, connected.rotation);
        let reference = format!("2@{}", uuid::Uuid::new_v4().simple());
        self.references.insert(reference.clone(), device);
        let expires_at = self.shown_until(life);
        self.push(device, Push::Reference { reference, attempt, expires_at });
        self.shortly(life, Passing::NextReference { device, rotation });
    }

    /// When a code ends for those who look at it. They live in the system's time: a code must not
    /// look outdated to them because the network's clock was set back.
    fn shown_until(&self, life: Duration) -> Timestamp {
        agenda::after(self.now().max(self.settings.clock.now()), life)
    }

    pub fn make_pairing_code(&mut self, device: u64, phone: &str) -> Result<Answer, Refusal> {
        let account = Jid::of_phone(phone)
            .map_err(|_| refusal(RefusalKind::Invalid, "not a telephone number"))?;
        if !self.is_on_whatsapp(&account) {
            return Err(refusal(RefusalKind::NotOnWhatsapp, "this number is not on WhatsApp"));
        }
        let random = uuid::Uuid::new_v4();
        let letter = |byte: &u8| CODE_LETTERS[usize::from(*byte) % CODE_LETTERS.len()] as char;
        let code: String = random.as_bytes().iter().take(CODE_LENGTH).map(letter).collect();
        self.pairing_codes.retain(|_, (shown_by, _)| *shown_by != device);
        self.pairing_codes.insert(code.clone(), (device, account));
        self.shortly(PAIRING_CODE_LIFE, Passing::ForgetPairingCode { code: code.clone() });
        Ok(Answer::PairingCode { code, expires_at: self.shown_until(PAIRING_CODE_LIFE) })
    }

    fn link(&mut self, device: u64, phone: &Jid, name: Option<String>) -> Result<(), Refusal> {
        self.check_writing()?;
        if !self.devices.contains_key(&device) {
            return Err(refusal(RefusalKind::Invalid, "the device is gone"));
        }
        let Some(Person { me, .. }) = self.open_account(phone, name) else {
            return Err(refusal(RefusalKind::NotOnWhatsapp, "this number is not on WhatsApp"));
        };
        let credential = uuid::Uuid::new_v4().simple().to_string();
        self.ledger.change_person(&me.id, |person| person.devices.insert(credential.clone()));
        if let Some(connected) = self.devices.get_mut(&device) {
            connected.account = Some(me.id.clone());
            connected.credential = Some(credential.clone());
            connected.rotation += 1;
        }
        self.references.retain(|_, shown_by| *shown_by != device);
        self.pairing_codes.retain(|_, (shown_by, _)| *shown_by != device);
        let account = me.id.clone();
        self.push(device, Push::Linked { credential, me });
        if let Some(snapshot) = self.snapshot(&account) {
            self.push(device, snapshot);
        }
        Ok(())
    }

    /// Takes a device off its account, on the phone or on the device itself.
    pub fn unlink(&mut self, credential: &str) -> bool {
        let Some(account) = self.ledger.account_of_credential(credential).cloned() else {
            return false;
        };
        self.ledger.change_person(&account, |person| person.devices.remove(credential));
        let uses = |device: &Connected| device.credential.as_deref() == Some(credential);
        let connected: Vec<u64> =
            self.devices.iter().filter(|(_, device)| uses(device)).map(|(id, _)| *id).collect();
        for device in connected {
            if let Some(connected) = self.devices.get_mut(&device) {
                (connected.account, connected.credential) = (None, None);
            }
            self.push(device, Push::Unlinked);
        }
        true
    }
}

pub fn refusal(kind: RefusalKind, reason: &str) -> Refusal {
    Refusal { kind, reason: reason.to_owned(), code: None }
}
