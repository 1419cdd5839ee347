//! How values are written: one byte with the version of the encoding, then the value.
//!
//! | version | what follows |
//! |---|---|
//! | 1 | JSON: what the first two layouts of the store wrote, and what older versions must be able to read |
//! | 2 | MessagePack with the names of fields |
//! | 4 | the number of a dictionary, and MessagePack compressed with it |
//!
//! Every version that was ever written stays readable. Fields are named, so that a field that is unknown is
//! passed over and one that is missing gets its default. Ids and times are texts within the values, as in
//! JSON: what is buffered for a tag or a flattened field reads them as such.

use std::{
    cell::{Cell, RefCell},
    io,
    sync::LazyLock,
};

use serde::{Serialize, de::DeserializeOwned};
use zstd::{
    bulk::{Compressor, Decompressor},
    dict::{DecoderDictionary, EncoderDictionary},
    zstd_safe::get_frame_content_size,
};

use crate::store::{StoreError, plain::Plain};

const JSON: u8 = 1;
const MESSAGE_PACK: u8 = 2;
const COMPRESSED: u8 = 4;
/// Shorter values do not become shorter.
const WORTH_COMPRESSING: usize = 40;
/// Measured: higher levels take four times as long and save a hundredth.
const LEVEL: i32 = 3;
/// Nothing that the store holds comes near this.
const LONGEST: u64 = 64 * 1024 * 1024;
/// Capacity that a thread keeps for the next value.
const MOST_KEPT: usize = 32 * 1024;
/// What every frame begins with. It is left out.
const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// The dictionary that values are compressed with. One that was ever used stays as it is, under its number.
const DICTIONARY: u8 = 1;
const DICTIONARY_1: &[u8] = include_bytes!("dictionary-1.bin");

static ENCODER: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(DICTIONARY_1, LEVEL));
static DECODER: LazyLock<DecoderDictionary<'static>> =
    LazyLock::new(|| DecoderDictionary::copy(DICTIONARY_1));

thread_local! {
    // A context is large, and is made once for each thread.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
    /// A frame with its beginning, and what it held: a page of a list needs them fifty times.
    static BUFFERS: Cell<(Vec<u8>, Vec<u8>)> = const { Cell::new((Vec::new(), Vec::new())) };
}

/// A value in the present encoding.
pub fn encode<V: Serialize>(value: &V) -> Result<Vec<u8>, StoreError> {
    let mut bytes = vec![MESSAGE_PACK];
    pack(value, &mut bytes)?;
    if bytes.len() < WORTH_COMPRESSING {
        return Ok(bytes);
    }
    let frame = compress(bytes.get(1..).unwrap_or_default()).map_err(damaged)?;
    match frame.strip_prefix(&MAGIC) {
        Some(frame) if frame.len() + 2 < bytes.len() => {
            Ok([&[COMPRESSED, DICTIONARY], frame].concat())
        }
        _ => Ok(bytes),
    }
}

/// A value as every version reads it.
pub fn encode_json<V: Serialize>(value: &V) -> Result<Vec<u8>, StoreError> {
    let mut bytes = vec![JSON];
    serde_json::to_writer(&mut bytes, value).map_err(damaged)?;
    Ok(bytes)
}

pub fn decode<V: DeserializeOwned>(bytes: &[u8]) -> Result<V, StoreError> {
    match bytes {
        [JSON, json @ ..] => {
            // From two encodings, each type of record would be compiled twice.
            let plain: Plain = serde_json::from_slice(json).map_err(damaged)?;
            let mut packed = Vec::new();
            pack(&plain, &mut packed)?;
            unpack(&packed)
        }
        [MESSAGE_PACK, packed @ ..] => unpack(packed),
        [COMPRESSED, dictionary, frame @ ..] => {
            // A value that is read within another finds other buffers.
            let (mut whole, mut packed) = BUFFERS.take();
            let found = decompress(*dictionary, frame, &mut whole, &mut packed);
            let found = found.and_then(|()| unpack(&packed));
            if whole.capacity().max(packed.capacity()) <= MOST_KEPT {
                BUFFERS.set((whole, packed));
            }
            found
        }
        [version, ..] => Err(StoreError::Corrupt(format!("a value of version {version}"))),
        [] => Err(StoreError::Corrupt("an empty value".to_owned())),
    }
}

/// A stored value in the present encoding, whatever its type.
pub fn recode(bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    encode(&decode::<Plain>(bytes)?)
}

fn pack<V: Serialize>(value: &V, bytes: &mut Vec<u8>) -> Result<(), StoreError> {
    let mut serializer = rmp_serde::Serializer::new(bytes).with_struct_map().with_human_readable();
    value.serialize(&mut serializer).map_err(damaged)
}

fn unpack<V: DeserializeOwned>(packed: &[u8]) -> Result<V, StoreError> {
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(packed).with_human_readable();
    V::deserialize(&mut deserializer).map_err(damaged)
}

fn compress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|compressor| {
        let compressor = match compressor {
            Some(compressor) => compressor,
            None => compressor.insert(Compressor::with_prepared_dictionary(&ENCODER)?),
        };
        compressor.compress(bytes)
    })
}

/// Puts the frame together in one buffer, and what it holds into another.
fn decompress(
    dictionary: u8,
    frame: &[u8],
    whole: &mut Vec<u8>,
    packed: &mut Vec<u8>,
) -> Result<(), StoreError> {
    if dictionary != DICTIONARY {
        let message = format!("a value compressed with dictionary {dictionary}");
        return Err(StoreError::Corrupt(message));
    }
    whole.clear();
    whole.extend_from_slice(&MAGIC);
    whole.extend_from_slice(frame);
    let length = get_frame_content_size(whole).ok().flatten().filter(|length| *length <= LONGEST);
    let length = length.and_then(|length| usize::try_from(length).ok());
    let length = length.ok_or_else(|| StoreError::Corrupt("a value without length".to_owned()))?;
    packed.clear();
    packed.reserve(length);
    DECOMPRESSOR.with_borrow_mut(|decompressor| {
        let decompressor = match decompressor {
            Some(decompressor) => decompressor,
            None => decompressor
                .insert(Decompressor::with_prepared_dictionary(&DECODER).map_err(damaged)?),
        };
        decompressor.decompress_to_buffer(whole, packed).map(drop).map_err(damaged)
    })
}

fn damaged(error: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(error.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use sha2::{Digest, Sha256};
    use uuid::Uuid;

    use super::*;
    use crate::domain::{
        EventBody, Message, Timestamp, clock::from_millis, conversation::StoredMessage,
    };

    fn plain() -> impl Strategy<Value = Plain> {
        let leaf = prop_oneof![
            Just(Plain::Nothing),
            any::<bool>().prop_map(Plain::Bool),
            any::<u64>().prop_map(Plain::Unsigned),
            (i64::MIN..0).prop_map(Plain::Signed),
            any::<i32>().prop_map(|number| Plain::Float(f64::from(number) / 4.0)),
            ".{0,60}".prop_map(Plain::Text),
        ];
        leaf.prop_recursive(4, 40, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Plain::List),
                prop::collection::vec(("[a-z]{1,9}", inner), 0..8).prop_map(Plain::Fields),
            ]
        })
    }

    fn message(body: String, key: u64, millis: i64, push_name: Option<String>) -> Message {
        let id = format!("false_15550000001@c.us_3EB0{key:X}").parse().unwrap();
        let author = "15550000001@c.us".parse().unwrap();
        Message { push_name, ..Message::text(id, author, body, from_millis(millis)) }
    }

    proptest! {
        #[test]
        fn what_older_versions_wrote_reads_as_what_this_one_writes(value in plain()) {
            let (old, new) = (encode_json(&value).unwrap(), encode(&value).unwrap());
            prop_assert_eq!(&decode::<Plain>(&old).unwrap(), &value);
            prop_assert_eq!(&decode::<Plain>(&new).unwrap(), &value);
            prop_assert_eq!(recode(&old).unwrap(), new);
        }

        #[test]
        fn flattened_and_tagged_records_read_the_same_in_both(
            body in ".{0,80}", key in any::<u64>(), millis in 0_i64..4_000_000_000_000,
            push_name in prop::option::of(".{0,20}"), id in any::<u128>(), number in any::<u64>(),
        ) {
            let message = message(body, key, millis, push_name);
            let event = EventBody::Message { message: Box::new(message.clone()) };
            let failed = EventBody::MessageFailed {
                outbox: Uuid::from_u128(id),
                message: message.id.clone(),
                code: crate::domain::FailureCode::SendFailed,
                reason: String::new(),
            };
            let stored = StoredMessage { number, hidden: false, message };
            let old = encode_json(&event).unwrap();
            for bytes in [recode(&old).unwrap(), encode(&event).unwrap(), old] {
                prop_assert_eq!(decode::<EventBody>(&bytes).unwrap(), event.clone());
            }
            for bytes in [encode_json(&stored).unwrap(), encode(&stored).unwrap()] {
                prop_assert_eq!(decode::<StoredMessage>(&bytes).unwrap(), stored.clone());
            }
            for bytes in [encode_json(&failed).unwrap(), encode(&failed).unwrap()] {
                prop_assert_eq!(decode::<EventBody>(&bytes).unwrap(), failed.clone());
            }
        }

        #[test]
        fn damaged_values_are_errors_and_nothing_worse(
            bytes in prop::collection::vec(any::<u8>(), 0..60), at in any::<prop::sample::Index>(),
        ) {
            let _ = decode::<Plain>(&bytes);
            let mut value = encode(&message("x".repeat(200), 1, 1, None)).unwrap();
            let at = at.index(value.len());
            value.truncate(at);
            prop_assert!(decode::<Message>(&value).is_err());
        }
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Before {
        id: Uuid,
        name: String,
        gone: Vec<u8>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct After {
        id: Uuid,
        #[serde(alias = "name")]
        title: String,
        #[serde(default)]
        new: Option<Timestamp>,
    }

    #[test]
    fn unknown_fields_are_passed_over_and_missing_ones_get_their_default() {
        let before = Before { id: Uuid::from_u128(7), name: "n".repeat(50), gone: vec![1, 2] };
        for bytes in [encode_json(&before).unwrap(), encode(&before).unwrap()] {
            let after: After = decode(&bytes).unwrap();
            assert_eq!(after, After { id: before.id, title: before.name.clone(), new: None });
        }
    }

    #[test]
    fn a_value_of_an_unknown_version_or_dictionary_is_refused() {
        for bytes in [&[9, b'1'][..], &[COMPRESSED, 9, 1], &[COMPRESSED], &[]] {
            assert!(matches!(decode::<u8>(bytes), Err(StoreError::Corrupt(_))), "{bytes:?}");
        }
        assert_eq!(decode::<u8>(&encode(&7u8).unwrap()).unwrap(), 7);
    }

    #[test]
    fn the_dictionary_stays_what_it_was() {
        let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(DICTIONARY_1));
        assert_eq!(digest, "f54248cab0e23259709f9d9ff2697592c62279a0cca3063925e01452ce92c3e6");
    }

    #[test]
    fn a_message_takes_a_third_of_its_json() {
        let message = message("Could you send me the price list?".to_owned(), 77, 1, None);
        let (json, value) = (encode_json(&message).unwrap(), encode(&message).unwrap());
        assert_eq!(value.first(), Some(&COMPRESSED));
        assert!(value.len() * 3 <= json.len(), "{} of {}", value.len(), json.len());
    }
}
