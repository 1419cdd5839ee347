//! Phone of a person: linking a device by its QR code or by a pairing code.

use crate::{
    domain::Jid,
    simulator::{
        Network,
        protocol::{Refusal, RefusalKind},
    },
};

impl Network {
    /// A phone scans a code: the device that shows it joins the phone's account.
    pub fn scan(&self, phone: &Jid, name: Option<String>, code: &str) -> Result<(), Refusal> {
        // The rest of a QR code is for encryption, which is not simulated.
        let reference = code.split(',').next().unwrap_or(code);
        let mut world = self.writing()?;
        let device = world.pairing.device_with_reference(reference);
        let device = device
            .ok_or_else(|| Refusal::new(RefusalKind::Invalid, "no device shows this code now"))?;
        world.linking().link(device, phone, name)
    }

    /// A phone types a pairing code.
    pub fn enter_pairing_code(&self, phone: &Jid, code: &str) -> Result<(), Refusal> {
        let code = code.replace('-', "").to_uppercase();
        let mut world = self.writing()?;
        match world.pairing.device_with_code(&code) {
            Some((_, account)) if account != phone => {
                Err(Refusal::new(RefusalKind::NotAllowed, "this code is for another number"))
            }
            Some((device, _)) => world.linking().link(device, phone, None),
            None => Err(Refusal::new(RefusalKind::Invalid, "no device shows this code now")),
        }
    }
}
