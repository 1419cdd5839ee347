//! Check of pictures: complete, and of a size that can be shown. Pure.
//!
//! Only headers and lengths are read; no pixel is decoded, since a small file may decode to gigabytes.

use std::io::Cursor;

use image::{ImageFormat, ImageReader};

/// The most pixels of a picture: as many as the largest phone cameras have. Phones scale it down.
const MOST_PIXELS: u64 = 50_000_000;

/// Why a picture of this type cannot be sent, as the words after "the picture".
pub fn check(bytes: &[u8], mime: &str) -> Result<(), String> {
    let cut_off = || "is cut off or damaged".to_owned();
    let (is_whole, size) = match mime {
        "image/png" => (png_ends(bytes), size(bytes, ImageFormat::Png)),
        "image/jpeg" => (jpeg_ends(bytes), size(bytes, ImageFormat::Jpeg)),
        "image/webp" => (webp_ends(bytes), size(bytes, ImageFormat::WebP)),
        "image/gif" => (gif_ends(bytes), gif_size(bytes)),
        other => return Err(format!("is {other}: JPEG, PNG, WebP or GIF can be sent")),
    };
    let (width, height) = size.ok_or_else(cut_off)?;
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || is_whole.is_none() {
        return Err(cut_off());
    }
    if MOST_PIXELS < pixels {
        return Err(format!(
            "has {width} x {height} pixels, more than {} million",
            MOST_PIXELS / 1_000_000
        ));
    }
    Ok(())
}

/// The size in the headers.
fn size(bytes: &[u8], format: ImageFormat) -> Option<(u32, u32)> {
    ImageReader::with_format(Cursor::new(bytes), format).into_dimensions().ok()
}

fn gif_size(bytes: &[u8]) -> Option<(u32, u32)> {
    Some((little(bytes, 6)?.into(), little(bytes, 8)?.into()))
}

fn little(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn big(bytes: &[u8], at: usize) -> Option<usize> {
    let number = u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?);
    usize::try_from(number).ok()
}

/// Chunks, each with its length, up to the one that ends the picture.
fn png_ends(bytes: &[u8]) -> Option<()> {
    let (mut at, mut has_pixels) = (8_usize, false);
    loop {
        let (length, kind) = (big(bytes, at)?, bytes.get(at + 4..at + 8)?);
        // Length, kind and checksum are twelve bytes.
        at = at.checked_add(length)?.checked_add(12)?;
        bytes.get(..at)?;
        match kind {
            b"IDAT" => has_pixels = true,
            b"IEND" => return has_pixels.then_some(()),
            _ => (),
        }
    }
}

/// Segments, each with its length, up to the pixels; behind these the mark of the end.
fn jpeg_ends(bytes: &[u8]) -> Option<()> {
    let mut at = 2_usize;
    loop {
        if *bytes.get(at)? != 0xFF {
            return None;
        }
        match *bytes.get(at + 1)? {
            // More of the filling before a mark.
            0xFF => at += 1,
            // Marks without a segment.
            0x01 | 0xD0..=0xD7 => at += 2,
            0xD8 | 0xD9 => return None,
            0xDA => break,
            _ => {
                let length = u16::from_be_bytes(bytes.get(at + 2..at + 4)?.try_into().ok()?);
                at += 2 + usize::from(length);
            }
        }
    }
    bytes.get(at..)?.windows(2).any(|pair| pair == [0xFF, 0xD9]).then_some(())
}

/// One container with its length.
fn webp_ends(bytes: &[u8]) -> Option<()> {
    let length = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?);
    bytes.get(..usize::try_from(length).ok()?.checked_add(8)?).map(|_| ())
}

/// Blocks up to the one that ends the picture.
fn gif_ends(bytes: &[u8]) -> Option<()> {
    /// Bytes of the colours that a flag byte announces.
    fn colours(flags: u8) -> usize {
        if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
    }
    fn behind_parts(bytes: &[u8], mut at: usize) -> Option<usize> {
        loop {
            let length = usize::from(*bytes.get(at)?);
            at += 1 + length;
            if length == 0 {
                return Some(at);
            }
        }
    }
    let (mut at, mut has_pixels) = (13 + colours(*bytes.get(10)?), false);
    loop {
        at = match *bytes.get(at)? {
            // An extension, of any kind.
            0x21 => behind_parts(bytes, at + 2)?,
            0x2C => {
                has_pixels = true;
                behind_parts(bytes, at + 11 + colours(*bytes.get(at + 9)?))?
            }
            0x3B => return has_pixels.then_some(()),
            _ => return None,
        };
    }
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, RgbImage};
    use proptest::prelude::*;

    use super::*;

    /// The smallest of its kind: one white pixel.
    const GIF: &[u8] =
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00\x2c\x00\x00\x00\
\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b";

    fn encoded(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let image = DynamicImage::ImageRgb8(RgbImage::new(width, height));
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn all() -> Vec<(Vec<u8>, &'static str)> {
        vec![
            (encoded(ImageFormat::Png, 20, 10), "image/png"),
            (encoded(ImageFormat::Jpeg, 20, 10), "image/jpeg"),
            (encoded(ImageFormat::WebP, 20, 10), "image/webp"),
            (GIF.to_vec(), "image/gif"),
        ]
    }

    #[test]
    fn a_whole_picture_passes_whatever_follows_it_and_a_part_does_not() {
        for (mut bytes, mime) in all() {
            for length in 0..bytes.len() {
                assert!(check(&bytes[..length], mime).is_err(), "{length} bytes of {mime}");
            }
            assert_eq!(check(&bytes, mime), Ok(()), "{mime}");
            bytes.extend_from_slice(b"what some cameras add");
            assert_eq!(check(&bytes, mime), Ok(()), "{mime}");
        }
    }

    #[test]
    fn a_small_file_with_many_pixels_is_refused_by_its_size() {
        let mut png = encoded(ImageFormat::Png, 20, 10);
        png[16..20].copy_from_slice(&10_000_u32.to_be_bytes());
        png[20..24].copy_from_slice(&10_000_u32.to_be_bytes());
        let checksum = crc(&png[12..29]);
        png[29..33].copy_from_slice(&checksum.to_be_bytes());
        let refused = check(&png, "image/png").unwrap_err();
        assert!(refused.contains("10000 x 10000"), "{refused}");
        let mut gif = GIF.to_vec();
        gif[6..10].copy_from_slice(&[0xFF; 4]);
        assert!(check(&gif, "image/gif").unwrap_err().contains("65535 x 65535"));
    }

    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 }
            })
        })
    }

    #[test]
    fn other_kinds_are_refused_by_name() {
        for mime in ["image/bmp", "image/tiff", "image/svg+xml"] {
            assert!(check(b"BM", mime).unwrap_err().contains(mime));
        }
    }

    proptest! {
        #[test]
        fn no_damage_makes_the_check_fail(at in 0usize..400, byte: u8, which in 0usize..4) {
            let (mut bytes, mime) = all().swap_remove(which);
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = check(&bytes, mime);
        }
    }
}
