//! A small synthetic card, personalised over any transport in the order of the standard procedure. Its files are those of
//! an invented person, its EF.SOD is signed by keys that everybody knows, its portrait is a frame with filler. Cards that
//! a verifier accepts come from the issuer.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use cccd_card_profile::apdu::{Command, GetResponse, Transport, exchange};
use cccd_card_profile::card_holder::{CardData, CardHolder, Sex};
use cccd_card_profile::file_system::{CCCD_FILES, ElementaryFile};
use cccd_card_profile::lds::atr_info::AtrInfo;
use cccd_card_profile::lds::com::Com;
use cccd_card_profile::lds::dg2::{self, FaceImage};
use cccd_card_profile::lds::dir::Dir;
use cccd_card_profile::lds::public_key::PublicKeyInfo;
use cccd_card_profile::lds::security_infos::{SecurityInfo, SecurityInfos};
use cccd_card_profile::lds::sod::{DigestAlgorithm, LdsSecurityObject};
use cccd_card_profile::lds::{DataGroupNumber, card_access, dg1, dg3, dg14, dg15};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_card_profile::personalization::scp03::{self, Scp03Channel, Scp03Session};
use cccd_card_profile::personalization::{
    CreateFile, KeyReference, KeyVersion, StaticKeys, activate_file, create_file, generate_key_pair,
    put_access_key, put_can, put_key, select_application, select_file, update_binary,
};
use cccd_card_profile::protocol::active_authentication::HashAlgorithm;
use cccd_card_profile::protocol::curve::DomainParameters;
use cccd_card_profile::protocol::kdf::Cipher;
use cccd_card_profile::protocol::pace::{Agreement, Mapping, PaceOffer, PaceProtocol};
use cccd_card_profile::protocol::private_key::{KeyAlgorithm, PublicKey};
use cccd_keys::algorithm::HashAlgorithm as SignatureHash;
use cccd_keys::certificate::{CertificateOptions, CscaProfile, DocumentSignerProfile, SigningKeyValidity};
use cccd_keys::curve::{CurveEncoding, NamedCurve};
use cccd_keys::signer::{Signer as _, SoftwareKey};
use cccd_virtual_chip::lab::Equipment;
use cccd_virtual_chip::{Chip, Profile};
use jiff::civil::date;
use jiff::tz::TimeZone;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::runner::Secrets;

/// The specimen's document number, birth and expiry, and its CAN.
pub const MRZ: [&str; 3] = ["304000123", "040615", "290615"];
/// The specimen's CAN.
pub const CAN: &str = "000123";

/// What a specimen can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// It opens by PACE with CAN or MRZ, and by BAC; else by BAC only: an old card, without EF.CardAccess and CAN.
    pub pace: bool,
    /// EF.ATR/INFO announces extended length.
    pub extended_length: bool,
    /// It has EF.DIR, and offers PACE with every mapping, over a curve and a group of residues.
    pub laboratory: bool,
}

impl Form {
    /// As the cards in use.
    pub const CCCD: Self = Self { pace: true, extended_length: true, laboratory: false };
    /// For a chip that takes short lengths only.
    pub const SHORT: Self = Self { extended_length: false, ..Self::CCCD };
    /// With everything that PACE has; [`equip`] adds PIN and PUK.
    pub const LABORATORY: Self = Self { laboratory: true, ..Self::CCCD };
    /// An old card.
    pub const BAC_ONLY: Self = Self { pace: false, ..Self::CCCD };
}

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
        pin: None,
        puk: None,
        parameters: profile.curve().into(),
    }
}

/// The PIN and the PUK of a specimen of the laboratory.
pub const PIN: &str = "271828";
/// See [`PIN`].
pub const PUK: &str = "3141592653";

/// Beside ECDH with generic mapping and AES-128.
const LABORATORY_PACE: [(PaceProtocol, DomainParameters); 5] = [
    (variant(Agreement::Ecdh, Mapping::Generic, Cipher::TripleDes), DomainParameters::P256),
    (variant(Agreement::Ecdh, Mapping::Integrated, Cipher::Aes256), DomainParameters::P256),
    (variant(Agreement::Ecdh, Mapping::ChipAuthentication, Cipher::Aes128), DomainParameters::P256),
    (variant(Agreement::Dh, Mapping::Generic, Cipher::Aes192), DomainParameters::Modp2048Subgroup256),
    (variant(Agreement::Dh, Mapping::Integrated, Cipher::Aes128), DomainParameters::Modp1024Subgroup160),
];

const fn variant(agreement: Agreement, mapping: Mapping, cipher: Cipher) -> PaceProtocol {
    PaceProtocol { agreement, mapping, cipher }
}

/// Gives a chip of the laboratory PIN and PUK, and tells what opens it.
///
/// # Errors
/// In practice never: both are fixed.
pub fn equip(chip: Chip, profile: Profile, rng: Box<dyn CryptoRng + Send>) -> Result<(Chip, Secrets)> {
    let secret = |digits: &str| Some(Zeroizing::new(digits.to_owned()));
    let mut state = chip.into_state();
    state.equip(Equipment { pin: secret(PIN), puk: secret(PUK), ..Equipment::default() })?;
    let secrets = Secrets { pin: secret(PIN), puk: secret(PUK), ..secrets(profile) };
    Ok((Chip::in_memory(state, rng), secrets))
}

/// The keys that replace the blank's.
#[must_use]
pub fn replacement_keys() -> StaticKeys {
    StaticKeys::new([0x51; 16], [0x52; 16], [0x53; 16])
}

/// What the specimen says.
///
/// # Errors
/// In practice never: it is invented and fixed.
pub fn card_data() -> Result<CardData> {
    let holder = CardHolder {
        number: PersonalNumber::parse("001304000123")?,
        full_name: "Trần Thị Mẫu".to_owned(),
        birth_date: date(2004, 6, 15).into(),
        sex: Sex::Female,
        nationality: "Việt Nam".to_owned(),
        ethnic_group: Some("Kinh".to_owned()),
        religion: Some("Không".to_owned()),
        place_of_origin: Some("Phường Mẫu, Tỉnh Mẫu".to_owned()),
        residence: Some("Số 1 Đường Mẫu, Phường Mẫu, Tỉnh Mẫu".to_owned()),
        birth_registration_place: None,
        identification_marks: None,
        father: Some("Trần Văn Cha".to_owned()),
        mother: Some("Lê Thị Mẹ".to_owned()),
        spouse: None,
        old_number: None,
        cancelled_number: None,
    };
    Ok(CardData::new(holder, date(2024, 7, 1), Some("C1C1C1C1C1C1C1C1".to_owned()))?)
}

/// The specimen's files, EF.SOD signed by the laboratory.
///
/// # Errors
/// When a public key has no encoding.
pub fn contents(profile: Profile, keys: &Keys) -> Result<Vec<(ElementaryFile, Vec<u8>)>> {
    contents_of(profile, Form::CCCD, keys)
}

/// The files of a specimen of this form.
///
/// # Errors
/// When a public key has no encoding.
pub fn contents_of(profile: Profile, form: Form, keys: &Keys) -> Result<Vec<(ElementaryFile, Vec<u8>)>> {
    let data = card_data()?;
    let mut offered = if form.pace {
        card_access::cccd(u32::from(profile.curve().number()))
    } else {
        SecurityInfos { infos: vec![SecurityInfo::chip_authentication_ecdh_aes_128(None)] }
    };
    if form.laboratory {
        let variant =
            |offer: PaceOffer| SecurityInfo::pace(offer.protocol.oid(), u32::from(offer.parameter_id));
        offered.infos.extend(
            LABORATORY_PACE.map(|(protocol, parameters)| PaceOffer::new(protocol, parameters)).map(variant),
        );
    }
    let info = if form.extended_length { AtrInfo::extended(65_535, 65_535) } else { AtrInfo::default() };
    let mut signed = offered.clone();
    let chip = keys.chip_authentication.to_spki()?;
    signed.infos.push(SecurityInfo::chip_authentication_ecdh_key(chip, None));
    if matches!(keys.active_authentication, PublicKey::EllipticCurve(_)) {
        signed.infos.push(SecurityInfo::active_authentication(HashAlgorithm::Sha256.ecdsa_plain_oid()));
    }
    let active = PublicKeyInfo::from_der(&keys.active_authentication.to_spki()?)?;
    let groups: BTreeMap<DataGroupNumber, Vec<u8>> = [
        (DataGroupNumber::DG1, dg1::to_bytes(&data.mrz()?)),
        (DataGroupNumber::DG2, dg2::to_bytes(&portrait()?)?),
        (DataGroupNumber::DG3, dg3::empty(&[0x33; 16])),
        (DataGroupNumber::DG13, data.national_data().to_bytes()),
        (DataGroupNumber::DG14, dg14::to_bytes(&signed)),
        (DataGroupNumber::DG15, dg15::to_bytes(&active)),
    ]
    .into();
    let numbers: Vec<DataGroupNumber> = groups.keys().copied().collect();
    let object =
        LdsSecurityObject::new(DigestAlgorithm::Sha256, &groups).context("no such security object")?;
    let signed_object = sign(object.as_der())?;
    let files = CCCD_FILES.into_iter().chain(form.laboratory.then_some(ElementaryFile::Dir));
    Ok(files
        .filter(|file| form.pace || *file != ElementaryFile::CardAccess)
        .filter_map(|file| {
            let content = match file {
                ElementaryFile::AtrInfo => info.to_bytes(),
                ElementaryFile::Dir => Dir::lds1().to_bytes(),
                // Only chips with the chip authentication mapping have the one; the other is the chip's own.
                ElementaryFile::CardSecurity | ElementaryFile::Cvca => return None,
                ElementaryFile::CardAccess => card_access::to_bytes(&offered),
                ElementaryFile::Com => Com::new(&numbers).to_bytes(),
                ElementaryFile::Sod => signed_object.clone(),
                ElementaryFile::DataGroup(number) => groups.get(&number)?.clone(),
            };
            Some((file, content))
        })
        .collect())
}

/// The frame of a JPEG of 480 × 640 pixels, filled up. No decoder ever sees it.
fn portrait() -> Result<FaceImage> {
    let mut jpeg = vec![0xFF, 0xD8, 0xFF, 0xC0, 0x00, 0x11, 0x08, 0x02, 0x80, 0x01, 0xE0, 0x03];
    jpeg.extend([1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1, 0xFF, 0xDA, 0x00, 0x02]);
    jpeg.extend(vec![0x5A; 14_000]);
    jpeg.extend([0xFF, 0xD9]);
    Ok(FaceImage::from_file(jpeg)?)
}

/// Signs by the laboratory's Document Signer: the same keys at every run, known to everybody.
fn sign(security_object: &[u8]) -> Result<Vec<u8>> {
    let mut rng = ChaCha20Rng::from_seed([0x1A; 32]);
    let at = date(2024, 7, 1).at(3, 0, 0, 0).to_zoned(TimeZone::UTC)?.timestamp();
    let key = |scalar: u8| {
        SoftwareKey::from_scalar(NamedCurve::P256, SignatureHash::Sha256, CurveEncoding::Named, &[scalar; 32])
    };
    let (authority, signer) = (key(0x11)?, key(0x12)?);
    let options = CertificateOptions::for_country("VN")?;
    let csca =
        CscaProfile::new(options.clone(), 1, SigningKeyValidity::csca(at)?)?.issue(&authority, &mut rng)?;
    let validity = SigningKeyValidity::document_signer(at)?;
    let certificate = DocumentSignerProfile::new(options, &csca, 1, validity)?.issue(
        signer.public_key().spki(),
        &authority,
        &mut rng,
    )?;
    Ok(cccd_keys::sod::sign(security_object, &certificate, &signer, at)?)
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
    personalize_as(transport, profile, Form::CCCD, rng)
}

/// As [`personalize`], for a card of this form.
///
/// # Errors
/// The first command that the chip refuses.
pub fn personalize_as<T: Transport>(
    transport: T,
    profile: Profile,
    form: Form,
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
    for (file, content) in contents_of(profile, form, &keys)? {
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
    if form.pace {
        done(&mut channel, &put_can(CAN))?;
    }
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
