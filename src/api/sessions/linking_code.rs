//! Linking codes as views show them: the QR code as a picture, and the notice while a pairing code is good.

use std::io::Cursor;

use image::{ImageFormat, Luma};
use qrcode::{EcLevel, QrCode, types::Color};

use crate::{
    api::sessions::wire::{self, seconds},
    domain::{Error, Timestamp},
};

const QUIET_ZONE: usize = 4;
pub const USUAL_SIZE: u32 = 300;

/// Why there is no code to scan while one is typed.
pub fn pairing_message(until: Timestamp) -> String {
    format!(
        "A pairing code was asked for and is good until {}; a QR code comes after it",
        seconds(until)
    )
}

/// A code as a data URL of the usual size.
pub fn data_url(text: &str) -> Result<String, Error> {
    Ok(wire::data_url("image/png", &png(text, USUAL_SIZE)?))
}

/// A code as a square PNG: whole pixels for each module, the rest as margin.
pub fn png(text: &str, size: u32) -> Result<Vec<u8>, Error> {
    let failed = |reason: String| Error::internal(format!("the QR code cannot be drawn: {reason}"));
    let code = QrCode::with_error_correction_level(text, EcLevel::L)
        .map_err(|error| failed(error.to_string()))?;
    let modules =
        u32::try_from(code.width() + 2 * QUIET_ZONE).map_err(|error| failed(error.to_string()))?;
    let scale = (size / modules).max(1);
    let side = size.max(modules);
    let offset = (side - scale * (modules - 8)) / 2;
    let picture = image::ImageBuffer::from_fn(side, side, |x, y| {
        let module = |at: u32| {
            at.checked_sub(offset).map(|at| (at / scale) as usize).filter(|at| *at < code.width())
        };
        let dark = module(x).zip(module(y)).is_some_and(|(x, y)| code[(x, y)] == Color::Dark);
        Luma([if dark { 0_u8 } else { 255 }])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).map_err(|error| failed(error.to_string()))?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_size_asked_for_and_a_quiet_zone() {
        for size in [100, 300, 1_000] {
            let bytes = png(&"2@abc,def,ghi,jkl".repeat(3), size).unwrap();
            let picture = image::load_from_memory(&bytes).unwrap().to_luma8();
            assert_eq!(picture.dimensions(), (size, size));
            assert!(picture.rows().next().unwrap().all(|pixel| pixel.0 == [255]));
        }
    }
}
