//! One tap at work.

mod terminal;

use terminal::Shown;

use std::collections::VecDeque;

use cccd_card_profile::apdu::{AnswerToReset, LinkLost, StatusWord, Transport};
use cccd_card_profile::file_system::{CCCD_FILES, ElementaryFile};
use cccd_card_profile::lds::com::Com;
use cccd_card_profile::lds::sod::{HashCheck, LdsSecurityObject};
use cccd_card_profile::lds::{DataGroupNumber, dg14};
use cccd_card_profile::protocol::chip_authentication::{
    ChipAuthentication2Terminal, ChipAuthenticationTerminal,
};
use cccd_card_profile::protocol::group::Secret;
use cccd_card_profile::protocol::pace::PaceOffer;
use cccd_card_profile::protocol::secure_messaging::SecureMessagingError;
use cccd_keys::sod::EfSod;
use rand_core::CryptoRng;

use super::choice;
use super::opening::{self, Opening};
use super::reading::{Reading, Tap};
use super::{Access, Arrived, ExtendedLength, Progress, ReadError, Step};
use crate::evidence::{
    AccessLog, AccessProtocol, ActiveAuthenticationRecord, ChipAuthenticationOutcome,
    ChipAuthenticationRecord, Evidence, Incident, IncidentKind, MissingCause, MissingFile,
    PaceChipAuthenticationRecord, PaceFailure, SecureMessagingLog, bound_challenge,
};
use crate::session::{
    BlockSizes, Connected, FileError, PaceShown, PartialFile, ProofError, Secured, Session, is_about_length,
    parse_card_access,
};

/// How often a chip is opened anew in one tap: after Chip Authentication, after each length that it refuses, and for a
/// channel that broke.
const MAX_REOPENINGS: u32 = 6;

pub(super) struct Inspection<'a, R> {
    reading: &'a mut Reading,
    reset: R,
    access: &'a Access,
    rng: &'a mut dyn CryptoRng,
    progress: &'a mut dyn FnMut(Progress),
    /// What EF.SOD lists.
    object: Option<LdsSecurityObject>,
    /// Chip Authentication ran in this session, and no answer under its keys was seen yet.
    unproven: bool,
    /// Terminal Authentication version 2 and its Chip Authentication were run in this session: what the terminal may
    /// read is open.
    admitted: bool,
    reopened: u32,
}

/// Why nothing more is read in this tap.
enum Stop {
    /// The link is gone.
    Lost(LinkLost),
    /// The channel breaks again and again, or the chip does not open again.
    GivenUp,
}

impl From<LinkLost> for Stop {
    fn from(lost: LinkLost) -> Self {
        Self::Lost(lost)
    }
}

/// A session that goes on with what a step brought.
type Went<T, V> = Result<(Session<Secured<T>>, V), Stop>;

impl<'a, R> Inspection<'a, R> {
    pub(super) fn new(
        reading: &'a mut Reading,
        reset: R,
        access: &'a Access,
        rng: &'a mut dyn CryptoRng,
        progress: &'a mut dyn FnMut(Progress),
    ) -> Self {
        let object = listed_by(&reading.evidence);
        Self { reading, reset, access, rng, progress, object, unproven: false, admitted: false, reopened: 0 }
    }

    fn evidence(&mut self) -> &mut Evidence {
        &mut self.reading.evidence
    }

    /// A step begins.
    fn step(&mut self, step: Step) {
        self.tell(step, None);
        self.reading.done = self.reading.done.saturating_add(1);
    }

    fn tell(&mut self, step: Step, arrived: Option<Arrived>) {
        let (done, total) = (self.reading.done.min(self.reading.total), self.reading.total);
        (self.progress)(Progress { step, done, total, arrived });
    }

    pub(super) fn run<T: Transport>(mut self, transport: T) -> Result<Tap, ReadError>
    where
        R: FnMut(&mut T) -> Result<(), LinkLost>,
    {
        let resumed = self.reading.begun;
        let session = Session::connect(transport);
        let opened = if resumed { self.resume(session) } else { self.begin(session).map(Ok) };
        let read = match opened {
            Ok(Ok(session)) => self.read(session),
            Ok(Err(stop)) => Err(stop),
            Err(ReadError::Link(lost)) => return Ok(Tap::Lost(lost)),
            Err(error) => return Err(error),
        };
        if let Err(Stop::Lost(lost)) = read {
            return Ok(Tap::Lost(lost));
        }
        self.evidence().complete = read.is_ok();
        self.reading.over = true;
        self.reading.done = self.reading.total;
        self.step(Step::Done);
        Ok(Tap::Done)
    }

    /// The first tap: what everyone may read, then the opening.
    fn begin<T: Transport>(
        &mut self,
        mut session: Session<Connected<T>>,
    ) -> Result<Session<Secured<T>>, ReadError> {
        self.step(Step::Preparing);
        let lengths = self.reading.options.extended_length == ExtendedLength::Announced;
        let prepared = session.prepare(lengths)?;
        self.reading.evidence.files.card_access = prepared.card_access;
        if lengths {
            let atr = self.reading.options.answer_to_reset.as_deref();
            self.reading.blocks = match (prepared.atr_info, atr.map(AnswerToReset::parse)) {
                (Some(info), _) => BlockSizes::announced(&info),
                (None, Some(Ok(atr))) => BlockSizes::announced_by_reset(&atr),
                _ => BlockSizes::SHORT,
            };
        }
        self.step(Step::Opening);
        let session = self.open(session)?;
        self.reading.begun = true;
        Ok(session)
    }

    /// A later tap: the chip is opened and shown to be the one that the reading began with.
    fn resume<T: Transport>(
        &mut self,
        mut session: Session<Connected<T>>,
    ) -> Result<Result<Session<Secured<T>>, Stop>, ReadError>
    where
        R: FnMut(&mut T) -> Result<(), LinkLost>,
    {
        self.tell(Step::OpeningAgain, None);
        // No password is tried on a card that shows in the open that it is another.
        if session.prepare(false)?.card_access != self.reading.evidence.files.card_access {
            return Err(ReadError::OtherCard);
        }
        // Nothing of this card is kept before it is known to be the same.
        let kept = self.reading.evidence.clone();
        match self.open_the_same(session) {
            Ok(Ok((session, access))) => {
                self.opened_again(access);
                self.evidence().interruptions = self.evidence().interruptions.saturating_add(1);
                Ok(self.authenticate_again(session))
            }
            Ok(Err(stop)) => {
                self.reading.evidence = kept;
                Ok(Err(stop))
            }
            Err(error) => {
                self.reading.evidence = kept;
                Err(error)
            }
        }
    }

    /// Opens a card and compares its EF.SOD with the one that was read. How it was opened comes beside.
    #[expect(clippy::type_complexity, reason = "the stop of a session beside the error of a reading")]
    fn open_the_same<T: Transport>(
        &mut self,
        session: Session<Connected<T>>,
    ) -> Result<Result<(Session<Secured<T>>, AccessLog), Stop>, ReadError>
    where
        R: FnMut(&mut T) -> Result<(), LinkLost>,
    {
        let before = self.reading.evidence.access.clone();
        let opened = self.open(session);
        let access = std::mem::replace(&mut self.evidence().access, before);
        let session = opened.map_err(|error| match error {
            // Of a card that was opened before, this password is right.
            ReadError::WrongPassword | ReadError::NoApplication => ReadError::OtherCard,
            other => other,
        })?;
        let cut_off = self.reading.partial.take();
        let fetched = self.fetch(session, PartialFile::new(ElementaryFile::Sod));
        self.reading.partial = cut_off;
        // It is not missing: the first tap had it.
        let sod = ElementaryFile::Sod.name();
        self.evidence().files.missing.retain(|missing| missing.file != sod);
        let (session, sod) = match fetched {
            Ok(fetched) => fetched,
            Err(stop) => return Ok(Err(stop)),
        };
        if sod.ok().map(PartialFile::into_bytes) != self.reading.evidence.files.sod {
            return Err(ReadError::OtherCard);
        }
        Ok(Ok((session, access)))
    }

    /// What is told is how the chip was opened first, unless another time was weaker.
    fn opened_again(&mut self, access: AccessLog) {
        if access.protocol == AccessProtocol::Bac && self.evidence().access.protocol != AccessProtocol::Bac {
            self.evidence().access = access;
        }
    }

    /// Opens the chip: PACE if EF.CardAccess offers a variant that is known here, else BAC.
    fn open<T: Transport>(
        &mut self,
        session: Session<Connected<T>>,
    ) -> Result<Session<Secured<T>>, ReadError> {
        let infos = self
            .reading
            .evidence
            .files
            .card_access
            .as_deref()
            .and_then(parse_card_access)
            .unwrap_or_default();
        let offered: Vec<_> = infos.pace().collect();
        let mut log = AccessLog {
            protocol: AccessProtocol::Pace,
            password: None,
            pace_offered: offered.iter().take(64).map(|info| info.protocol.to_string()).collect(),
            pace_used: None,
            pace_failure: None,
        };
        let offers = choice::pace(&infos);
        let mut session = session;
        self.reading.evidence.pace_chip_authentication = None;
        if !offers.is_empty() {
            let several = offered.len() > 1;
            let blocks = self.reading.blocks;
            match opening::by_pace(session, &offers, several, self.access, blocks, &mut *self.rng) {
                Opening::Open { session, shown, offer, password } => {
                    log.password = Some(password);
                    log.pace_used = Some(offer.protocol.oid().to_string());
                    self.reading.evidence.access = log;
                    self.shown(offer, shown);
                    return Ok(*session);
                }
                Opening::Failed(error) => return Err(error),
                Opening::Closed { session: given_back, failure } => {
                    session = given_back;
                    log.pace_failure = failure;
                }
            }
        } else if !offered.is_empty() {
            log.pace_failure = Some(PaceFailure::NotSupported);
        }
        let Some(information) = self.access.bac() else {
            return Err(ReadError::PasswordNeeded { needed: "the machine readable zone" });
        };
        log.protocol = AccessProtocol::Bac;
        log.password = Some(crate::evidence::PasswordKind::Mrz);
        self.reading.evidence.access = log;
        session.bac(information, &mut *self.rng).map_err(|not_opened| not_opened.error.into())
    }

    /// What the chip authentication mapping brought.
    fn shown(&mut self, offer: PaceOffer, shown: PaceShown) {
        self.evidence().pace_chip_authentication = shown.proof.map(|proof| PaceChipAuthenticationRecord {
            parameters: offer.parameters.id(),
            mapping_key: proof.mapping_key().as_bytes().to_vec(),
            data: proof.data().to_vec(),
        });
        let file = ElementaryFile::CardSecurity;
        match shown.card_security {
            // A chip opened again may stand in the application, where the short identifier is EF.SOD's: the first stays.
            Some(Ok(bytes)) => {
                self.evidence().files.card_security.get_or_insert(bytes);
            }
            Some(Err(FileError::Refused(status))) => self.miss(file, cause_of(status), Some(status)),
            Some(Err(FileError::TooLong)) => self.miss(file, MissingCause::TooLong, None),
            Some(Err(_)) | None => {}
        }
    }

    /// Opens the chip once more after its session broke.
    fn reopen<T: Transport>(
        &mut self,
        mut session: Session<Connected<T>>,
    ) -> Result<Session<Secured<T>>, Stop>
    where
        R: FnMut(&mut T) -> Result<(), LinkLost>,
    {
        if self.reopened >= MAX_REOPENINGS {
            return Err(Stop::GivenUp);
        }
        self.reopened = self.reopened.saturating_add(1);
        self.unproven = false;
        self.admitted = false;
        self.tell(Step::OpeningAgain, None);
        session.settle()?;
        let mut transport = session.into_transport();
        (self.reset)(&mut transport)?;
        let before = self.reading.evidence.access.clone();
        let opened = self.open(Session::connect(transport));
        let access = std::mem::replace(&mut self.evidence().access, before);
        match opened {
            Ok(session) => {
                self.opened_again(access);
                self.authenticate_again(session)
            }
            Err(ReadError::Link(lost)) => Err(Stop::Lost(lost)),
            Err(_) => Err(Stop::GivenUp),
        }
    }

    /// Chip Authentication in a session that was opened anew: whoever is asked further shows the key once more. Not
    /// where it failed before, or waits for a terminal that has no right: the rest is read without it.
    fn authenticate_again<T: Transport>(
        &mut self,
        session: Session<Secured<T>>,
    ) -> Result<Session<Secured<T>>, Stop>
    where
        R: FnMut(&mut T) -> Result<(), LinkLost>,
    {
        use ChipAuthenticationOutcome::{Failed, NotSupported, TerminalAuthenticationFirst};
        let outcome = self.reading.evidence.chip_authentication.as_ref().map(|record| record.outcome);
        if matches!(outcome, Some(Failed | NotSupported | TerminalAuthenticationFirst)) {
            Ok(session)
        } else {
            self.chip_authentication(session)
        }
    }

    /// Everything after the opening. What goes wrong is evidence.
    fn read<T: Transport>(&mut self, mut session: Session<Secured<T>>) -> Result<(), Stop>
    where
        R: FnMut(&mut T) -> Result<(), LinkLost>,
    {
        if self.is_due(ElementaryFile::Sod) {
            session = self.file(session, ElementaryFile::Sod)?;
            self.object = listed_by(&self.reading.evidence);
        }
        let listed = self.listed();
        let dg14 = ElementaryFile::DataGroup(DataGroupNumber::DG14);
        if listed.contains(&DataGroupNumber::DG14) && self.is_due(dg14) {
            session = self.file(session, dg14)?;
            session = self.chip_authentication(session)?;
        }
        let mut wanted: VecDeque<ElementaryFile> = VecDeque::new();
        if self.reading.options.thorough {
            wanted.push_back(ElementaryFile::Com);
        }
        wanted.extend(
            listed.iter().filter(|group| self.is_wanted(**group)).copied().map(ElementaryFile::DataGroup),
        );
        while let Some(file) = wanted.pop_front() {
            if self.is_due(file) {
                session = self.file(session, file)?;
            }
            if file == ElementaryFile::Com {
                self.queue_unlisted(&listed, &mut wanted);
            }
        }
        let keyed = self.reading.evidence.data_group(DataGroupNumber::DG15).is_some();
        if self.reading.options.active_authentication
            && keyed
            && self.reading.evidence.active_authentication.is_none()
        {
            session = self.active_authentication(session)?;
        }
        if self.unproven {
            session = self.confirm(session)?;
        }
        session = self.behind_terminal_authentication(session, &listed)?;
        self.keep_log(&session);
        Ok(())
    }

    /// Whether a file was neither read nor refused for good.
    fn is_due(&self, file: ElementaryFile) -> bool {
        let files = &self.reading.evidence.files;
        let had = match file {
            ElementaryFile::Sod => files.sod.is_some(),
            ElementaryFile::Com => files.com.is_some(),
            ElementaryFile::DataGroup(number) => files.data_groups.contains_key(&number.value()),
            _ => true,
        };
        let refused = self.reading.evidence.missing(file).is_some_and(|missing| {
            !matches!(missing.cause, MissingCause::LinkLost | MissingCause::SecureMessaging)
        });
        !had && !refused
    }

    /// The groups that EF.SOD lists; those of the CCCD when it cannot be read.
    fn listed(&self) -> Vec<DataGroupNumber> {
        let group = |file| match file {
            ElementaryFile::DataGroup(number) => Some(number),
            _ => None,
        };
        match &self.object {
            Some(object) => object.data_groups(),
            None => CCCD_FILES.into_iter().filter_map(group).collect(),
        }
    }

    /// DG3 and DG4 are read last, by those who may, DG14 already was, DG2 only with the portrait.
    fn is_wanted(&self, group: DataGroupNumber) -> bool {
        match group {
            DataGroupNumber::DG3 | DataGroupNumber::DG4 | DataGroupNumber::DG14 => false,
            DataGroupNumber::DG2 => self.reading.options.portrait,
            _ => true,
        }
    }

    /// Groups that EF.COM lists and EF.SOD does not.
    fn queue_unlisted(&self, listed: &[DataGroupNumber], wanted: &mut VecDeque<ElementaryFile>) {
        let com = self.reading.evidence.files.com.as_deref().and_then(|com| Com::parse(com).ok());
        for group in com.map(|com| com.data_groups()).unwrap_or_default() {
            let file = ElementaryFile::DataGroup(group);
            let fingerprints = matches!(group, DataGroupNumber::DG3 | DataGroupNumber::DG4);
            if !listed.contains(&group) && !fingerprints && !wanted.contains(&file) {
                wanted.push_back(file);
            }
        }
    }

    /// Reads one file into the evidence.
    fn file<T: Transport>(
        &mut self,
        session: Session<Secured<T>>,
        file: ElementaryFile,
    ) -> Result<Session<Secured<T>>, Stop>
    where
        R: FnMut(&mut T) -> Result<(), LinkLost>,
    {
        self.step(Step::Reading(file));
        let begun = self.reading.partial.take().filter(|partial| partial.file() == file);
        let (mut session, mut outcome) =
            self.fetch(session, begun.unwrap_or_else(|| PartialFile::new(file)))?;
        if let Ok(partial) = &outcome
            && partial.is_resumed()
            && self.digest(file, partial.bytes()) != Some(HashCheck::Matches)
        {
            // The pieces do not belong together, or nothing tells that they do.
            (session, outcome) = self.fetch(session, PartialFile::new(file))?;
        }
        match outcome {
            Ok(partial) => {
                let bytes = partial.into_bytes();
                let arrived = Arrived { file, bytes: bytes.len(), digest: self.digest(file, &bytes) };
                let files = &mut self.evidence().files;
                files.missing.retain(|missing| missing.file != file.name());
                match file {
                    ElementaryFile::Sod => files.sod = Some(bytes),
                    ElementaryFile::Com => files.com = Some(bytes),
                    ElementaryFile::DataGroup(number) => {
                        files.data_groups.insert(number.value(), bytes);
                    }
                    _ => {}
                }
                self.tell(Step::Reading(file), Some(arrived));
            }
            Err(FileError::Refused(status)) => self.miss(file, cause_of(status), Some(status)),
            Err(FileError::TooLong) => self.miss(file, MissingCause::TooLong, None),
            Err(_) => self.miss(file, MissingCause::Refused, None),
        }
        Ok(session)
    }

    /// What EF.SOD says about a file.
    fn digest(&self, file: ElementaryFile, bytes: &[u8]) -> Option<HashCheck> {
        match (file, &self.object) {
            (ElementaryFile::DataGroup(number), Some(object)) => Some(object.check(number, bytes)),
            _ => None,
        }
    }

    /// Reads one file on. Where the channel breaks the chip is opened again, once, and once more for every length that it
    /// refuses without protection.
    fn fetch<T: Transport>(
        &mut self,
        mut session: Session<Secured<T>>,
        mut partial: PartialFile,
    ) -> Went<T, Result<PartialFile, FileError>>
    where
        R: FnMut(&mut T) -> Result<(), LinkLost>,
    {
        let file = partial.file();
        let mut broke = false;
        loop {
            let awaited = self.unproven;
            let outcome = session.read_on(&mut partial, &mut self.reading.blocks);
            if awaited {
                let lost = matches!(outcome, Err(FileError::Link(_)));
                self.conclude_by(&session, lost);
            }
            let error = match outcome {
                Ok(()) => return Ok((session, Ok(partial))),
                Err(FileError::Link(lost)) => {
                    self.miss(file, MissingCause::LinkLost, None);
                    self.keep_log(&session);
                    self.reading.partial = Some(partial.interrupted());
                    return Err(Stop::Lost(lost));
                }
                Err(FileError::SecureMessaging(error)) => error,
                Err(other) => return Ok((session, Err(other))),
            };
            self.miss(file, MissingCause::SecureMessaging, None);
            let unproven = awaited && session.verified_since_new_keys() == 0;
            if let Some(smaller) = self.smaller_after(error) {
                self.reading.blocks = smaller;
                self.incident(&file.name(), IncidentKind::LengthRefused);
                if unproven {
                    // Nothing was shown about the keys: the chip may be asked once more.
                    self.evidence().chip_authentication = None;
                }
            } else {
                if !unproven {
                    self.incident(&file.name(), kind_of(error));
                }
                if broke {
                    self.keep_log(&session);
                    return Err(Stop::GivenUp);
                }
                broke = true;
            }
            self.keep_log(&session);
            partial = partial.interrupted();
            session = self.reopen(session.abandon())?;
        }
    }

    /// The blocks to go on with, where a chip refused a length without protection.
    fn smaller_after(&self, error: SecureMessagingError) -> Option<BlockSizes> {
        match error {
            SecureMessagingError::Naked { status } if is_about_length(status) => {
                self.reading.blocks.smaller()
            }
            _ => None,
        }
    }

    /// Chip Authentication with the best key of DG14.
    fn chip_authentication<T: Transport>(
        &mut self,
        mut session: Session<Secured<T>>,
    ) -> Result<Session<Secured<T>>, Stop>
    where
        R: FnMut(&mut T) -> Result<(), LinkLost>,
    {
        if !self.reading.options.chip_authentication {
            return Ok(session);
        }
        let file = self.reading.evidence.data_group(DataGroupNumber::DG14);
        let Some(infos) = file.and_then(|file| dg14::parse(file).ok()) else { return Ok(session) };
        let Some(choice) = choice::chip_authentication(&infos) else { return Ok(session) };
        self.step_again_or_on(Step::ChipAuthentication);
        let mut record = ChipAuthenticationRecord {
            protocol: choice.protocol.oid().to_string(),
            version: choice.version,
            public_key: choice.public_key,
            outcome: ChipAuthenticationOutcome::NotSupported,
        };
        let Some(key) = choice.key else {
            self.evidence().chip_authentication = Some(record);
            return Ok(session);
        };
        if choice.version == 2 {
            let ephemeral = Secret::generate(key.group(), &mut *self.rng);
            let announced = ephemeral.public().ok().map(|public| public.compressed());
            let first = ChipAuthentication2Terminal::new(choice.protocol, key, choice.key_id, ephemeral).ok();
            let Some((terminal, announced)) = first.zip(announced) else {
                self.evidence().chip_authentication = Some(record);
                return Ok(session);
            };
            let mut shown = false;
            if infos.announces_terminal_authentication(2) {
                // The chip wants the terminal's proof first.
                record.outcome = ChipAuthenticationOutcome::Interrupted;
                self.evidence().chip_authentication = Some(record.clone());
                let outcome = self.show_terminal_first(&mut session, &announced)?;
                if outcome != Shown::Accepted {
                    self.conclude_chip_authentication(ChipAuthenticationOutcome::TerminalAuthenticationFirst);
                }
                match outcome {
                    Shown::Accepted => shown = true,
                    Shown::Refused => return Ok(session),
                    Shown::Broken => return self.reopen(session.abandon()),
                }
            }
            return self.chip_authentication_2(session, record, terminal, shown);
        }
        let terminal =
            ChipAuthenticationTerminal::new(choice.protocol, key, choice.key_id, &mut *self.rng).ok();
        let Some(terminal) = terminal else {
            self.evidence().chip_authentication = Some(record);
            return Ok(session);
        };
        // Interrupted until the next exchange tells more.
        record.outcome = ChipAuthenticationOutcome::Interrupted;
        self.evidence().chip_authentication = Some(record);
        match session.chip_authentication(terminal) {
            Ok(()) => {
                self.unproven = true;
                Ok(session)
            }
            Err(ProofError::Link(lost)) => {
                self.keep_log(&session);
                Err(Stop::Lost(lost))
            }
            Err(ProofError::SecureMessaging(error)) => {
                self.conclude_chip_authentication(ChipAuthenticationOutcome::Failed);
                self.incident("chip-authentication", kind_of(error));
                self.keep_log(&session);
                self.reopen(session.abandon())
            }
            Err(ProofError::ChipAuthentication(_) | ProofError::Refused(_)) => {
                self.conclude_chip_authentication(ChipAuthenticationOutcome::Failed);
                Ok(session)
            }
        }
    }

    /// A step that an earlier session may have done already: it counts once.
    fn step_again_or_on(&mut self, step: Step) {
        if self.reading.evidence.chip_authentication.is_some() {
            self.tell(step, None);
        } else {
            self.step(step);
        }
    }

    /// The proof of Chip Authentication is an exchange that verified, whatever the chip said in it.
    fn conclude_by<T: Transport>(&mut self, session: &Session<Secured<T>>, lost: bool) {
        self.conclude_chip_authentication(match (session.verified_since_new_keys() > 0, lost) {
            (true, _) => ChipAuthenticationOutcome::Confirmed,
            (false, true) => ChipAuthenticationOutcome::Interrupted,
            (false, false) => ChipAuthenticationOutcome::Failed,
        });
    }

    /// Chip Authentication version 2: its token is the proof. What the terminal may read opens with it, if the terminal was
    /// shown before.
    fn chip_authentication_2<T: Transport>(
        &mut self,
        mut session: Session<Secured<T>>,
        mut record: ChipAuthenticationRecord,
        terminal: ChipAuthentication2Terminal,
        shown: bool,
    ) -> Result<Session<Secured<T>>, Stop>
    where
        R: FnMut(&mut T) -> Result<(), LinkLost>,
    {
        let outcome = session.chip_authentication_2(terminal);
        self.admitted = shown && outcome.is_ok();
        record.outcome = match &outcome {
            Ok(()) => ChipAuthenticationOutcome::Confirmed,
            Err(ProofError::Link(_)) => ChipAuthenticationOutcome::Interrupted,
            Err(_) => ChipAuthenticationOutcome::Failed,
        };
        self.evidence().chip_authentication = Some(record);
        match outcome {
            Ok(()) | Err(ProofError::ChipAuthentication(_) | ProofError::Refused(_)) => Ok(session),
            Err(ProofError::Link(lost)) => {
                self.keep_log(&session);
                Err(Stop::Lost(lost))
            }
            Err(ProofError::SecureMessaging(error)) => {
                self.incident("chip-authentication", kind_of(error));
                self.keep_log(&session);
                self.reopen(session.abandon())
            }
        }
    }

    fn conclude_chip_authentication(&mut self, outcome: ChipAuthenticationOutcome) {
        self.unproven = false;
        if let Some(record) = &mut self.evidence().chip_authentication {
            record.outcome = outcome;
        }
    }

    /// An exchange under the new keys where nothing else is left to ask for.
    fn confirm<T: Transport>(&mut self, mut session: Session<Secured<T>>) -> Result<Session<Secured<T>>, Stop>
    where
        R: FnMut(&mut T) -> Result<(), LinkLost>,
    {
        let outcome = session.confirm();
        self.conclude_by(&session, matches!(outcome, Err(FileError::Link(_))));
        match outcome {
            Err(FileError::Link(lost)) => {
                self.keep_log(&session);
                Err(Stop::Lost(lost))
            }
            _ => Ok(session),
        }
    }

    fn active_authentication<T: Transport>(
        &mut self,
        mut session: Session<Secured<T>>,
    ) -> Result<Session<Secured<T>>, Stop>
    where
        R: FnMut(&mut T) -> Result<(), LinkLost>,
    {
        self.step(Step::ActiveAuthentication);
        let evidence = &self.reading.evidence;
        let bound = self.reading.options.nonce.as_ref().zip(evidence.sod_sha256()).map(|(nonce, sod)| {
            let station = self.reading.options.station.as_deref().unwrap_or_default();
            bound_challenge(nonce, station, evidence.read_at, &sod)
        });
        let challenge = bound.unwrap_or_else(|| {
            let mut challenge = [0; 8];
            self.rng.fill_bytes(&mut challenge);
            challenge
        });
        let mut record = ActiveAuthenticationRecord {
            challenge: challenge.to_vec(),
            nonce: self.reading.options.nonce.clone().filter(|_| bound.is_some()),
            answer: None,
        };
        loop {
            let awaited = self.unproven;
            let outcome = session.active_authentication(&challenge, self.reading.blocks);
            if awaited {
                self.conclude_by(&session, matches!(outcome, Err(ProofError::Link(_))));
            }
            let error = match outcome {
                Ok(answer) => {
                    record.answer = Some(answer);
                    break;
                }
                Err(ProofError::Refused(_) | ProofError::ChipAuthentication(_)) => break,
                Err(ProofError::Link(lost)) => {
                    self.keep_log(&session);
                    return Err(Stop::Lost(lost));
                }
                Err(ProofError::SecureMessaging(error)) => error,
            };
            self.keep_log(&session);
            let extended = self.reading.blocks.extended;
            match self.smaller_after(error).filter(|_| extended) {
                Some(smaller) => {
                    self.reading.blocks = smaller;
                    self.incident("active-authentication", IncidentKind::LengthRefused);
                    if awaited && session.verified_since_new_keys() == 0 {
                        self.evidence().chip_authentication = None;
                    }
                    session = self.reopen(session.abandon())?;
                }
                None => {
                    self.incident("active-authentication", kind_of(error));
                    return Err(Stop::GivenUp);
                }
            }
        }
        self.evidence().active_authentication = Some(record);
        Ok(session)
    }

    fn miss(&mut self, file: ElementaryFile, cause: MissingCause, status: Option<StatusWord>) {
        let name = file.name();
        let missing = &mut self.evidence().files.missing;
        missing.retain(|missing| missing.file != name);
        let status_word = status.map(|status| format!("{:04X}", status.0));
        missing.push(MissingFile { file: name, cause, status_word });
    }

    fn incident(&mut self, step: &str, kind: IncidentKind) {
        self.evidence().secure_messaging.incidents.push(Incident { step: step.to_owned(), kind });
    }

    fn keep_log<T: Transport>(&mut self, session: &Session<Secured<T>>) {
        let log: &mut SecureMessagingLog = &mut self.evidence().secure_messaging;
        log.verified_exchanges = log.verified_exchanges.saturating_add(session.verified());
    }
}

/// The content of EF.SOD, if it was read and can be understood. Whether anyone signed it is not asked here.
fn listed_by(evidence: &Evidence) -> Option<LdsSecurityObject> {
    let sod = EfSod::parse(evidence.files.sod.as_deref()?).ok()?;
    LdsSecurityObject::from_der(sod.econtent()).ok()
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
