//! Merge of what sled has with the commits that it was not given yet.

use std::cmp::Ordering;

use crate::store::engine::Pair;

/// What sled has with what was gathered since, which counts; both in this order.
pub fn merged<'a>(
    stored: impl Iterator<Item = sled::Result<(sled::IVec, sled::IVec)>>,
    gathered: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>,
    order: Ordering,
) -> impl Iterator<Item = sled::Result<Pair>> {
    let (mut stored, mut gathered) = (stored.peekable(), gathered.peekable());
    std::iter::from_fn(move || {
        loop {
            let found = match (stored.peek(), gathered.peek()) {
                (Some(Ok((key, _))), Some((other, _))) => (**key).cmp(other),
                (Some(_), _) => order,
                (None, _) => order.reverse(),
            };
            if found == order {
                let pair = |(key, value): (sled::IVec, sled::IVec)| (key.to_vec(), value.to_vec());
                return stored.next().map(|entry| entry.map(pair));
            }
            if found == Ordering::Equal {
                stored.next();
            }
            // One that was removed is passed over.
            if let (key, Some(value)) = gathered.next()? {
                return Some(Ok((key.to_vec(), value.to_vec())));
            }
        }
    })
}
