//! How a tap gets into the chip: the first time, at a later tap, and after a session broke.

use cccd_card_profile::apdu::{AnswerToReset, LinkLost, Transport};
use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::protocol::pace::PaceOffer;

use super::{Inspection, Stop, cause_of};
use crate::evidence::{
    AccessLog, AccessProtocol, ChipAuthenticationOutcome, MissingCause, PaceChipAuthenticationRecord,
    PaceFailure, PasswordKind,
};
use crate::inspection::opening::{self, Opening};
use crate::inspection::{ExtendedLength, ReadError, Step, choice};
use crate::session::{
    BlockSizes, Connected, FileError, PaceShown, PartialFile, Secured, Session, parse_card_access,
};

/// How often a chip is opened anew in one tap: after Chip Authentication, after each length that it refuses, and for a
/// channel that broke.
const MAX_REOPENINGS: u32 = 6;

impl<R> Inspection<'_, R> {
    /// The first tap: what everyone may read, then the opening.
    pub(super) fn begin<T: Transport>(
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
    pub(super) fn resume<T: Transport>(
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
    pub(super) fn open_the_same<T: Transport>(
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
    pub(super) fn opened_again(&mut self, access: AccessLog) {
        if access.protocol == AccessProtocol::Bac && self.evidence().access.protocol != AccessProtocol::Bac {
            self.evidence().access = access;
        }
    }

    /// Opens the chip: PACE if EF.CardAccess offers a variant that is known here, else BAC.
    pub(super) fn open<T: Transport>(
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
        log.password = Some(PasswordKind::Mrz);
        self.reading.evidence.access = log;
        session.bac(information, &mut *self.rng).map_err(|not_opened| not_opened.error.into())
    }

    /// What the chip authentication mapping brought.
    pub(super) fn shown(&mut self, offer: PaceOffer, shown: PaceShown) {
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
    pub(super) fn reopen<T: Transport>(
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
    pub(super) fn authenticate_again<T: Transport>(
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
}
