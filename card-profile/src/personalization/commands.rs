//! The commands between blank and locked: the station's builders and the chip's parsers.

use super::APPLICATION_ID;
use super::keys::{KeyVersion, StaticKeys};
use crate::apdu::{Command, StatusWord};
use crate::protocol::private_key::KeyAlgorithm;
use crate::tlv::{self, Reader};
use cccd_cvc::Date;
use cccd_cvc::chain::TrustPoint;
use std::fmt;
use zeroize::Zeroizing;

/// The largest EF: offsets of UPDATE BINARY with even INS have 15 bits.
pub const MAX_FILE_LENGTH: u16 = 0x7FFF;

/// SELECT by AID `00 A4 04 0C` (Doc 9303-10 §3.6.1).
#[must_use]
pub fn select_application() -> Command {
    Command::new(0x00, 0xA4, 0x04, 0x0C).with_data(APPLICATION_ID)
}

/// SELECT EF `00 A4 02 0C` (Doc 9303-10 §3.6.2).
#[must_use]
pub fn select_file(identifier: u16) -> Command {
    Command::new(0x00, 0xA4, 0x02, 0x0C).with_data(identifier.to_be_bytes())
}

/// One EF to create.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreateFile {
    /// File identifier.
    pub identifier: u16,
    /// Short EF identifier, 1 to 30.
    pub short_identifier: u8,
    /// Length in bytes.
    pub length: u16,
}

/// CREATE FILE `00 E0 00 00` with FCP `62 { 82 01 01, 83 fid, 88 sfi, 80 length, 81 length }` (ISO/IEC 7816-9 §9.2.1,
/// ISO/IEC 7816-4 §7.4.3): a transparent EF. The length stands in `80` and `81`, as cards differ in which they take.
#[must_use]
pub fn create_file(file: CreateFile) -> Command {
    let length = file.length.to_be_bytes();
    let fcp = tlv::encode_all(
        0x62,
        &[
            &tlv::encode(0x82, &[0x01]),
            &tlv::encode(0x83, &file.identifier.to_be_bytes()),
            &tlv::encode(0x88, &[file.short_identifier << 3]),
            &tlv::encode(0x80, &length),
            &tlv::encode(0x81, &length),
        ],
    );
    Command::new(0x00, 0xE0, 0x00, 0x00).with_data(fcp)
}

impl CreateFile {
    /// The chip's side.
    ///
    /// # Errors
    /// `6A86` for P1 P2, `6A80` for the FCP, `6A84` for a length above [`MAX_FILE_LENGTH`].
    pub fn parse(command: &Command) -> Result<Self, StatusWord> {
        if command.p1_p2() != 0 {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        let file = Self::read(command.data()).ok_or(StatusWord::INCORRECT_DATA)?;
        if file.length > MAX_FILE_LENGTH {
            return Err(StatusWord::NOT_ENOUGH_MEMORY);
        }
        Ok(file)
    }

    fn read(data: &[u8]) -> Option<Self> {
        let mut outer = Reader::new(data);
        let mut fcp = outer.expect(0x62).ok()?.nested().ok()?;
        outer.finish().ok()?;
        let mut byte = |tag| <[u8; 1]>::try_from(fcp.expect(tag).ok()?.value).ok();
        let [descriptor] = byte(0x82)?;
        let identifier = u16::from_be_bytes(fcp.expect(0x83).ok()?.value.try_into().ok()?);
        let [sfi] = <[u8; 1]>::try_from(fcp.expect(0x88).ok()?.value).ok()?;
        let length = u16::from_be_bytes(fcp.expect(0x80).ok()?.value.try_into().ok()?);
        let allocated = u16::from_be_bytes(fcp.expect(0x81).ok()?.value.try_into().ok()?);
        fcp.finish().ok()?;
        let short_identifier = sfi >> 3;
        let good = descriptor == 0x01
            && sfi & 0x07 == 0
            && (1..=30).contains(&short_identifier)
            && length > 0
            && length == allocated;
        good.then_some(Self { identifier, short_identifier, length })
    }
}

/// Which of the chip's key pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyReference {
    /// `01`: Active Authentication.
    ActiveAuthentication,
    /// `02`: Chip Authentication.
    ChipAuthentication,
}

impl KeyReference {
    /// The reference byte.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::ActiveAuthentication => 0x01,
            Self::ChipAuthentication => 0x02,
        }
    }

    /// By its reference byte.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x01 => Some(Self::ActiveAuthentication),
            0x02 => Some(Self::ChipAuthentication),
            _ => None,
        }
    }
}

/// GENERATE ASYMMETRIC KEY PAIR `00 47 80 00` with `AC { 80 algorithm, 84 key }` (ISO/IEC 7816-8 §8.2). The chip
/// answers the public key template `7F49`. An RSA-2048 answer is longer than 256 bytes: 65,536 on a link with
/// extended length, 256 elsewhere (the chip then answers `61xx`).
#[must_use]
pub fn generate_key_pair(algorithm: KeyAlgorithm, key: KeyReference, expected_length: u32) -> Command {
    let template = tlv::encode_all(
        0xAC,
        &[&tlv::encode(0x80, &[algorithm.reference()]), &tlv::encode(0x84, &[key.byte()])],
    );
    Command::new(0x00, 0x47, 0x80, 0x00).with_data(template).with_expected_length(expected_length)
}

/// The chip's side of [`generate_key_pair`]; the key may be named by `83` or `84`.
///
/// # Errors
/// `6A86` for P1 P2, `6A80` for the template, `6A81` for an algorithm not offered, `6A88` for the key.
pub fn parse_generate_key_pair(command: &Command) -> Result<(KeyAlgorithm, KeyReference), StatusWord> {
    fn read(data: &[u8]) -> Option<(u8, u8)> {
        let mut outer = Reader::new(data);
        let mut template = outer.expect(0xAC).ok()?.nested().ok()?;
        outer.finish().ok()?;
        let [algorithm] = <[u8; 1]>::try_from(template.expect(0x80).ok()?.value).ok()?;
        let object = template.read().ok().filter(|object| matches!(object.tag, 0x83 | 0x84))?;
        let [key] = <[u8; 1]>::try_from(object.value).ok()?;
        template.finish().ok()?;
        Some((algorithm, key))
    }
    if command.p1_p2() != 0x8000 {
        return Err(StatusWord::INCORRECT_P1_P2);
    }
    let (algorithm, key) = read(command.data()).ok_or(StatusWord::INCORRECT_DATA)?;
    Ok((
        KeyAlgorithm::from_reference(algorithm).ok_or(StatusWord::FUNCTION_NOT_SUPPORTED)?,
        KeyReference::from_byte(key).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?,
    ))
}

/// UPDATE BINARY `00 D6` of the selected EF at an offset of 15 bits (ISO/IEC 7816-4 §11.3.5). Higher offsets need
/// [`update_binary_odd`].
#[must_use]
pub fn update_binary(offset: u16, bytes: &[u8]) -> Command {
    let [p1, p2] = (offset & MAX_FILE_LENGTH).to_be_bytes();
    Command::new(0x00, 0xD6, p1, p2).with_data(bytes)
}

/// UPDATE BINARY with odd INS `00 D7 00 00 { 54 offset, 53 bytes }` (ISO/IEC 7816-4 §11.3.5).
#[must_use]
pub fn update_binary_odd(offset: u32, bytes: &[u8]) -> Command {
    let [first, rest @ ..] = offset.to_be_bytes();
    let offset = if first == 0 { tlv::encode(0x54, &rest) } else { tlv::encode(0x54, &offset.to_be_bytes()) };
    Command::new(0x00, 0xD7, 0x00, 0x00).with_data([offset, tlv::encode(0x53, bytes)].concat())
}

/// The chip's side of both: offset and bytes. `D6` with a short EF identifier (P1 bit 8) is not offered.
///
/// # Errors
/// `6A86` for P1 P2, `6A80` for the data objects.
pub fn parse_update_binary(command: &Command) -> Result<(u32, Vec<u8>), StatusWord> {
    fn read(data: &[u8]) -> Option<(u32, Vec<u8>)> {
        let mut reader = Reader::new(data);
        let offset = reader.expect(0x54).ok()?.value;
        if !(1..=4).contains(&offset.len()) {
            return None;
        }
        let offset = offset.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        let bytes = reader.expect(0x53).ok()?.value.to_vec();
        reader.finish().ok()?;
        Some((offset, bytes))
    }
    match (command.has_odd_instruction(), command.p1_p2()) {
        (false, offset @ 0..=MAX_FILE_LENGTH) => Ok((u32::from(offset), command.data().to_vec())),
        (true, 0) => read(command.data()).ok_or(StatusWord::INCORRECT_DATA),
        _ => Err(StatusWord::INCORRECT_P1_P2),
    }
}

/// PUT DATA `00 DA 01 62` with `62 { 5F1F document number, 5F18 birth, 5F19 expiry }`, dates as `YYMMDD`
/// (ISO/IEC 7816-4 §11.5.7): the chip derives the BAC and PACE-MRZ keys.
#[must_use]
pub fn put_access_key(document_number: &str, birth_date: &str, expiry: &str) -> Command {
    let data = tlv::encode_all(
        0x62,
        &[
            &tlv::encode(0x5F1F, document_number.as_bytes()),
            &tlv::encode(0x5F18, birth_date.as_bytes()),
            &tlv::encode(0x5F19, expiry.as_bytes()),
        ],
    );
    Command::new(0x00, 0xDA, 0x01, 0x62).with_data(data)
}

/// PUT DATA `00 DA 01 66` with `66 <digits>`: the card access number.
#[must_use]
pub fn put_can(can: &str) -> Command {
    Command::new(0x00, 0xDA, 0x01, 0x66).with_data(tlv::encode(0x66, can.as_bytes()))
}

/// What a PUT DATA carries. Zeroized, never printed; the characters are not yet checked.
pub enum AccessKeys {
    /// Document number, birth and expiry.
    Mrz {
        /// Document number as printed, without check digit.
        document_number: Zeroizing<String>,
        /// `YYMMDD`.
        birth_date: Zeroizing<String>,
        /// `YYMMDD`.
        expiry: Zeroizing<String>,
    },
    /// The card access number.
    Can(Zeroizing<String>),
}

impl AccessKeys {
    /// The chip's side of [`put_access_key`] and [`put_can`].
    ///
    /// # Errors
    /// `6A88` for another P1 P2, `6A80` for the data.
    pub fn parse(command: &Command) -> Result<Self, StatusWord> {
        let parsed = match command.p1_p2() {
            0x0162 => Self::read_mrz(command.data()),
            0x0166 => Self::read_can(command.data()),
            _ => return Err(StatusWord::REFERENCED_DATA_NOT_FOUND),
        };
        parsed.ok_or(StatusWord::INCORRECT_DATA)
    }

    fn read_mrz(data: &[u8]) -> Option<Self> {
        let mut outer = Reader::new(data);
        let mut inner = outer.expect(0x62).ok()?.nested().ok()?;
        outer.finish().ok()?;
        let document_number = text(inner.expect(0x5F1F).ok()?.value)?;
        let birth_date = text(inner.expect(0x5F18).ok()?.value)?;
        let expiry = text(inner.expect(0x5F19).ok()?.value)?;
        inner.finish().ok()?;
        Some(Self::Mrz { document_number, birth_date, expiry })
    }

    fn read_can(data: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(data);
        let can = text(reader.expect(0x66).ok()?.value)?;
        reader.finish().ok()?;
        Some(Self::Can(can))
    }
}

fn text(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii() && text.len() <= 32)?;
    Some(Zeroizing::new(text.to_owned()))
}

impl fmt::Debug for AccessKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mrz { .. } => "AccessKeys::Mrz(…)",
            Self::Can(_) => "AccessKeys::Can(…)",
        })
    }
}

/// PUT DATA `00 DA 01 64` with the newest CVCA key that the chip shall believe, or `00 DA 02 64` with the one before it
/// ([`TrustPoint::to_bytes`]): terminals with certificates under them may read DG3 and DG4.
#[must_use]
pub fn put_trust_point(place: TrustPlace, point: &TrustPoint) -> Command {
    Command::new(0x00, 0xDA, place.p1(), 0x64).with_data(point.to_bytes())
}

/// PUT DATA `00 DA 01 65` with `5F25`, six digits of unpacked BCD: the chip's idea of today. It only moves forward from
/// there.
#[must_use]
pub fn put_current_date(date: Date) -> Command {
    Command::new(0x00, 0xDA, 0x01, 0x65).with_data(tlv::encode(0x5F25, &date.to_bcd()))
}

/// Which of the chip's two trust points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustPlace {
    /// The newest CVCA key.
    Newest,
    /// The one before it.
    Previous,
}

impl TrustPlace {
    fn p1(self) -> u8 {
        match self {
            Self::Newest => 0x01,
            Self::Previous => 0x02,
        }
    }
}

/// What a PUT DATA for Terminal Authentication carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TerminalTrust {
    /// A CVCA key.
    Point(TrustPlace, Box<TrustPoint>),
    /// The current date.
    Date(Date),
}

impl TerminalTrust {
    /// The chip's side of [`put_trust_point`] and [`put_current_date`]; `None` for another PUT DATA.
    ///
    /// # Errors
    /// `6A80` for the data.
    pub fn parse(command: &Command) -> Result<Option<Self>, StatusWord> {
        let incorrect = StatusWord::INCORRECT_DATA;
        let point = |place| {
            let point = TrustPoint::from_bytes(command.data()).map_err(|_| incorrect)?;
            Ok(Some(Self::Point(place, Box::new(point))))
        };
        match command.p1_p2() {
            0x0164 => point(TrustPlace::Newest),
            0x0264 => point(TrustPlace::Previous),
            0x0165 => {
                let mut reader = Reader::new(command.data());
                let date = reader.expect(0x5F25).map_err(|_| incorrect)?.value;
                reader.finish().map_err(|_| incorrect)?;
                Date::from_bcd(date).map(|date| Some(Self::Date(date))).map_err(|_| incorrect)
            }
            _ => Ok(None),
        }
    }
}

/// PUT KEY `80 D8 <replaced version> 81` (`GlobalPlatform` Card Specification §11.8): three AES-128 keys, encrypted
/// under the current DEK, each with its check value. The chip answers version and check values; compare them with
/// [`StaticKeys::put_key_confirmation`]. `None` never happens with AES-128 keys.
#[must_use]
pub fn put_key(
    replaced: KeyVersion,
    version: KeyVersion,
    keys: &StaticKeys,
    current: &StaticKeys,
) -> Option<Command> {
    let data = keys.to_put_key_data(version, current)?;
    Some(Command::new(0x80, 0xD8, replaced.0, 0x81).with_data(data).with_expected_length(256))
}

/// ACTIVATE FILE `00 44 00 00` (ISO/IEC 7816-9 §9.2.6) on the application: the lock. There is no way back.
#[must_use]
pub fn activate_file() -> Command {
    Command::new(0x00, 0x44, 0x00, 0x00)
}

/// DELETE FILE `00 E4 00 00` (ISO/IEC 7816-9 §9.2.2): only to see it refused.
#[must_use]
pub fn delete_file(identifier: u16) -> Command {
    Command::new(0x00, 0xE4, 0x00, 0x00).with_data(identifier.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apdu::hex;
    use crate::protocol::curve::Curve;
    use proptest::prelude::*;

    #[test]
    fn the_wire() {
        let file = CreateFile { identifier: 0x0101, short_identifier: 1, length: 95 };
        assert_eq!(
            hex(&create_file(file).to_bytes().unwrap()),
            "00E00000146212820101830201018801088002005F8102005F"
        );
        assert_eq!(CreateFile::parse(&create_file(file)), Ok(file));
        let algorithm = KeyAlgorithm::EllipticCurve(Curve::BrainpoolP256r1);
        let generate = generate_key_pair(algorithm, KeyReference::ChipAuthentication, 256);
        assert_eq!(hex(&generate.to_bytes().unwrap()), "0047800008AC0680018D84010200");
        assert_eq!(parse_generate_key_pair(&generate), Ok((algorithm, KeyReference::ChipAuthentication)));
        assert_eq!(hex(&activate_file().to_bytes().unwrap()), "00440000");
        assert_eq!(hex(&put_can("123456").to_bytes().unwrap()), "00DA0166086606313233343536");
        assert_eq!(parse_update_binary(&update_binary(0x0123, b"x")), Ok((0x0123, b"x".to_vec())));
        assert_eq!(parse_update_binary(&update_binary_odd(0x8000, b"x")), Ok((0x8000, b"x".to_vec())));
        assert_eq!(parse_update_binary(&Command::new(0, 0xD6, 0x81, 0)), Err(StatusWord::INCORRECT_P1_P2));
    }

    #[test]
    fn access_keys_arrive_and_are_not_printed() {
        let command = put_access_key("079000001", "990115", "390115");
        let AccessKeys::Mrz { document_number, birth_date, expiry } = AccessKeys::parse(&command).unwrap()
        else {
            panic!("not the MRZ");
        };
        assert_eq!(
            (document_number.as_str(), birth_date.as_str(), expiry.as_str()),
            ("079000001", "990115", "390115")
        );
        assert_eq!(format!("{:?}", AccessKeys::parse(&put_can("123456")).unwrap()), "AccessKeys::Can(…)");
    }

    #[test]
    fn whom_the_chip_believes_arrives() {
        use crate::protocol::test_rng::Given;
        use cccd_cvc::{
            CertificateContent, Chat, Hash, InspectionRights, PrivateKey, Role, SignatureAlgorithm,
        };
        let algorithm = SignatureAlgorithm::Ecdsa(Hash::Sha256);
        let mut rng = Given::new(&[]);
        let key = PrivateKey::generate(Curve::P256, algorithm, &mut rng).unwrap();
        let date: Date = "2026-11-25".parse().unwrap();
        let certificate = CertificateContent {
            authority: "VNCVCA00001".parse().unwrap(),
            public_key: key.public_key(true).unwrap(),
            holder: "VNCVCA00001".parse().unwrap(),
            chat: Chat::inspection(Role::Cvca, InspectionRights { fingerprints: true, irises: true }),
            effective: date,
            expiration: "2029-11-24".parse().unwrap(),
            extensions: None,
        };
        let certificate = certificate.sign(&key, &mut rng).unwrap();
        let point = TrustPoint::from_certificate(&certificate).unwrap();
        for place in [TrustPlace::Newest, TrustPlace::Previous] {
            let arrived = TerminalTrust::parse(&put_trust_point(place, &point));
            assert_eq!(arrived, Ok(Some(TerminalTrust::Point(place, Box::new(point.clone())))));
        }
        let command = put_current_date(date);
        assert_eq!(hex(&command.to_bytes().unwrap()), "00DA0165095F2506020601010205");
        assert_eq!(TerminalTrust::parse(&command), Ok(Some(TerminalTrust::Date(date))));
        assert_eq!(TerminalTrust::parse(&put_can("123456")), Ok(None));
    }

    #[test]
    fn an_fcp_that_contradicts_itself_is_refused() {
        let mut data =
            create_file(CreateFile { identifier: 1, short_identifier: 1, length: 5 }).data().to_vec();
        *data.last_mut().unwrap() = 6;
        assert_eq!(
            CreateFile::parse(&Command::new(0, 0xE0, 0, 0).with_data(data)),
            Err(StatusWord::INCORRECT_DATA)
        );
        let long = create_file(CreateFile { identifier: 1, short_identifier: 1, length: 0x8000 });
        assert_eq!(CreateFile::parse(&long), Err(StatusWord::NOT_ENOUGH_MEMORY));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(ins in any::<u8>(), p1 in any::<u8>(), p2 in any::<u8>(), data in proptest::collection::vec(any::<u8>(), 0..60)) {
            for (p1, p2) in [(p1, p2), (0, 0), (0x80, 0), (1, 0x62), (1, 0x66), (1, 0x64), (1, 0x65)] {
                let command = Command::new(0, ins, p1, p2).with_data(data.clone());
                let _ = CreateFile::parse(&command);
                let _ = parse_generate_key_pair(&command);
                let _ = parse_update_binary(&command);
                let _ = AccessKeys::parse(&command);
                let _ = TerminalTrust::parse(&command);
            }
        }
    }
}
