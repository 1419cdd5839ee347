//! Phone of a person: linking a device by its QR code or by a pairing code.

use crate::simulator::{
    Account,
    protocol::{Refusal, RefusalKind},
};

impl Account<'_> {
    /// A phone scans a code: the device that shows it joins the phone's account.
    pub fn scan(&self, name: Option<String>, code: &str) -> Result<(), Refusal> {
        // The rest of a QR code is for encryption, which is not simulated.
        let reference = code.split(',').next().unwrap_or(code);
        let mut world = self.network.writing()?;
        let device = world.pairing.device_with_reference(reference);
        let device = device
            .ok_or_else(|| Refusal::new(RefusalKind::Invalid, "no device shows this code now"))?;
        world.linking().link(device, self.phone, name)
    }

    /// A phone types a pairing code.
    pub fn enter_pairing_code(&self, code: &str) -> Result<(), Refusal> {
        let code = code.replace('-', "").to_uppercase();
        let mut world = self.network.writing()?;
        match world.pairing.device_with_code(&code) {
            Some((_, account)) if account != self.phone => {
                Err(Refusal::new(RefusalKind::NotAllowed, "this code is for another number"))
            }
            Some((device, _)) => world.linking().link(device, self.phone, None),
            None => Err(Refusal::new(RefusalKind::Invalid, "no device shows this code now")),
        }
    }
}
