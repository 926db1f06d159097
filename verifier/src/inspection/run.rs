//! One tap at work.

mod active_authentication;
mod biometrics;
mod chip_authentication;
mod entering;
mod files;
mod terminal;

use std::collections::VecDeque;

use cccd_card_profile::apdu::{LinkLost, StatusWord, Transport};
use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::lds::sod::LdsSecurityObject;
use cccd_card_profile::protocol::secure_messaging::SecureMessagingError;
use cccd_keys::sod::EfSod;
use rand_core::CryptoRng;

use super::reading::{Reading, Tap};
use super::{Access, Arrived, Progress, ReadError, Step};
use crate::evidence::{Evidence, Incident, IncidentKind, MissingCause, MissingFile, SecureMessagingLog};
use crate::session::{Secured, Session};

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
