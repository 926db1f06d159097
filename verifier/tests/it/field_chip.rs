//! A chip as the field has them: Basic Access Control, a few files, and one habit that readers stumble over.

use std::collections::BTreeMap;

use cccd_card_profile::apdu::{Command, LinkLost, Response, StatusWord, Transport};
use cccd_card_profile::file_system::{Aid, ElementaryFile, FileId};
use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::lds::atr_info::AtrInfo;
use cccd_card_profile::protocol::bac::{BacChip, BasicAccessKeys};
use cccd_card_profile::protocol::secure_messaging::SecureMessaging;
use cccd_card_profile::tlv::{self, Reader};
use cccd_verifier::Evidence;

use crate::card::{card_data, rng};

/// How a length that the chip does not take is refused.
#[derive(Clone, Copy)]
pub(crate) enum Refusal {
    /// Without protection: the session is over.
    Naked(u16),
    /// Under protection: the session goes on.
    Protected(u16),
}

/// What the chip does otherwise than the standard's examples.
#[derive(Clone)]
pub(crate) struct Habits {
    /// Reads longer than this are refused.
    pub(crate) most: u32,
    pub(crate) refusal: Refusal,
    /// Extended length is taken at all.
    pub(crate) extended: bool,
    /// Every answer brings at most so many bytes.
    pub(crate) at_a_time: usize,
    /// READ BINARY takes short identifiers.
    pub(crate) short_identifiers: bool,
    /// SELECT of the master file is taken; the CCCD refuses it.
    pub(crate) master_file: bool,
    /// SELECT of the application must have Le and an answer, or must not.
    pub(crate) select_with_le: Option<bool>,
    /// A read beyond the end is answered by `6Cxx`, under protection.
    pub(crate) exact_length: bool,
    /// The last bytes come with `6282`, else with `9000`.
    pub(crate) tells_the_end: bool,
    /// The link carries so many bytes of an answer; the rest waits for GET RESPONSE.
    pub(crate) link: usize,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            most: u32::MAX,
            refusal: Refusal::Protected(0x6700),
            extended: true,
            at_a_time: usize::MAX,
            short_identifiers: true,
            master_file: false,
            select_with_le: None,
            exact_length: false,
            tells_the_end: true,
            link: usize::MAX,
        }
    }
}

pub(crate) struct FieldChip {
    files: BTreeMap<u16, Vec<u8>>,
    habits: Habits,
    bac: BacChip,
    session: Option<SecureMessaging>,
    application: bool,
    current: Option<u16>,
    pending: Option<Vec<u8>>,
    pub(crate) commands: Vec<[u8; 4]>,
}

impl FieldChip {
    /// A chip with the files of a reading, and EF.ATR/INFO as given.
    pub(crate) fn new(evidence: &Evidence, atr_info: Option<AtrInfo>, habits: Habits) -> Self {
        let mut files = BTreeMap::new();
        files.insert(FileId::SOD.0, evidence.files.sod.clone().unwrap());
        for (number, file) in &evidence.files.data_groups {
            files.insert(DataGroupNumber::new(u32::from(*number)).unwrap().file_id().0, file.clone());
        }
        if let Some(info) = atr_info {
            files.insert(FileId::ATR_INFO.0, info.to_bytes());
        }
        Self {
            files,
            habits,
            bac: BacChip::new(),
            session: None,
            application: false,
            current: None,
            pending: None,
            commands: Vec::new(),
        }
    }

    /// With this EF.CardAccess.
    pub(crate) fn with_card_access(mut self, file: Vec<u8>) -> Self {
        self.files.insert(FileId::CARD_ACCESS.0, file);
        self
    }

    fn by_short(&self, short: u8) -> Option<u16> {
        let id = match short {
            0x01 if !self.application => ElementaryFile::AtrInfo.file_id().0,
            0x1C => ElementaryFile::CardAccess.file_id().0,
            _ => 0x0100 | u16::from(short),
        };
        self.files.contains_key(&id).then_some(id)
    }

    fn run(&mut self, command: &Command) -> Result<Response, StatusWord> {
        match command.ins() {
            0xA4 => self.select(command),
            0xB0 | 0xB1 => self.read(command),
            _ => Err(StatusWord::INSTRUCTION_NOT_SUPPORTED),
        }
    }

    fn select(&mut self, command: &Command) -> Result<Response, StatusWord> {
        match command.p1() {
            0x00 if self.habits.master_file => {
                (self.application, self.current) = (false, None);
                Ok(Response::ok(Vec::new()))
            }
            0x02 => {
                let id = u16::from_be_bytes(command.data().try_into().map_err(|_| StatusWord::WRONG_LENGTH)?);
                if !self.files.contains_key(&id) {
                    return Err(StatusWord::FILE_NOT_FOUND);
                }
                self.current = Some(id);
                Ok(Response::ok(Vec::new()))
            }
            0x04 if command.data() == Aid::LDS1.as_bytes() => {
                let with_le = command.expected_length().is_some();
                if self.habits.select_with_le.is_some_and(|wanted| wanted != with_le) {
                    return Err(if with_le { StatusWord::WRONG_LENGTH } else { StatusWord::INCORRECT_P1_P2 });
                }
                (self.application, self.current) = (true, None);
                Ok(Response::ok(if with_le { tlv::encode(0x6F, &[]) } else { Vec::new() }))
            }
            0x00 => Err(StatusWord::INSTRUCTION_NOT_SUPPORTED),
            _ => Err(StatusWord::FILE_NOT_FOUND),
        }
    }

    fn read(&mut self, command: &Command) -> Result<Response, StatusWord> {
        let odd = command.has_odd_instruction();
        let (id, offset) = match (odd, command.p1()) {
            (false, p1 @ 0x80..) => {
                if !self.habits.short_identifiers {
                    return Err(StatusWord::INCORRECT_P1_P2);
                }
                let id = self.by_short(p1 & 0x1F).ok_or(StatusWord::FILE_NOT_FOUND)?;
                (id, usize::from(command.p2()))
            }
            (false, _) => {
                (self.current.ok_or(StatusWord::COMMAND_NOT_ALLOWED)?, usize::from(command.p1_p2()))
            }
            (true, _) => {
                let object =
                    Reader::new(command.data()).expect(0x54).map_err(|_| StatusWord::INCORRECT_DATA)?;
                let offset = object.value.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
                (self.current.ok_or(StatusWord::COMMAND_NOT_ALLOWED)?, offset)
            }
        };
        let in_application = !matches!(FileId(id), FileId::ATR_INFO | FileId::CARD_ACCESS);
        if in_application && self.session.is_none() {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        }
        let asked = command.expected_length().ok_or(StatusWord::WRONG_LENGTH)?;
        if in_application && asked > self.habits.most {
            return match self.habits.refusal {
                Refusal::Naked(_) => Err(StatusWord::NO_PRECISE_DIAGNOSIS),
                Refusal::Protected(status) => Err(StatusWord(status)),
            };
        }
        let file = self.files.get(&id).ok_or(StatusWord::FILE_NOT_FOUND)?;
        let rest = file.get(offset..).filter(|rest| !rest.is_empty()).ok_or(StatusWord::WRONG_PARAMETERS)?;
        let wanted = usize::try_from(asked).unwrap() - if odd { 4 } else { 0 };
        if self.habits.exact_length && rest.len() < wanted {
            return Err(StatusWord(0x6C00 | u16::try_from(rest.len().min(255)).unwrap()));
        }
        let part = rest.get(..wanted.min(self.habits.at_a_time)).unwrap_or(rest);
        let ended = part.len() < wanted && self.habits.tells_the_end && part.len() == rest.len();
        let status = if ended { StatusWord::END_OF_FILE } else { StatusWord::OK };
        self.current = Some(id);
        Ok(Response::new(if odd { tlv::encode(0x53, part) } else { part.to_vec() }, status))
    }

    fn protected(&mut self, command: &Command) -> Response {
        let Some(mut session) = self.session.take() else {
            return StatusWord::SECURITY_STATUS_NOT_SATISFIED.into();
        };
        let inner = match session.unprotect_command(command) {
            Ok(inner) => inner,
            Err(error) => return error.status_word().into(),
        };
        let too_long =
            inner.ins() == 0xB0 && inner.expected_length().is_some_and(|asked| asked > self.habits.most);
        if let (true, Refusal::Naked(status)) = (too_long, self.habits.refusal) {
            return StatusWord(status).into();
        }
        self.session = Some(session);
        let answer = self.run(&inner).unwrap_or_else(Response::status);
        self.session.as_mut().unwrap().protect_response(&answer).unwrap()
    }

    fn plain(&mut self, command: &Command) -> Response {
        let information = card_data().mrz().unwrap().information();
        match command.ins() {
            0x84 => Response::ok(self.bac.get_challenge(&mut rng(3))),
            0x82 => {
                let keys = BasicAccessKeys::new(&information);
                match self.bac.mutual_authenticate(&keys, command.data(), &mut rng(4)) {
                    Ok((answer, session)) => {
                        self.session = Some(session);
                        answer
                    }
                    Err(status) => status.into(),
                }
            }
            _ => {
                self.session = None;
                self.run(command).unwrap_or_else(Response::status)
            }
        }
    }

    fn cut(&mut self, mut answer: Response) -> Vec<u8> {
        if answer.data.len() > self.habits.link {
            let rest = answer.data.split_off(self.habits.link);
            let more = StatusWord::more_data(rest.len());
            self.pending = Some(Response::new(rest, answer.status).to_bytes());
            answer.status = more;
        }
        answer.to_bytes()
    }
}

impl Transport for FieldChip {
    fn transmit(&mut self, bytes: &[u8]) -> Result<Vec<u8>, LinkLost> {
        let Ok(command) = Command::parse(bytes) else { return Ok(vec![0x67, 0x00]) };
        self.commands.push(command.header());
        if command.ins() == 0xC0 {
            let rest = self.pending.take().unwrap_or_else(|| vec![0x69, 0x85]);
            let answer = Response::parse(&rest).unwrap();
            return Ok(self.cut(answer));
        }
        if command.is_extended() && !self.habits.extended {
            self.session = None;
            return Ok(vec![0x67, 0x00]);
        }
        let answer =
            if command.cla() & 0x0C == 0x0C { self.protected(&command) } else { self.plain(&command) };
        Ok(self.cut(answer))
    }
}
