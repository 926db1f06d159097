//! The state as text, version 1: one line of header with the SHA-256 of the rest, then one JSON object.
//!
//! Readers of version 1 must live for ever: `state_test_data/v1` holds an example.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cccd_card_profile::personalization::{KeyVersion, StaticKeys};
use cccd_card_profile::protocol::pace::PinTries;
use cccd_card_profile::protocol::private_key::PrivateKey;
use cccd_cvc::chain::{MAX_TRUST_POINTS, TrustPoint};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, Zeroizing};

use super::{ChipState, LifeCycle, MrzSeed, Pin, Profile, WrongTries, file_key, file_of};

const FORMAT: &str = "cccd-virtual-chip";
const VERSION: u32 = 1;
/// No state is longer: seventeen files of 32 kB and the keys fit five times.
pub(crate) const MAX_LENGTH: usize = 4 << 20;

/// Why bytes are no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// Not written by this program, or cut within the first line.
    #[error("it does not start as a chip's state does")]
    Header,
    /// Written by a newer program.
    #[error("it has format version {0}, this program reads version 1")]
    Version(u32),
    /// Cut short or altered.
    #[error("its checksum is wrong: it was cut short or altered")]
    Checksum,
    /// The checksum holds but the content makes no sense.
    #[error("its field {0} is not valid")]
    Field(&'static str),
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
    generation: u64,
    sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    serial: String,
    profile: String,
    life_cycle: String,
    files: BTreeMap<String, String>,
    active_authentication_key: Option<Secret>,
    chip_authentication_key: Option<Secret>,
    /// Not in states that were written before a chip could have several.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    further_chip_authentication_keys: BTreeMap<u32, Secret>,
    mrz: Option<[Secret; 3]>,
    can: Option<Secret>,
    /// With its tries left. What a chip has not is not written, so that older programs read its state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pin: Option<(Secret, u8)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    puk: Option<Secret>,
    /// Wrong tries in a row: MRZ, CAN, PUK.
    #[serde(default, skip_serializing_if = "is_none_wrong")]
    wrong_tries: [u16; 3],
    /// Absent from states that were written before there were any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    trust_points: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    current_date: Option<String>,
    transport_key_version: u8,
    transport_keys: Secret,
    sequence_counter: u32,
    tries_left: u8,
}

fn is_none_wrong(tries: &[u16; 3]) -> bool {
    *tries == [0; 3]
}

/// Text that is wiped when dropped. Only this module turns secrets into text, for the chip's own memory.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Secret(String);

impl Secret {
    fn of(bytes: &[u8]) -> Self {
        Self(BASE64.encode(bytes))
    }

    fn bytes(&self) -> Option<Zeroizing<Vec<u8>>> {
        BASE64.decode(&self.0).ok().map(Zeroizing::new)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ChipState {
    /// The bytes of the state file.
    pub(crate) fn to_bytes(&self, generation: u64) -> Result<Zeroizing<Vec<u8>>, FormatError> {
        let secret = |key: &PrivateKey, field| {
            key.to_secret_bytes().map(|bytes| Secret::of(&bytes)).map_err(|_| FormatError::Field(field))
        };
        let private =
            |key: &Option<PrivateKey>, field| key.as_ref().map(|key| secret(key, field)).transpose();
        let body = Body {
            serial: hex::encode(self.serial),
            profile: self.profile.name().to_owned(),
            life_cycle: self.life.name().to_owned(),
            files: self
                .files
                .iter()
                .map(|((parent, id), content)| (format!("{parent}:{id:04X}"), BASE64.encode(content)))
                .collect(),
            active_authentication_key: private(&self.active_authentication, "active_authentication_key")?,
            chip_authentication_key: private(&self.chip_authentication, "chip_authentication_key")?,
            further_chip_authentication_keys: self
                .further_chip_authentication
                .iter()
                .map(|(id, key)| Ok((*id, secret(key, "further_chip_authentication_keys")?)))
                .collect::<Result<_, FormatError>>()?,
            mrz: self.mrz.as_ref().map(|mrz| {
                [&mrz.document_number, &mrz.birth_date, &mrz.expiry].map(|text| Secret::of(text.as_bytes()))
            }),
            can: self.can.as_ref().map(|can| Secret::of(can.as_bytes())),
            pin: self.pin.as_ref().map(|pin| (Secret::of(pin.digits.as_bytes()), pin.tries.left())),
            puk: self.puk.as_ref().map(|puk| Secret::of(puk.as_bytes())),
            wrong_tries: [self.wrong_tries.mrz, self.wrong_tries.can, self.wrong_tries.puk],
            trust_points: self.trust_points.iter().map(|point| BASE64.encode(point.to_bytes())).collect(),
            current_date: self.current_date.map(|date| date.to_string()),
            transport_key_version: self.key_version.0,
            transport_keys: Secret::of(&self.transport_keys.to_secret_bytes()),
            sequence_counter: self.sequence_counter,
            tries_left: self.tries_left,
        };
        // Large enough at once: growing would leave copies of the keys in freed memory.
        let files: usize = self.files.values().map(Vec::len).sum();
        let mut text = Zeroizing::new(Vec::with_capacity(files.saturating_mul(4) / 3 + (32 << 10)));
        serde_json::to_writer(&mut *text, &body).map_err(|_| FormatError::Field("json"))?;
        let header = Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            generation,
            sha256: hex::encode(Sha256::digest(&*text)),
        };
        let header = serde_json::to_vec(&header).map_err(|_| FormatError::Header)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(header.len() + text.len() + 2));
        bytes.extend_from_slice(&header);
        bytes.push(b'\n');
        bytes.extend_from_slice(&text);
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// State and generation from the bytes of the state file.
    ///
    /// # Errors
    /// [`FormatError`] for anything that is not a whole state.
    pub fn from_bytes(bytes: &[u8]) -> Result<(Self, u64), FormatError> {
        if bytes.len() > MAX_LENGTH {
            return Err(FormatError::Header);
        }
        let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(FormatError::Header)?;
        let (header, rest) = bytes.split_at(end);
        let header: Header = serde_json::from_slice(header).map_err(|_| FormatError::Header)?;
        if header.format != FORMAT {
            return Err(FormatError::Header);
        }
        if header.version != VERSION {
            return Err(FormatError::Version(header.version));
        }
        let text = rest
            .strip_prefix(b"\n")
            .and_then(|rest| rest.strip_suffix(b"\n"))
            .ok_or(FormatError::Checksum)?;
        if hex::encode(Sha256::digest(text)) != header.sha256 {
            return Err(FormatError::Checksum);
        }
        let body: Body = serde_json::from_slice(text).map_err(|_| FormatError::Field("json"))?;
        Ok((body.into_state()?, header.generation))
    }
}

impl Body {
    fn trust_points(&self) -> Result<Vec<TrustPoint>, FormatError> {
        let wrong = FormatError::Field("trust_points");
        if self.trust_points.len() > MAX_TRUST_POINTS {
            return Err(wrong);
        }
        let point = |text: &String| {
            BASE64
                .decode(text)
                .ok()
                .and_then(|bytes| TrustPoint::from_bytes(&bytes).ok())
                .ok_or(wrong.clone())
        };
        self.trust_points.iter().map(point).collect()
    }

    fn into_state(self) -> Result<ChipState, FormatError> {
        let wrong = FormatError::Field;
        let mut serial = [0; 10];
        hex::decode_to_slice(&self.serial, &mut serial).map_err(|_| wrong("serial"))?;
        let key = |secret: &Secret, field| {
            secret.bytes().and_then(|bytes| PrivateKey::from_secret_bytes(&bytes).ok()).ok_or(wrong(field))
        };
        let private =
            |secret: &Option<Secret>, field| secret.as_ref().map(|secret| key(secret, field)).transpose();
        let text = |secret: &Secret, field| {
            secret
                .bytes()
                .and_then(|bytes| {
                    std::str::from_utf8(&bytes).ok().map(|text| Zeroizing::new(text.to_owned()))
                })
                .ok_or(wrong(field))
        };
        let mut files = BTreeMap::new();
        for (name, content) in &self.files {
            let (parent, id) = name.split_once(':').ok_or(wrong("files"))?;
            let key = parent
                .parse()
                .ok()
                .zip(u16::from_str_radix(id, 16).ok())
                .filter(|key| file_of(*key).map(file_key) == Some(*key))
                .ok_or(wrong("files"))?;
            files.insert(key, BASE64.decode(content).map_err(|_| wrong("files"))?);
        }
        Ok(ChipState {
            serial,
            profile: Profile::from_name(&self.profile).ok_or(wrong("profile"))?,
            life: LifeCycle::from_name(&self.life_cycle).ok_or(wrong("life_cycle"))?,
            files,
            active_authentication: private(&self.active_authentication_key, "active_authentication_key")?,
            chip_authentication: private(&self.chip_authentication_key, "chip_authentication_key")?,
            further_chip_authentication: self
                .further_chip_authentication_keys
                .iter()
                .map(|(id, secret)| Ok((*id, key(secret, "further_chip_authentication_keys")?)))
                .collect::<Result<_, FormatError>>()?,
            mrz: match &self.mrz {
                None => None,
                Some([document_number, birth_date, expiry]) => Some(MrzSeed {
                    document_number: text(document_number, "mrz")?,
                    birth_date: text(birth_date, "mrz")?,
                    expiry: text(expiry, "mrz")?,
                }),
            },
            can: self.can.as_ref().map(|can| text(can, "can")).transpose()?,
            pin: match &self.pin {
                None => None,
                Some((digits, left)) => {
                    Some(Pin { digits: text(digits, "pin")?, tries: PinTries::of(*left) })
                }
            },
            puk: self.puk.as_ref().map(|puk| text(puk, "puk")).transpose()?,
            wrong_tries: {
                let [mrz, can, puk] = self.wrong_tries;
                WrongTries { mrz, can, puk }
            },
            trust_points: self.trust_points()?,
            current_date: self
                .current_date
                .as_ref()
                .map(|date| date.parse().map_err(|_| wrong("current_date")))
                .transpose()?,
            key_version: KeyVersion(self.transport_key_version),
            transport_keys: self
                .transport_keys
                .bytes()
                .and_then(|bytes| StaticKeys::from_secret_bytes(&bytes))
                .ok_or(wrong("transport_keys"))?,
            sequence_counter: self.sequence_counter,
            tries_left: self.tries_left,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn example() -> ChipState {
        let mut state = ChipState::blank([9; 10], Profile::P256);
        state.files.insert((1, 0x0101), vec![0x61, 0x00]);
        state.can = Some(Zeroizing::new("123456".to_owned()));
        state.sequence_counter = 5;
        state.pin = Some(Pin { digits: Zeroizing::new("123456".to_owned()), tries: PinTries::of(2) });
        state.puk = Some(Zeroizing::new("1234567890".to_owned()));
        state.wrong_tries = WrongTries { mrz: 1, can: 2, puk: 3 };
        state
    }

    #[test]
    fn a_state_survives_its_bytes() {
        let bytes = example().to_bytes(42).unwrap();
        let (back, generation) = ChipState::from_bytes(&bytes).unwrap();
        assert_eq!(generation, 42);
        assert_eq!(*back.to_bytes(42).unwrap(), *bytes);
    }

    #[test]
    fn what_a_chip_has_not_is_not_written() {
        let bytes = ChipState::blank([9; 10], Profile::P256).to_bytes(1).unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(!["pin", "puk", "wrong_tries"].iter().any(|name| text.contains(&format!("\"{name}\""))));
    }

    #[test]
    fn several_keys_survive_and_a_state_without_them_is_as_before() {
        use cccd_card_profile::protocol::dh::ModpGroup;
        use cccd_card_profile::protocol::private_key::KeyAlgorithm;
        use rand_chacha::rand_core::SeedableRng as _;
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let mut state = example();
        let before = state.to_bytes(1).unwrap();
        assert!(
            !before.windows(7).any(|bytes| bytes == b"further"),
            "what old programs do not know is left out"
        );
        let algorithm = KeyAlgorithm::DiffieHellman(ModpGroup::Modp1024Subgroup160);
        let key = PrivateKey::generate(algorithm, &mut rng).unwrap();
        let public = key.public_key().unwrap();
        state.further_chip_authentication.insert(300, key);
        let bytes = state.to_bytes(2).unwrap();
        let (back, _) = ChipState::from_bytes(&bytes).unwrap();
        assert_eq!(back.chip_authentication_key(Some(300)).unwrap().public_key().unwrap(), public);
        assert!(back.chip_authentication_key(Some(1)).is_none());
        assert_eq!(*back.to_bytes(2).unwrap(), *bytes);
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_noticed() {
        let bytes = example().to_bytes(1).unwrap();
        for end in 0..bytes.len() {
            assert!(ChipState::from_bytes(&bytes[..end]).is_err(), "cut at {end}");
        }
        let body = bytes.iter().position(|byte| *byte == b'\n').unwrap();
        for at in body..bytes.len() {
            let mut altered = bytes.to_vec();
            altered[at] ^= 0x04;
            assert!(ChipState::from_bytes(&altered).is_err(), "flipped at {at}");
        }
    }

    #[test]
    fn a_newer_format_is_named() {
        let text = String::from_utf8(example().to_bytes(1).unwrap().to_vec()).unwrap();
        let newer = text.replacen("\"version\":1", "\"version\":2", 1);
        assert_eq!(ChipState::from_bytes(newer.as_bytes()).err(), Some(FormatError::Version(2)));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = ChipState::from_bytes(&bytes);
        }
    }
}
