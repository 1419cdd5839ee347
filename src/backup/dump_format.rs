//! Dump format of the store: per record a big-endian u32 key length, a big-endian u32 value length, key, value.

use std::io::{self, ErrorKind, Read, Write};

use crate::store::Pair;

/// Upper bounds of a record, far above what the store holds. Each record is read into memory.
const LONGEST_KEY: usize = 1024 * 1024;
const LONGEST_VALUE: usize = 64 * 1024 * 1024;

pub fn write(out: &mut impl Write, (key, value): &Pair) -> io::Result<()> {
    for (part, longest) in [(key, LONGEST_KEY), (value, LONGEST_VALUE)] {
        let length = u32::try_from(part.len()).ok().filter(|_| part.len() <= longest);
        out.write_all(&length.ok_or_else(too_long)?.to_be_bytes())?;
    }
    out.write_all(key)?;
    out.write_all(value)
}

/// The next record; none at the end.
pub fn read(from: &mut impl Read) -> io::Result<Option<Pair>> {
    let mut lengths = [0; 8];
    let mut filled = 0;
    while filled < lengths.len() {
        match from.read(&mut lengths[filled..]) {
            Ok(0) if filled == 0 => return Ok(None),
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(bytes) => filled += bytes,
            Err(error) if error.kind() == ErrorKind::Interrupted => (),
            Err(error) => return Err(error),
        }
    }
    let (key, value) = lengths.split_at(4);
    Ok(Some((part(from, key, LONGEST_KEY)?, part(from, value, LONGEST_VALUE)?)))
}

fn part(from: &mut impl Read, length: &[u8], longest: usize) -> io::Result<Vec<u8>> {
    let length = length.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte));
    if longest < length {
        return Err(too_long());
    }
    // The buffer grows with the bytes that arrive, not with the length that is claimed.
    let mut bytes = Vec::new();
    from.take(u64::try_from(length).unwrap_or(0)).read_to_end(&mut bytes)?;
    if bytes.len() == length { Ok(bytes) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

fn too_long() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "a record of the store is too long")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_pair_that_claims_too_much_is_refused_before_it_is_read() {
        for lengths in [[0, 16, 0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 4, 0, 0, 1]] {
            let mut endless = lengths.as_slice().chain(io::repeat(0));
            assert!(read(&mut endless).unwrap_err().to_string().contains("too long"));
        }
    }

    proptest! {
        #[test]
        fn pairs_come_back_as_they_were(pairs in prop::collection::vec(any::<Pair>(), 0..9)) {
            let mut bytes = Vec::new();
            for pair in &pairs {
                write(&mut bytes, pair).unwrap();
            }
            let mut from = bytes.as_slice();
            let back: Vec<Pair> = std::iter::from_fn(|| read(&mut from).unwrap()).collect();
            prop_assert_eq!(back, pairs);
        }

        #[test]
        fn a_torn_pair_is_an_error(pair in any::<Pair>(), at in any::<prop::sample::Index>()) {
            let mut bytes = Vec::new();
            write(&mut bytes, &pair).unwrap();
            let torn = &bytes[..1 + at.index(bytes.len() - 1)];
            prop_assert_eq!(read(&mut &*torn).is_ok(), torn.len() == bytes.len());
        }
    }
}
