//! Protected commands that a card must refuse (Doc 9303-11 §9.8): each differs from a good one in one thing.

use anyhow::{Context as _, Result};
use cccd_card_profile::apdu::Command;
use cccd_card_profile::protocol::secure_messaging::SecureMessaging;
use cccd_card_profile::tlv::{self, Reader};
use serde::Deserialize;

/// What is done to a protected command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tamper {
    /// The last bit of the checksum is flipped.
    FlipChecksum,
    /// The checksum is all zeros.
    ZeroChecksum,
    /// The checksum is left out.
    NoChecksum,
    /// The checksum is cut to four bytes.
    ShortChecksum,
    /// A bit of the cryptogram is flipped.
    FlipCryptogram,
    /// The cryptogram is left out.
    NoCryptogram,
    /// The padding indicator of DO'87' is another.
    PaddingIndicator,
    /// DO'97' is left out.
    NoExpectedLength,
    /// DO'97' asks for more.
    OtherExpectedLength,
    /// P2 is another than what was authenticated.
    OtherParameters,
    /// INS is another than what was authenticated.
    OtherInstruction,
    /// No data objects at all.
    Empty,
    /// An object that does not belong there.
    UnknownObject,
    /// The checksum stands first.
    Reordered,
    /// The checksum stands there twice.
    Repeated,
    /// A byte is missing at the end of the data.
    Truncated,
    /// The send sequence counter is one ahead.
    CounterAhead,
    /// A good command, and once more the same bytes: the second answer is the step's.
    Replay,
    /// The class says that the header is not authenticated.
    HeaderNotAuthenticated,
    /// The class says that nothing is protected.
    PlainClass,
}

impl Tamper {
    /// The altered command on the wire.
    ///
    /// # Errors
    /// When the command has not what is to be altered.
    pub fn apply(self, session: &mut SecureMessaging, command: &Command) -> Result<Vec<u8>> {
        if self == Self::CounterAhead {
            session.protect_command(command)?;
        }
        let good = session.protect_command(command)?;
        let mut objects = Vec::new();
        let mut reader = Reader::new(good.data());
        while !reader.is_empty() {
            let object = reader.read()?;
            objects.push((object.tag, object.value.to_vec()));
        }
        let value = |objects: &mut Vec<(u32, Vec<u8>)>, tags: &[u32]| -> Result<usize> {
            let missing = "the command has no such object to alter";
            objects.iter().position(|(tag, _)| tags.contains(tag)).context(missing)
        };
        let [cla, ins, p1, p2] = good.header();
        let mut header = (cla, ins, p1, p2);
        match self {
            Self::FlipChecksum => {
                let place = value(&mut objects, &[0x8E])?;
                if let Some(last) = objects[place].1.last_mut() {
                    *last ^= 0x01;
                }
            }
            Self::ZeroChecksum => {
                let place = value(&mut objects, &[0x8E])?;
                objects[place].1.fill(0);
            }
            Self::NoChecksum => objects.retain(|(tag, _)| *tag != 0x8E),
            Self::ShortChecksum => {
                let place = value(&mut objects, &[0x8E])?;
                objects[place].1.truncate(4);
            }
            Self::FlipCryptogram => {
                let place = value(&mut objects, &[0x85, 0x87])?;
                if let Some(last) = objects[place].1.last_mut() {
                    *last ^= 0x80;
                }
            }
            Self::NoCryptogram => {
                let place = value(&mut objects, &[0x85, 0x87])?;
                objects.remove(place);
            }
            Self::PaddingIndicator => {
                let place = value(&mut objects, &[0x87])?;
                if let Some(first) = objects[place].1.first_mut() {
                    *first = 0x02;
                }
            }
            Self::NoExpectedLength => {
                let place = value(&mut objects, &[0x97])?;
                objects.remove(place);
            }
            Self::OtherExpectedLength => {
                let place = value(&mut objects, &[0x97])?;
                objects[place].1 = vec![0x10];
            }
            Self::OtherParameters => header.3 ^= 0x01,
            Self::OtherInstruction => header.1 ^= 0x04,
            Self::Empty => objects.clear(),
            Self::UnknownObject => objects.insert(0, (0x81, vec![0x00])),
            Self::Reordered => objects.reverse(),
            Self::Repeated => {
                let place = value(&mut objects, &[0x8E])?;
                let again = objects[place].clone();
                objects.push(again);
            }
            Self::Truncated | Self::CounterAhead | Self::Replay => {}
            Self::HeaderNotAuthenticated => header.0 = header.0 & !0x0C | 0x08,
            Self::PlainClass => header.0 &= !0x0C,
        }
        let mut data: Vec<u8> = objects.iter().flat_map(|(tag, value)| tlv::encode(*tag, value)).collect();
        if self == Self::Truncated {
            data.pop();
        }
        let (cla, ins, p1, p2) = header;
        let altered = Command::new(cla, ins, p1, p2).with_data(data).with_expected_length(256);
        Ok(altered.to_bytes()?)
    }
}
