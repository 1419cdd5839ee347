//! Parser of Ogg files with Opus: recognizes them, and reads their duration. Pure.
//!
//! An Ogg file is a sequence of pages, each with the sample position at its end (RFC 3533).
//! The first page of Opus holds `OpusHead` (RFC 7845).

/// Samples per second in positions, whatever the sample rate of the recording.
const RATE: u64 = 48_000;
const CAPTURE: &[u8] = b"OggS";
/// Bytes of a page before the lengths of its segments.
const PAGE_HEAD: usize = 27;
/// The position of a page on which no packet ends.
const NO_POSITION: u64 = u64::MAX;

/// Whether a file with this beginning is Ogg with Opus.
pub fn is_opus(head: &[u8]) -> bool {
    pre_skip(head).is_some()
}

/// The duration in seconds, rounded up; none if no page states it. `tail` is the end of the file: a page has at most
/// 64 KiB.
pub fn seconds(head: &[u8], tail: &[u8]) -> Option<u32> {
    let pre_skip = u64::from(pre_skip(head)?);
    let serial = head.get(14..18)?;
    let begins = tail.windows(CAPTURE.len()).enumerate().rev();
    let pages = begins.filter(|(_, bytes)| *bytes == CAPTURE).filter_map(|(at, _)| tail.get(at..));
    let mut positions = pages.filter_map(|page| {
        let position = u64::from_le_bytes(page.get(6..14)?.try_into().ok()?);
        let is_ours = page.get(14..18)? == serial && page.get(4)? == &0;
        (is_ours && position != NO_POSITION).then_some(position)
    });
    let samples = positions.next()?.saturating_sub(pre_skip);
    u32::try_from(samples.div_ceil(RATE)).ok().filter(|seconds| 0 < *seconds)
}

/// Samples at the beginning that are not played.
fn pre_skip(head: &[u8]) -> Option<u16> {
    if !head.starts_with(CAPTURE) {
        return None;
    }
    let segments = usize::from(*head.get(PAGE_HEAD - 1)?);
    let packet = head.get(PAGE_HEAD + segments..)?.strip_prefix(b"OpusHead")?;
    Some(u16::from_le_bytes(packet.get(2..4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page(serial: u32, position: u64, packet: &[u8]) -> Vec<u8> {
        let mut page = b"OggS\x00\x00".to_vec();
        page.extend(position.to_le_bytes());
        page.extend(serial.to_le_bytes());
        page.extend([0; 8]);
        page.extend([1, u8::try_from(packet.len()).unwrap()]);
        page.extend(packet);
        page
    }

    fn opus(samples: u64) -> Vec<u8> {
        let mut file = page(7, 0, b"OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0");
        file.extend(page(7, 0, b"OpusTags\0\0\0\0\0\0\0\0"));
        file.extend(page(7, samples, b"sound"));
        file
    }

    #[test]
    fn the_length_is_where_the_last_page_ends() {
        for (samples, expected) in [
            (312, None),
            (313, Some(1)),
            (48_312, Some(1)),
            (48_313, Some(2)),
            (4_800_312, Some(100)),
        ] {
            let file = opus(samples);
            assert!(is_opus(&file));
            assert_eq!(seconds(&file, &file), expected, "{samples}");
        }
        // Another stream in the same file, and a page on which no packet ends.
        let mut file = opus(96_312);
        file.extend(page(8, 999_999_999, b"other"));
        file.extend(page(7, NO_POSITION, b"goes on"));
        assert_eq!(seconds(&file, &file), Some(2));
    }

    #[test]
    fn other_sound_is_no_opus() {
        let vorbis = page(7, 0, b"\x01vorbis\0\0\0\0");
        for file in [&vorbis[..], b"ID3\x03\0", b"hello", b"OggS", b"", &opus(1)[..40]] {
            assert!(!is_opus(file) || file.len() == 40, "{file:?}");
        }
    }

    proptest! {
        #[test]
        fn no_damage_makes_the_reader_fail(at in 0usize..150, byte: u8, length in 0usize..150) {
            let mut file = opus(48_000);
            let place = at % file.len();
            file[place] = byte;
            let part = &file[..length.min(file.len())];
            let _ = (is_opus(part), seconds(part, part));
        }
    }
}
