//! One inspection at work.

use std::collections::VecDeque;

use cccd_card_profile::apdu::{LinkLost, StatusWord, Transport};
use cccd_card_profile::file_system::{CCCD_FILES, ElementaryFile};
use cccd_card_profile::lds::com::Com;
use cccd_card_profile::lds::sod::LdsSecurityObject;
use cccd_card_profile::lds::{DataGroupNumber, dg14};
use cccd_card_profile::protocol::chip_authentication::ChipAuthenticationTerminal;
use cccd_card_profile::protocol::private_key::PublicKey;
use cccd_card_profile::protocol::secure_messaging::SecureMessagingError;
use cccd_keys::sod::EfSod;
use rand_core::CryptoRng;

use super::choice;
use super::{Access, ExtendedLength, InspectionOptions, Progress, ReadError, Step};
use crate::evidence::{
    AccessLog, AccessProtocol, ActiveAuthenticationRecord, ChipAuthenticationOutcome,
    ChipAuthenticationRecord, Evidence, Files, Incident, IncidentKind, MissingCause, MissingFile,
    PaceFailure, SecureMessagingLog, bound_challenge,
};
use crate::session::{
    BlockSizes, Connected, FileError, NotOpened, OpenError, ProofError, Secured, Session, parse_card_access,
};

/// How often a chip is opened anew in one inspection: after Chip Authentication, after a refused length, once more.
const MAX_REOPENINGS: u32 = 3;

pub(super) struct Inspection<'a, R> {
    reset: R,
    access: &'a Access,
    options: &'a InspectionOptions,
    rng: &'a mut dyn CryptoRng,
    progress: &'a mut dyn FnMut(Progress),
    done: u32,
    total: u32,
    evidence: Evidence,
    blocks: BlockSizes,
    reopened: u32,
}

/// What becomes of the session after a step.
enum Next<T: Transport> {
    /// It goes on.
    On(Session<Secured<T>>),
    /// It broke; the chip can perhaps be opened again.
    Broken(Session<Connected<T>>),
    /// The link is gone.
    Lost,
}

impl<'a, R> Inspection<'a, R> {
    pub(super) fn new(
        reset: R,
        access: &'a Access,
        options: &'a InspectionOptions,
        rng: &'a mut dyn CryptoRng,
        progress: &'a mut dyn FnMut(Progress),
    ) -> Self {
        let mut evidence = Evidence::of_files(Files::default(), options.at);
        evidence.station.clone_from(&options.station);
        // Preparing, opening, the files of a CCCD but DG3 and the two before the opening, the two proofs.
        let files = u32::try_from(CCCD_FILES.len()).unwrap_or(10).saturating_sub(4);
        Self {
            reset,
            access,
            options,
            rng,
            progress,
            done: 0,
            total: files.saturating_add(4),
            evidence,
            blocks: BlockSizes::SHORT,
            reopened: 0,
        }
    }

    fn step(&mut self, step: Step) {
        (self.progress)(Progress { step, done: self.done.min(self.total), total: self.total });
        self.done = self.done.saturating_add(1);
    }

    pub(super) fn run<T: Transport>(mut self, transport: T) -> Result<Evidence, ReadError>
    where
        R: FnMut(&mut T) -> Result<(), LinkLost>,
    {
        self.step(Step::Preparing);
        let mut session = Session::connect(transport);
        self.evidence.files.card_access = session.read_card_access()?;
        if self.options.extended_length == ExtendedLength::Announced
            && let Some(info) = session.read_atr_info()?
        {
            self.blocks = BlockSizes::announced(&info);
        }
        self.step(Step::Opening);
        let session = self.open(session)?;
        self.read(session);
        self.done = self.total;
        self.step(Step::Done);
        Ok(self.evidence)
    }

    /// Opens the chip: PACE if EF.CardAccess offers a variant that is known here, else BAC.
    fn open<T: Transport>(
        &mut self,
        session: Session<Connected<T>>,
    ) -> Result<Session<Secured<T>>, ReadError> {
        let infos =
            self.evidence.files.card_access.as_deref().and_then(parse_card_access).unwrap_or_default();
        let offered: Vec<_> = infos.pace().collect();
        let mut log = AccessLog {
            protocol: AccessProtocol::Pace,
            password: None,
            pace_offered: offered.iter().take(64).map(|info| info.protocol.to_string()).collect(),
            pace_used: None,
            pace_failure: None,
        };
        let chosen = choice::pace(&infos);
        let mut session = session;
        if let Some((protocol, parameters)) = chosen {
            let several = offered.len() > 1;
            let mut refused = false;
            for (password, kind) in self.access.pace() {
                let NotOpened { session: given_back, error } =
                    match session.pace(protocol, parameters, several, password, &mut *self.rng) {
                        Ok(open) => {
                            log.password = Some(kind);
                            log.pace_used = Some(protocol.oid().to_string());
                            self.evidence.access = log;
                            return Ok(open);
                        }
                        Err(not_opened) => *not_opened,
                    };
                session = given_back;
                match error {
                    OpenError::WrongPassword => refused = true,
                    // The chip has PACE, and not with this password.
                    OpenError::PasswordNotOffered(_) => log.pace_failure = Some(PaceFailure::NotSupported),
                    OpenError::Protocol(_) if self.access.bac().is_some() => {
                        log.pace_failure = Some(PaceFailure::Broken);
                        break;
                    }
                    error => return Err(error.into()),
                }
            }
            // A password that opens another card is no reason to try a weaker protocol.
            if refused {
                return Err(ReadError::WrongPassword);
            }
        } else if !offered.is_empty() {
            log.pace_failure = Some(PaceFailure::NotSupported);
        }
        let Some(information) = self.access.bac() else {
            return Err(ReadError::PasswordNeeded { needed: "the machine readable zone" });
        };
        log.protocol = AccessProtocol::Bac;
        log.password = Some(crate::evidence::PasswordKind::Mrz);
        self.evidence.access = log;
        session.bac(information, &mut *self.rng).map_err(|not_opened| not_opened.error.into())
    }

    /// Opens the chip once more after its session broke.
    fn reopen<T: Transport>(&mut self, mut session: Session<Connected<T>>) -> Option<Session<Secured<T>>>
    where
        R: FnMut(&mut T) -> Result<(), LinkLost>,
    {
        if self.reopened >= MAX_REOPENINGS {
            return None;
        }
        self.reopened = self.reopened.saturating_add(1);
        (self.progress)(Progress {
            step: Step::OpeningAgain,
            done: self.done.min(self.total),
            total: self.total,
        });
        session.settle().ok()?;
        let mut transport = session.into_transport();
        (self.reset)(&mut transport).ok()?;
        let log = self.evidence.access.clone();
        let opened = self.open(Session::connect(transport)).ok();
        // What is told is how the chip was opened first, unless the second time was weaker.
        if self.evidence.access.protocol == log.protocol {
            self.evidence.access = log;
        }
        opened
    }

    /// Everything after the opening. What goes wrong is evidence.
    fn read<T: Transport>(&mut self, session: Session<Secured<T>>)
    where
        R: FnMut(&mut T) -> Result<(), LinkLost>,
    {
        let Some(session) = self.file(session, ElementaryFile::Sod) else { return };
        let listed = self.listed();
        let mut session = Some(session);
        if listed.contains(&DataGroupNumber::DG14) {
            session = session
                .and_then(|session| self.file(session, ElementaryFile::DataGroup(DataGroupNumber::DG14)));
            if self.options.chip_authentication {
                session = session.and_then(|session| self.chip_authentication(session));
            }
        }
        let mut wanted: VecDeque<ElementaryFile> = VecDeque::new();
        if self.options.thorough {
            wanted.push_back(ElementaryFile::Com);
        }
        wanted.extend(
            listed.iter().filter(|group| self.is_wanted(**group)).copied().map(ElementaryFile::DataGroup),
        );
        while let Some(file) = wanted.pop_front() {
            let Some(open) = session.take() else { break };
            session = self.file(open, file);
            if file == ElementaryFile::Com {
                self.queue_unlisted(&listed, &mut wanted);
            }
        }
        if self.options.active_authentication && self.evidence.data_group(DataGroupNumber::DG15).is_some() {
            session = session.and_then(|session| self.active_authentication(session));
        }
        if let Some(session) = session {
            self.keep_log(&session);
            self.evidence.complete = wanted.is_empty();
        }
    }

    /// The groups that EF.SOD lists; those of the CCCD when it cannot be read.
    fn listed(&self) -> Vec<DataGroupNumber> {
        let object = self
            .evidence
            .files
            .sod
            .as_deref()
            .and_then(|sod| EfSod::parse(sod).ok())
            .and_then(|sod| LdsSecurityObject::from_der(sod.econtent()).ok());
        object.map_or_else(
            || {
                CCCD_FILES
                    .into_iter()
                    .filter_map(|file| match file {
                        ElementaryFile::DataGroup(number) => Some(number),
                        _ => None,
                    })
                    .collect()
            },
            |object| object.data_groups(),
        )
    }

    /// DG3 and DG4 are never read, DG14 already was, DG2 only with the portrait.
    fn is_wanted(&self, group: DataGroupNumber) -> bool {
        match group {
            DataGroupNumber::DG3 | DataGroupNumber::DG4 | DataGroupNumber::DG14 => false,
            DataGroupNumber::DG2 => self.options.portrait,
            _ => true,
        }
    }

    /// Groups that EF.COM lists and EF.SOD does not.
    fn queue_unlisted(&self, listed: &[DataGroupNumber], wanted: &mut VecDeque<ElementaryFile>) {
        let com = self.evidence.files.com.as_deref().and_then(|com| Com::parse(com).ok());
        for group in com.map(|com| com.data_groups()).unwrap_or_default() {
            let file = ElementaryFile::DataGroup(group);
            let fingerprints = matches!(group, DataGroupNumber::DG3 | DataGroupNumber::DG4);
            if !listed.contains(&group) && !fingerprints && !wanted.contains(&file) {
                wanted.push_back(file);
            }
        }
    }

    /// Reads one file; the session that goes on, if one does.
    fn file<T: Transport>(
        &mut self,
        session: Session<Secured<T>>,
        file: ElementaryFile,
    ) -> Option<Session<Secured<T>>>
    where
        R: FnMut(&mut T) -> Result<(), LinkLost>,
    {
        self.step(Step::Reading(file));
        match self.try_file(session, file) {
            Next::On(session) => Some(session),
            Next::Lost => None,
            Next::Broken(session) => {
                self.reopen(session).and_then(|session| match self.try_file(session, file) {
                    Next::On(session) => Some(session),
                    Next::Broken(_) | Next::Lost => None,
                })
            }
        }
    }

    fn try_file<T: Transport>(&mut self, mut session: Session<Secured<T>>, file: ElementaryFile) -> Next<T> {
        let first_under_new_keys = self.awaits_confirmation() && session.verified_since_new_keys() == 0;
        let outcome = session.read_file(file, self.blocks);
        if first_under_new_keys {
            // The proof of Chip Authentication is an exchange that verified, whatever the chip said in it.
            let confirmed = session.verified_since_new_keys() > 0;
            let lost = matches!(outcome, Err(FileError::Link(_)));
            self.conclude_chip_authentication(match (confirmed, lost) {
                (true, _) => ChipAuthenticationOutcome::Confirmed,
                (false, true) => ChipAuthenticationOutcome::Interrupted,
                (false, false) => ChipAuthenticationOutcome::Failed,
            });
        }
        match outcome {
            Ok(bytes) => {
                self.evidence.files.missing.retain(|missing| missing.file != file.name());
                match file {
                    ElementaryFile::Sod => self.evidence.files.sod = Some(bytes),
                    ElementaryFile::Com => self.evidence.files.com = Some(bytes),
                    ElementaryFile::DataGroup(number) => {
                        self.evidence.files.data_groups.insert(number.value(), bytes);
                    }
                    ElementaryFile::AtrInfo | ElementaryFile::CardAccess => {}
                }
                Next::On(session)
            }
            Err(FileError::Refused(status)) => {
                self.miss(file, cause_of(status), Some(status));
                Next::On(session)
            }
            Err(FileError::TooLong) => {
                self.miss(file, MissingCause::TooLong, None);
                Next::On(session)
            }
            Err(FileError::Link(_)) => {
                self.miss(file, MissingCause::LinkLost, None);
                self.keep_log(&session);
                Next::Lost
            }
            Err(FileError::SecureMessaging(error)) => {
                self.miss(file, MissingCause::SecureMessaging, None);
                let refused_length = self.blocks.extended
                    && error == SecureMessagingError::Naked { status: StatusWord::WRONG_LENGTH };
                let failed_proof = first_under_new_keys && session.verified_since_new_keys() == 0;
                if refused_length {
                    self.blocks = BlockSizes::SHORT;
                    self.incident(&file.name(), IncidentKind::LengthRefused);
                    if failed_proof {
                        // Nothing was shown about the keys: the chip may be asked once more.
                        self.evidence.chip_authentication = None;
                    }
                } else if !failed_proof {
                    self.incident(&file.name(), kind_of(error));
                }
                self.keep_log(&session);
                Next::Broken(session.abandon())
            }
        }
    }

    /// Chip Authentication with the first key of DG14 that is known here.
    fn chip_authentication<T: Transport>(
        &mut self,
        mut session: Session<Secured<T>>,
    ) -> Option<Session<Secured<T>>>
    where
        R: FnMut(&mut T) -> Result<(), LinkLost>,
    {
        let Some(infos) =
            self.evidence.data_group(DataGroupNumber::DG14).and_then(|file| dg14::parse(file).ok())
        else {
            return Some(session);
        };
        let Some(choice) = choice::chip_authentication(&infos) else { return Some(session) };
        self.step(Step::ChipAuthentication);
        let mut record = ChipAuthenticationRecord {
            protocol: choice.protocol.oid().to_string(),
            public_key: choice.public_key,
            outcome: ChipAuthenticationOutcome::NotSupported,
        };
        let terminal = match PublicKey::from_spki(&record.public_key) {
            Ok(PublicKey::EllipticCurve(point)) => {
                ChipAuthenticationTerminal::new(choice.protocol, point, choice.key_id, &mut *self.rng).ok()
            }
            _ => None,
        };
        let Some(terminal) = terminal else {
            self.evidence.chip_authentication = Some(record);
            return Some(session);
        };
        // Interrupted until the next exchange tells more.
        record.outcome = ChipAuthenticationOutcome::Interrupted;
        let outcome = session.chip_authentication(terminal);
        self.evidence.chip_authentication = Some(record);
        match outcome {
            Ok(()) => Some(session),
            Err(ProofError::Link(_)) => {
                self.keep_log(&session);
                None
            }
            Err(ProofError::SecureMessaging(error)) => {
                self.conclude_chip_authentication(ChipAuthenticationOutcome::Failed);
                self.incident("chip-authentication", kind_of(error));
                self.keep_log(&session);
                self.reopen(session.abandon())
            }
            Err(ProofError::ChipAuthentication(_) | ProofError::Refused(_)) => {
                self.conclude_chip_authentication(ChipAuthenticationOutcome::Failed);
                Some(session)
            }
        }
    }

    /// Whether Chip Authentication ran and no answer under its keys was seen yet.
    fn awaits_confirmation(&self) -> bool {
        self.evidence
            .chip_authentication
            .as_ref()
            .is_some_and(|record| record.outcome == ChipAuthenticationOutcome::Interrupted)
    }

    fn conclude_chip_authentication(&mut self, outcome: ChipAuthenticationOutcome) {
        if let Some(record) = &mut self.evidence.chip_authentication {
            record.outcome = outcome;
        }
    }

    fn active_authentication<T: Transport>(
        &mut self,
        mut session: Session<Secured<T>>,
    ) -> Option<Session<Secured<T>>>
    where
        R: FnMut(&mut T) -> Result<(), LinkLost>,
    {
        self.step(Step::ActiveAuthentication);
        let bound = self.options.nonce.as_ref().zip(self.evidence.sod_sha256()).map(|(nonce, sod)| {
            let station = self.options.station.as_deref().unwrap_or_default();
            bound_challenge(nonce, station, self.evidence.read_at, &sod)
        });
        let challenge = bound.unwrap_or_else(|| {
            let mut challenge = [0; 8];
            self.rng.fill_bytes(&mut challenge);
            challenge
        });
        let mut record = ActiveAuthenticationRecord {
            challenge: challenge.to_vec(),
            nonce: self.options.nonce.clone().filter(|_| bound.is_some()),
            answer: None,
        };
        let outcome = session.active_authentication(&challenge, self.blocks);
        match outcome {
            Ok(answer) => {
                record.answer = Some(answer);
                self.evidence.active_authentication = Some(record);
                Some(session)
            }
            Err(ProofError::Refused(_) | ProofError::ChipAuthentication(_)) => {
                self.evidence.active_authentication = Some(record);
                Some(session)
            }
            Err(ProofError::Link(_)) => {
                self.keep_log(&session);
                None
            }
            Err(ProofError::SecureMessaging(error)) => {
                self.incident("active-authentication", kind_of(error));
                self.keep_log(&session);
                None
            }
        }
    }

    fn miss(&mut self, file: ElementaryFile, cause: MissingCause, status: Option<StatusWord>) {
        let name = file.name();
        self.evidence.files.missing.retain(|missing| missing.file != name);
        let status_word = status.map(|status| format!("{:04X}", status.0));
        self.evidence.files.missing.push(MissingFile { file: name, cause, status_word });
    }

    fn incident(&mut self, step: &str, kind: IncidentKind) {
        self.evidence.secure_messaging.incidents.push(Incident { step: step.to_owned(), kind });
    }

    fn keep_log<T: Transport>(&mut self, session: &Session<Secured<T>>) {
        let log: &mut SecureMessagingLog = &mut self.evidence.secure_messaging;
        log.verified_exchanges = log.verified_exchanges.saturating_add(session.verified());
    }
}

fn cause_of(status: StatusWord) -> MissingCause {
    match status {
        StatusWord::FILE_NOT_FOUND => MissingCause::Absent,
        StatusWord::SECURITY_STATUS_NOT_SATISFIED => MissingCause::AccessDenied,
        _ => MissingCause::Refused,
    }
}

fn kind_of(error: SecureMessagingError) -> IncidentKind {
    match error {
        SecureMessagingError::Naked { .. } => IncidentKind::NakedAnswer,
        _ => IncidentKind::Integrity,
    }
}
