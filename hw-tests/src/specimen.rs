//! A small synthetic card, personalised over any transport in the order of the standard procedure. It is unsigned:
//! its EF.SOD and portrait are filler. Cards that verify come from the issuer.

use anyhow::{Context as _, Result, ensure};
use cccd_card_profile::apdu::{Command, GetResponse, Transport, exchange};
use cccd_card_profile::file_system::{CCCD_FILES, ElementaryFile};
use cccd_card_profile::lds::atr_info::AtrInfo;
use cccd_card_profile::lds::com::Com;
use cccd_card_profile::lds::dir::Dir;
use cccd_card_profile::lds::{DataGroupNumber, card_access};
use cccd_card_profile::personalization::scp03::{self, Scp03Channel, Scp03Session};
use cccd_card_profile::personalization::{
    CreateFile, KeyReference, KeyVersion, StaticKeys, activate_file, create_file, generate_key_pair,
    put_access_key, put_can, put_key, select_application, select_file, update_binary,
};
use cccd_card_profile::protocol::private_key::{KeyAlgorithm, PublicKey};
use cccd_card_profile::tlv;
use cccd_virtual_chip::Profile;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::runner::Secrets;

/// The specimen's document number, birth and expiry, and its CAN.
pub const MRZ: [&str; 3] = ["304000123", "040615", "290615"];
/// The specimen's CAN.
pub const CAN: &str = "000123";

/// The public halves of the key pairs that the chip made.
#[derive(Debug)]
pub struct Keys {
    /// For Active Authentication.
    pub active_authentication: PublicKey,
    /// For Chip Authentication.
    pub chip_authentication: PublicKey,
}

/// What opens the specimen.
#[must_use]
pub fn secrets(profile: Profile) -> Secrets {
    Secrets {
        can: Zeroizing::new(CAN.to_owned()),
        mrz: Some(MRZ.map(|text| Zeroizing::new(text.to_owned()))),
        parameters: profile.curve().into(),
    }
}

/// The keys that replace the blank's.
#[must_use]
pub fn replacement_keys() -> StaticKeys {
    StaticKeys::new([0x51; 16], [0x52; 16], [0x53; 16])
}

/// The specimen's files.
///
/// # Errors
/// When a public key has no encoding.
pub fn contents(profile: Profile, keys: &Keys) -> Result<Vec<(ElementaryFile, Vec<u8>)>> {
    let groups = [1, 2, 3, 13, 14, 15].map(DataGroupNumber::new);
    let groups: Vec<_> = groups.into_iter().collect::<Result<_, _>>()?;
    let infos = card_access::cccd(u32::from(profile.curve().number()));
    CCCD_FILES
        .iter()
        .map(|file| {
            let filler = |length| tlv::encode(file.tag().unwrap_or(0x53), &vec![0xA5; length]);
            let content = match file {
                ElementaryFile::AtrInfo => AtrInfo::extended(65_535, 65_535).to_bytes(),
                ElementaryFile::Dir => Dir::lds1().to_bytes(),
                ElementaryFile::CardSecurity => filler(1500),
                ElementaryFile::CardAccess => card_access::to_bytes(&infos),
                ElementaryFile::Com => Com::new(&groups).to_bytes(),
                ElementaryFile::Sod => filler(1900),
                ElementaryFile::DataGroup(DataGroupNumber::DG2) => filler(14_000),
                ElementaryFile::DataGroup(DataGroupNumber::DG14) => {
                    tlv::encode(0x6E, &keys.chip_authentication.to_spki()?)
                }
                ElementaryFile::DataGroup(DataGroupNumber::DG15) => {
                    tlv::encode(0x6F, &keys.active_authentication.to_spki()?)
                }
                ElementaryFile::DataGroup(_) => filler(90),
            };
            Ok((*file, content))
        })
        .collect()
}

/// Personalises a blank that carries the test keys. The chip stays unlocked.
///
/// # Errors
/// The first command that the chip refuses.
pub fn personalize<T: Transport>(
    transport: T,
    profile: Profile,
    rng: &mut dyn CryptoRng,
) -> Result<(Scp03Channel<GetResponse<T>>, Keys)> {
    let mut transport = GetResponse::new(transport);
    let answer = exchange(&mut transport, &select_application())?;
    ensure!(answer.is_ok(), "SELECT: {:?}", answer.status);
    let keys = |_: &scp03::ChipAnnouncement| Some(StaticKeys::publicly_known_test_keys());
    let mut channel = scp03::open(transport, KeyVersion::TEST, keys, rng)?;
    let curve = KeyAlgorithm::EllipticCurve(profile.curve());
    let aa = match profile {
        Profile::Cccd => KeyAlgorithm::Rsa2048,
        Profile::P256 => curve,
    };
    let keys = Keys {
        active_authentication: generate(&mut channel, aa, KeyReference::ActiveAuthentication)?,
        chip_authentication: generate(&mut channel, curve, KeyReference::ChipAuthentication)?,
    };
    for (file, content) in contents(profile, &keys)? {
        let request = CreateFile {
            identifier: file.file_id().0,
            short_identifier: file.short_file_id().value(),
            length: u16::try_from(content.len())?,
        };
        done(&mut channel, &create_file(request))?;
        done(&mut channel, &select_file(request.identifier))?;
        for (number, part) in content.chunks(Scp03Session::MAX_SHORT_DATA).enumerate() {
            let offset = u16::try_from(number * Scp03Session::MAX_SHORT_DATA)?;
            done(&mut channel, &update_binary(offset, part))?;
        }
    }
    let [number, birth, expiry] = MRZ;
    done(&mut channel, &put_access_key(number, birth, expiry))?;
    done(&mut channel, &put_can(CAN))?;
    Ok((channel, keys))
}

/// Replaces the transport keys and locks.
///
/// # Errors
/// The first command that the chip refuses.
pub fn lock<T: Transport>(channel: &mut Scp03Channel<T>) -> Result<()> {
    let replacement = replacement_keys();
    let command = put_key(KeyVersion::TEST, KeyVersion::LOCKED, &replacement, channel.static_keys());
    let answer = done(channel, &command.context("the keys do not fit")?)?;
    let confirmation = replacement.put_key_confirmation(KeyVersion::LOCKED);
    ensure!(Ok(answer) == confirmation, "the chip confirms other keys");
    done(channel, &activate_file()).map(drop)
}

fn generate<T: Transport>(
    channel: &mut Scp03Channel<T>,
    algorithm: KeyAlgorithm,
    key: KeyReference,
) -> Result<PublicKey> {
    let template = done(channel, &generate_key_pair(algorithm, key, 256))?;
    Ok(PublicKey::from_template(algorithm, &template)?)
}

fn done<T: Transport>(channel: &mut Scp03Channel<T>, command: &Command) -> Result<Vec<u8>> {
    let answer = channel.exchange(command)?;
    ensure!(answer.is_ok(), "{command:?}: {:?}", answer.status);
    Ok(answer.data)
}
