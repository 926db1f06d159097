//! The driver of JMRTD's open passport applet on a Java Card: CREATE FILE, UPDATE BINARY and PUT DATA in clear, locked for
//! good by `00 DA DE AD`. For the laboratory.
//!
//! The applet does not authenticate the personalizer, makes no keys and deletes no files. It has neither PACE nor Chip
//! Authentication over the curves of Doc 9303-11, and no place for fingerprints; its one proof is Active Authentication by
//! RSA-1024, with a key that the station puts in. [`Capabilities`] says so, and the cards claim no more
//! (`docs/decisions/0040-second-driver.md`).

use cccd_card_profile::apdu::{Command, GetResponse, Response, StatusWord, exchange};
use cccd_card_profile::file_system::{ElementaryFile, PERSONALIZED_FILES};
use cccd_card_profile::mrz::MrzInformation;
use cccd_card_profile::personalization::KeyReference;
use cccd_card_profile::personalization::commands::{
    MAX_FILE_LENGTH, select_application, select_file, update_binary, update_binary_odd,
};
use cccd_card_profile::protocol::private_key::{KeyAlgorithm, PublicKey};
use cccd_card_profile::tlv;
use cccd_cvc::chain::ChipTrust;
use cccd_keys::transport_keys::ChipSerial;
use rand_core::CryptoRng;
use rsa::RsaPrivateKey;
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};
use zeroize::Zeroizing;

use super::{Capabilities, CardDriver, CardLink, ChipLife, ChipReport, DriverError, KeySource, LockProof};

/// The most data of one UPDATE BINARY: the applet takes short APDUs only, and takes a chained one for a whole one.
const CHUNK: usize = 255;

/// The applet's one size of key for Active Authentication.
const KEY_BITS: usize = 1024;

/// How many bytes longer than now EF.SOD may become when an interrupted card is written again: two ECDSA signatures in DER
/// differ by a few bytes, and a file of the applet never grows.
const SOD_RESERVE: u16 = 16;

/// What the laboratory says about a chip with the applet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JmrtdBlank {
    /// The applet has no serial that could be read: the laboratory names its chips.
    pub serial: ChipSerial,
    /// Put a key for Active Authentication in. Some builds of the applet refuse it (`6F00`).
    pub active_authentication: bool,
}

/// A Java Card with JMRTD's applet in a reader.
pub struct JmrtdDriver<'a> {
    link: &'a mut dyn CardLink,
    blank: JmrtdBlank,
    rng: &'a mut dyn CryptoRng,
}

impl<'a> JmrtdDriver<'a> {
    /// A driver over this link.
    pub fn new(link: &'a mut dyn CardLink, blank: JmrtdBlank, rng: &'a mut dyn CryptoRng) -> Self {
        Self { link, blank, rng }
    }

    fn send(&mut self, command: &Command) -> Result<Response, DriverError> {
        Ok(exchange(&mut GetResponse::new(&mut *self.link), command)?)
    }

    fn demand(&mut self, name: &'static str, command: &Command) -> Result<(), DriverError> {
        let answer = self.send(command)?;
        if answer.is_ok() {
            Ok(())
        } else {
            Err(DriverError::Refused { command: name, status: answer.status })
        }
    }

    fn select(&mut self) -> Result<(), DriverError> {
        let answer = self.send(&select_application())?;
        if answer.is_ok() { Ok(()) } else { Err(DriverError::NoApplication(answer.status)) }
    }

    /// Whether the file is there; `None` when the chip does not say: it is locked.
    fn has_file(&mut self, file: ElementaryFile) -> Result<Option<bool>, DriverError> {
        match self.send(&select_file(file.file_id().0))?.status {
            StatusWord::OK => Ok(Some(true)),
            StatusWord::FILE_NOT_FOUND => Ok(Some(false)),
            StatusWord::SECURITY_STATUS_NOT_SATISFIED => Ok(None),
            status => Err(DriverError::Refused { command: "SELECT", status }),
        }
    }

    fn make_key(&mut self) -> Result<RsaPrivateKey, DriverError> {
        RsaPrivateKey::new(self.rng, KEY_BITS).map_err(|_| DriverError::Key)
    }
}

/// The files that the applet knows and that a card of ours has.
fn files() -> impl Iterator<Item = ElementaryFile> {
    PERSONALIZED_FILES.into_iter().filter(|file| is_known(*file))
}

/// The identifier of EF.CardAccess is the applet's EF.CVCA; DG3 and DG4 want a terminal's authentication even before the
/// lock.
fn is_known(file: ElementaryFile) -> bool {
    use cccd_card_profile::lds::DataGroupNumber as Group;
    match file {
        ElementaryFile::AtrInfo | ElementaryFile::CardAccess => false,
        ElementaryFile::DataGroup(group) => !matches!(group, Group::DG3 | Group::DG4 | Group::DG16),
        _ => true,
    }
}

/// CREATE FILE `00 E0 00 00 06 63 04 length identifier`.
fn create_file(identifier: u16, length: u16) -> Command {
    let [l1, l2] = length.to_be_bytes();
    let [f1, f2] = identifier.to_be_bytes();
    Command::new(0x00, 0xE0, 0x00, 0x00).with_data([0x63, 0x04, l1, l2, f1, f2])
}

/// PUT DATA `00 DA 00 62`: document number, birth and expiry in three objects, without check digits.
fn put_seed(document_number: &str, birth: &str, expiry: &str) -> Command {
    let fields = [document_number, birth, expiry].map(|field| tlv::encode(0x04, field.as_bytes()));
    let seed = tlv::encode_all(0x62, &[&fields[0], &fields[1], &fields[2]]);
    Command::new(0x00, 0xDA, 0x00, 0x62).with_data(seed)
}

/// PUT DATA `00 DA 00 60` (modulus) and `61` (private exponent): an empty object, and the number *beside* it.
fn put_key(part: u8, number: &[u8]) -> Command {
    let data = Zeroizing::new([&[part, 0x00], tlv::encode(0x04, number).as_slice()].concat());
    Command::new(0x00, 0xDA, 0x00, part).with_data(data.to_vec())
}

/// PUT DATA `00 DA DE AD`.
fn lock_for_good() -> Command {
    Command::new(0x00, 0xDA, 0xDE, 0xAD)
}

/// A number of [`KEY_BITS`], in as many bytes.
fn number(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let missing = (KEY_BITS / 8).checked_sub(bytes.len())?;
    let mut padded = Zeroizing::new(vec![0; missing]);
    padded.extend_from_slice(bytes);
    Some(padded)
}

impl CardDriver for JmrtdDriver<'_> {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            name: "jmrtd",
            laboratory_only: true,
            transport_keys: false,
            active_authentication: if self.blank.active_authentication {
                KeySource::Station
            } else {
                KeySource::None
            },
            chip_authentication: KeySource::None,
            pace: false,
            atr_info: false,
            fingerprints: false,
            terminal_authentication: false,
        }
    }

    fn probe(&mut self) -> Result<ChipReport, DriverError> {
        self.select()?;
        let mut found = Vec::new();
        let mut locked = false;
        for file in files() {
            match self.has_file(file)? {
                Some(true) => found.push(file),
                Some(false) => {}
                None => locked = true,
            }
        }
        let life = match (locked, found.is_empty()) {
            (true, _) => ChipLife::Locked,
            (false, true) => ChipLife::Blank,
            (false, false) => ChipLife::Begun,
        };
        Ok(ChipReport { serial: self.blank.serial, key_version: 0, life, files: found })
    }

    /// There is no channel: the applet is selected and listens.
    fn open(&mut self) -> Result<(), DriverError> {
        self.select()
    }

    /// Nothing is deleted: a file is created again in place, as long as before or shorter.
    fn clear(&mut self) -> Result<(), DriverError> {
        Ok(())
    }

    fn create_file(&mut self, file: ElementaryFile, length: usize) -> Result<(), DriverError> {
        if !is_known(file) {
            return Err(DriverError::Unsupported("a file that the applet does not know"));
        }
        let too_long = || DriverError::TooLong(file.name());
        let length =
            u16::try_from(length).ok().filter(|length| *length <= MAX_FILE_LENGTH).ok_or_else(too_long)?;
        let identifier = file.file_id().0;
        // The first length of a file is its longest for ever.
        if file == ElementaryFile::Sod && self.has_file(file)? == Some(false) {
            let longest = length.saturating_add(SOD_RESERVE).min(MAX_FILE_LENGTH);
            self.demand("CREATE FILE", &create_file(identifier, longest))?;
        }
        self.demand("CREATE FILE", &create_file(identifier, length))
    }

    fn provide_key(&mut self, _: KeyAlgorithm, key: KeyReference) -> Result<PublicKey, DriverError> {
        if key != KeyReference::ActiveAuthentication || !self.blank.active_authentication {
            return Err(DriverError::Unsupported("this key pair"));
        }
        let pair = self.make_key()?;
        let modulus = number(&pair.n().to_be_bytes_trimmed_vartime()).ok_or(DriverError::Key)?;
        let exponent = Zeroizing::new(pair.d().to_be_bytes_trimmed_vartime());
        let exponent = number(&exponent).ok_or(DriverError::Key)?;
        self.demand("PUT DATA of the modulus of Active Authentication", &put_key(0x60, &modulus))?;
        self.demand("PUT DATA of the key of Active Authentication", &put_key(0x61, &exponent))?;
        Ok(PublicKey::Rsa(pair.to_public_key()))
    }

    fn write_file(
        &mut self,
        file: ElementaryFile,
        content: &[u8],
        progress: &mut dyn FnMut(usize),
    ) -> Result<(), DriverError> {
        self.demand("SELECT", &select_file(file.file_id().0))?;
        let mut offset = 0_usize;
        for chunk in content.chunks(CHUNK) {
            let place = u16::try_from(offset)
                .ok()
                .filter(|offset| *offset <= MAX_FILE_LENGTH)
                .ok_or_else(|| DriverError::TooLong(file.name()))?;
            self.demand("UPDATE BINARY", &update_binary(place, chunk))?;
            offset += chunk.len();
            progress(offset);
        }
        Ok(())
    }

    /// The MRZ's data only: the applet has no PACE, and so no card access number.
    fn put_access_keys(&mut self, mrz: &MrzInformation, _: &str) -> Result<(), DriverError> {
        let bytes = mrz.as_bytes();
        let field = |from: usize, to: usize| {
            bytes.get(from..to).and_then(|field| std::str::from_utf8(field).ok()).unwrap_or_default()
        };
        self.demand("PUT DATA of the MRZ", &put_seed(field(0, 9), field(10, 16), field(17, 23)))
    }

    fn put_terminal_trust(&mut self, _: &ChipTrust) -> Result<(), DriverError> {
        Err(DriverError::Unsupported("CVCA keys other than RSA-1024 with SHA-1"))
    }

    fn citizen(&mut self) -> Result<&mut dyn CardLink, DriverError> {
        self.link.reset()?;
        Ok(self.link)
    }

    fn replace_transport_keys(&mut self) -> Result<(), DriverError> {
        Err(DriverError::Unsupported("the replacement of transport keys: it has none"))
    }

    fn lock(&mut self) -> Result<(), DriverError> {
        self.demand("PUT DATA that locks", &lock_for_good())
    }

    fn prove_lock(&mut self) -> Result<LockProof, DriverError> {
        let mut proof = LockProof::default();
        self.link.reset()?;
        self.select()?;
        for (what, command) in forbidden() {
            let status = self.send(&command)?.status;
            proof.note_write(what, status);
        }
        for (what, command) in never_there() {
            let status = self.send(&command)?.status;
            proof.note_unknown(what, status);
        }
        Ok(proof)
    }
}

impl std::fmt::Debug for JmrtdDriver<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JmrtdDriver").field("blank", &self.blank).finish_non_exhaustive()
    }
}

/// What worked before the lock. On a chip that is not locked against its word, the writes put back what is there (the
/// first byte of EF.COM) or nothing that opens the card.
fn forbidden() -> Vec<(&'static str, Command)> {
    vec![
        ("SELECT of EF.COM without BAC", select_file(ElementaryFile::Com.file_id().0)),
        ("CREATE FILE", create_file(0x010B, 1)),
        ("UPDATE BINARY", update_binary(0, &[0x60])),
        ("PUT DATA of the MRZ", put_seed("000000000", "000101", "000101")),
        ("PUT DATA of the modulus of Active Authentication", put_key(0x60, &[0; KEY_BITS / 8])),
        ("PUT DATA of the key of Active Authentication", put_key(0x61, &[0; KEY_BITS / 8])),
    ]
}

/// What the applet never had.
fn never_there() -> Vec<(&'static str, Command)> {
    vec![
        ("UPDATE BINARY (odd instruction)", update_binary_odd(0, &[0x60])),
        ("DELETE FILE", cccd_card_profile::personalization::delete_file(0x010B)),
        (
            "INITIALIZE UPDATE",
            Command::new(0x80, 0x50, 0x00, 0x00).with_data([0; 8]).with_expected_length(256),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex_of(command: &Command) -> String {
        hex::encode_upper(command.to_bytes().unwrap())
    }

    /// Literal commands that the applet answered with `9000`.
    #[test]
    fn the_wire_is_that_of_the_applet() {
        assert_eq!(hex_of(&select_application()), "00A4040C07A0000002471001");
        assert_eq!(hex_of(&create_file(0x0101, 0x5D)), "00E00000066304005D0101");
        assert_eq!(hex_of(&select_file(0x0101)), "00A4020C020101");
        assert_eq!(hex_of(&create_file(0x011E, 0x16)), "00E000000663040016011E");
        let com = hex::decode("60145F0104303130375F36063034303030305C026175").unwrap();
        assert_eq!(hex_of(&update_binary(0, &com)), "00D600001660145F0104303130375F36063034303030305C026175");
        assert_eq!(
            hex_of(&put_seed("AA1234678", "690922", "261231")),
            "00DA00621D621B0409414131323334363738040636393039323204063236313233 31".replace(' ', "")
        );
        assert_eq!(hex_of(&lock_for_good()), "00DADEAD");
    }

    #[test]
    fn the_key_lies_beside_an_empty_object() {
        let command = hex_of(&put_key(0x60, &[0xAB; 128]));
        assert!(command.starts_with("00DA00608560000481 80ABAB".replace(' ', "").as_str()), "{command}");
        assert_eq!(number(&[1]).unwrap().len(), 128);
        assert!(number(&[1; 129]).is_none());
    }

    #[test]
    fn what_is_tried_on_a_locked_chip_is_short_and_plain() {
        for (what, command) in forbidden().into_iter().chain(never_there()) {
            assert!(!command.is_extended() && command.cla() & 0x0C == 0, "{what}");
        }
    }
}
