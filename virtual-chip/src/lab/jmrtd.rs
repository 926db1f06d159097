//! A double of JMRTD's open passport applet: what a driver meets on a Java Card with it, status word by status word.
//!
//! Made from recorded commands and answers (`hw-tests/scripts/jmrtd/`), not from the applet. What they do not show is
//! answered with the nearest word of ISO/IEC 7816-4 and marked *assumed* here. Left out: the certificates and the keys on
//! binary fields of its old Extended Access Control.

use std::collections::BTreeMap;
use std::fmt;

use cccd_card_profile::apdu::{Command, LinkLost, Response, StatusWord, Transport};
use cccd_card_profile::file_system::Aid;
use cccd_card_profile::mrz::MrzInformation;
use cccd_card_profile::protocol::active_authentication::{self, HashAlgorithm};
use cccd_card_profile::protocol::bac::{BacChip, BasicAccessKeys};
use cccd_card_profile::protocol::private_key::PrivateKey;
use cccd_card_profile::protocol::secure_messaging::SecureMessaging;
use cccd_card_profile::tlv::Reader;
use rand_core::CryptoRng;
use rsa::{BoxedUint, RsaPrivateKey};
use zeroize::Zeroizing;

/// EF.CardAccess's identifier is this applet's EF.CVCA.
const CVCA: u16 = 0x011C;

/// The most that one READ BINARY answers, whatever is asked (*assumed*: a short answer under secure messaging).
const MAX_READ: usize = 223;

/// Not a word of the standard: a character that no machine readable zone has.
const BAD_CHARACTER: StatusWord = StatusWord(0x6D04);

/// How the applet was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Build {
    /// Everything works.
    #[default]
    PerfectWorld,
    /// For a reference platform without RSA keys of this form: PUT DATA of the key for Active Authentication is `6F00`.
    Cref,
}

/// One EF: the longest it may become, and what it is now.
struct File {
    longest: usize,
    content: Vec<u8>,
}

/// The printed data as PUT DATA brought them. Any length is taken.
struct Seed {
    document_number: Zeroizing<String>,
    birth_date: Zeroizing<String>,
    expiry: Zeroizing<String>,
}

/// A Java Card with the applet.
pub struct JmrtdApplet {
    build: Build,
    rng: Box<dyn CryptoRng + Send>,
    files: BTreeMap<u16, File>,
    seed: Option<Seed>,
    modulus: Option<Vec<u8>>,
    private_exponent: Option<Zeroizing<Vec<u8>>>,
    locked: bool,
    writes_after_lock: u32,
    selected: bool,
    current: Option<u16>,
    bac: BacChip,
    session: Option<SecureMessaging>,
}

impl JmrtdApplet {
    /// The applet as it is after INSTALL.
    #[must_use]
    pub fn new(build: Build, rng: Box<dyn CryptoRng + Send>) -> Self {
        Self {
            build,
            rng,
            files: BTreeMap::new(),
            seed: None,
            modulus: None,
            private_exponent: None,
            locked: false,
            writes_after_lock: 0,
            selected: false,
            current: None,
            bac: BacChip::new(),
            session: None,
        }
    }

    /// Locked for good.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.locked
    }

    /// How many commands tried to write after the lock.
    #[must_use]
    pub fn writes_after_lock(&self) -> u32 {
        self.writes_after_lock
    }

    /// The files, by identifier, with their content.
    pub fn files(&self) -> impl Iterator<Item = (u16, &[u8])> {
        self.files.iter().map(|(identifier, file)| (*identifier, file.content.as_slice()))
    }

    /// Reset: the application is not selected any more, the session is over.
    pub fn reset(&mut self) {
        self.selected = false;
        self.current = None;
        self.bac = BacChip::new();
        self.session = None;
    }

    /// One command. Never panics.
    pub fn execute(&mut self, bytes: &[u8]) -> Vec<u8> {
        let Ok(command) = Command::parse(bytes) else {
            return Response::status(StatusWord::WRONG_LENGTH).to_bytes();
        };
        // Short lengths only; a chained command is taken for a whole one.
        let response = if command.is_extended() {
            StatusWord::WRONG_LENGTH.into()
        } else if command.cla() & 0x0C == 0x0C {
            self.protected(&command)
        } else {
            self.plain(&command)
        };
        response.to_bytes()
    }

    fn plain(&mut self, command: &Command) -> Response {
        // *Assumed*: a plain command ends secure messaging.
        self.session = None;
        if command.ins() == 0xA4 && command.p1() == 0x04 {
            let found = command.data() == Aid::LDS1.as_bytes();
            self.selected |= found;
            self.current = self.current.filter(|_| !found);
            return if found { StatusWord::OK } else { StatusWord::FILE_NOT_FOUND }.into();
        }
        if !self.selected {
            // *Assumed*: what the card's manager says to an instruction that is none of its.
            return StatusWord::INSTRUCTION_NOT_SUPPORTED.into();
        }
        if command.ins() != 0x82 && command.ins() != 0x84 {
            self.bac = BacChip::new();
        }
        match command.ins() {
            0xA4 => self.select_file(command, false).into(),
            // In clear nothing is ever read, not even before the lock.
            0xB0 => StatusWord::SECURITY_STATUS_NOT_SATISFIED.into(),
            0x84 => match self.keys() {
                Ok(_) => Response::ok(self.bac.get_challenge(&mut *self.rng)),
                Err(status) => status.into(),
            },
            0x82 => self.mutual_authenticate(command).unwrap_or_else(Response::status),
            0xE0 | 0xD6 | 0xDA => self.write(command).unwrap_or_else(|status| status).into(),
            _ => StatusWord::INSTRUCTION_NOT_SUPPORTED.into(),
        }
    }

    fn protected(&mut self, command: &Command) -> Response {
        let Some(session) = self.session.as_mut() else {
            return StatusWord::SECURITY_STATUS_NOT_SATISFIED.into();
        };
        let inner = match session.unprotect_command(command) {
            Ok(inner) => inner,
            Err(error) => {
                self.session = None;
                return error.status_word().into();
            }
        };
        let answer = match inner.ins() {
            0xA4 if inner.p1() == 0x04 => StatusWord::OK.into(),
            0xA4 => self.select_file(&inner, true).into(),
            0xB0 => self.read(&inner).unwrap_or_else(Response::status),
            0x88 => self.internal_authenticate(&inner).unwrap_or_else(Response::status),
            0xE0 | 0xD6 | 0xDA => self.write(&inner).unwrap_or_else(|status| status).into(),
            _ => StatusWord::INSTRUCTION_NOT_SUPPORTED.into(),
        };
        match self.session.as_mut().map(|session| session.protect_response(&answer)) {
            Some(Ok(protected)) => protected,
            _ => StatusWord::NO_PRECISE_DIAGNOSIS.into(),
        }
    }

    /// SELECT of an EF, whatever P1 and P2.
    fn select_file(&mut self, command: &Command, authenticated: bool) -> StatusWord {
        let Ok(identifier) = <[u8; 2]>::try_from(command.data()).map(u16::from_be_bytes) else {
            return StatusWord::WRONG_LENGTH;
        };
        // DG3 and DG4 want a terminal's authentication, in every state.
        if self.locked && !authenticated || matches!(identifier, 0x0103 | 0x0104) {
            return StatusWord::SECURITY_STATUS_NOT_SATISFIED;
        }
        self.current = self.files.contains_key(&identifier).then_some(identifier);
        if self.current.is_some() { StatusWord::OK } else { StatusWord::FILE_NOT_FOUND }
    }

    /// READ BINARY of the selected file: short identifiers are not known.
    fn read(&self, command: &Command) -> Result<Response, StatusWord> {
        let file = self.current.and_then(|identifier| self.files.get(&identifier));
        let file = file.ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
        if command.p1() & 0x80 != 0 {
            return Err(StatusWord::NO_PRECISE_DIAGNOSIS);
        }
        let rest =
            file.content.get(usize::from(command.p1_p2())..).ok_or(StatusWord::NO_PRECISE_DIAGNOSIS)?;
        let asked = usize::try_from(command.expected_length().unwrap_or(256)).unwrap_or(256);
        Ok(Response::ok(rest.get(..asked.min(MAX_READ)).unwrap_or(rest)))
    }

    fn keys(&self) -> Result<BasicAccessKeys, StatusWord> {
        let information = self
            .seed
            .as_ref()
            .and_then(|seed| MrzInformation::new(&seed.document_number, &seed.birth_date, &seed.expiry).ok());
        // *Assumed*, as everything before the seed is there.
        Ok(BasicAccessKeys::new(&information.ok_or(StatusWord::SECURITY_STATUS_NOT_SATISFIED)?))
    }

    fn mutual_authenticate(&mut self, command: &Command) -> Result<Response, StatusWord> {
        let keys = self.keys()?;
        let (answer, session) = self.bac.mutual_authenticate(&keys, command.data(), &mut *self.rng)?;
        self.session = Some(session);
        Ok(answer)
    }

    /// Active Authentication: RSA-1024 with SHA-1.
    fn internal_authenticate(&mut self, command: &Command) -> Result<Response, StatusWord> {
        let challenge = command.data().try_into().map_err(|_| StatusWord::WRONG_LENGTH)?;
        let (modulus, exponent) = self
            .modulus
            .as_ref()
            .zip(self.private_exponent.as_ref())
            .ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
        // The exponent that everybody uses: PUT DATA does not bring one.
        let key = RsaPrivateKey::from_components(
            BoxedUint::from_be_slice_vartime(modulus),
            BoxedUint::from(65_537_u32),
            BoxedUint::from_be_slice_vartime(exponent),
            Vec::new(),
        );
        let key = PrivateKey::Rsa(Box::new(key.map_err(|_| StatusWord(0x0005))?));
        active_authentication::sign(&key, &challenge, HashAlgorithm::Sha1, &mut *self.rng)
            .map(Response::ok)
            .map_err(|_| StatusWord(0x0005))
    }

    /// CREATE FILE, UPDATE BINARY, PUT DATA: `9000` or the refusal.
    fn write(&mut self, command: &Command) -> Result<StatusWord, StatusWord> {
        if self.locked {
            self.writes_after_lock = self.writes_after_lock.saturating_add(1);
            return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
        }
        match command.ins() {
            0xE0 => self.create_file(command.data())?,
            0xD6 => self.update(command)?,
            _ => self.put_data(command)?,
        }
        Ok(StatusWord::OK)
    }

    fn create_file(&mut self, data: &[u8]) -> Result<(), StatusWord> {
        let [0x63, 0x04, l1, l2, f1, f2] = *data else { return Err(StatusWord::REFERENCE_DATA_NOT_USABLE) };
        let length = usize::from(u16::from_be_bytes([l1, l2]));
        let identifier = u16::from_be_bytes([f1, f2]);
        match identifier {
            0x0103 | 0x0104 => return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED),
            0x0101..=0x010F | CVCA | 0x011D | 0x011E => {}
            _ => return Err(StatusWord::NO_PRECISE_DIAGNOSIS),
        }
        if length >= 0x8000 {
            return Err(StatusWord::NO_PRECISE_DIAGNOSIS);
        }
        let file = self.files.entry(identifier).or_insert(File { longest: length, content: Vec::new() });
        if length > file.longest {
            return Err(StatusWord::NOT_ENOUGH_MEMORY);
        }
        file.content = vec![0; length];
        Ok(())
    }

    fn update(&mut self, command: &Command) -> Result<(), StatusWord> {
        if command.p1() & 0x80 != 0 {
            return Err(StatusWord::NO_PRECISE_DIAGNOSIS);
        }
        let file = self.current.and_then(|identifier| self.files.get_mut(&identifier));
        // *Assumed*.
        let file = file.ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
        let rest =
            file.content.get_mut(usize::from(command.p1_p2())..).ok_or(StatusWord::NOT_ENOUGH_MEMORY)?;
        let place = rest.get_mut(..command.data().len()).ok_or(StatusWord::NOT_ENOUGH_MEMORY)?;
        place.copy_from_slice(command.data());
        Ok(())
    }

    fn put_data(&mut self, command: &Command) -> Result<(), StatusWord> {
        let internal = StatusWord::NO_PRECISE_DIAGNOSIS;
        match command.p1_p2() {
            0xDEAD => self.locked = true,
            0x0062 => self.seed = Some(seed(command.data())?),
            0x0060 | 0x0061 => {
                // An empty object, and the number beside it, not in it.
                let mut reader = Reader::new(command.data());
                let outer = reader.expect(u32::from(command.p2())).map_err(|_| internal)?;
                let number = reader.expect(0x04).map_err(|_| internal)?.value;
                if self.build == Build::Cref || !outer.value.is_empty() || number.len() != 128 {
                    return Err(internal);
                }
                if command.p2() == 0x60 {
                    self.modulus = Some(number.to_vec());
                } else {
                    self.private_exponent = Some(Zeroizing::new(number.to_vec()));
                }
            }
            // Keys on binary fields and roots of trust: not modelled, refused as what they do not take.
            0x0063 | 0x0064 | 0x0164 | 0x0264 => return Err(internal),
            _ => return Err(StatusWord::INCORRECT_P1_P2),
        }
        Ok(())
    }
}

/// Three objects with any tags in one with tag `62`.
fn seed(data: &[u8]) -> Result<Seed, StatusWord> {
    let internal = StatusWord::NO_PRECISE_DIAGNOSIS;
    let mut outer = Reader::new(data);
    let mut inner = Reader::new(outer.expect(0x62).map_err(|_| internal)?.value);
    let mut field = || -> Result<Zeroizing<String>, StatusWord> {
        let text =
            std::str::from_utf8(inner.read().map_err(|_| internal)?.value).map_err(|_| BAD_CHARACTER)?;
        let good = |letter: char| letter.is_ascii_digit() || letter.is_ascii_uppercase() || letter == '<';
        if text.chars().all(good) { Ok(Zeroizing::new(text.to_owned())) } else { Err(BAD_CHARACTER) }
    };
    Ok(Seed { document_number: field()?, birth_date: field()?, expiry: field()? })
}

impl fmt::Debug for JmrtdApplet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JmrtdApplet")
            .field("files", &self.files.len())
            .field("locked", &self.locked)
            .finish_non_exhaustive()
    }
}

impl Transport for JmrtdApplet {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        Ok(self.execute(command))
    }
}
