//! Terminal Authentication, and the files that it opens. Version 1 runs last, on a chip that proved itself; version 2 before
//! Chip Authentication version 2 (TR-03110-2 §3.3), on chips that announce both and no version 1.

use cccd_card_profile::apdu::{LinkLost, Transport};
use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::lds::security_infos::SecurityInfo;
use cccd_card_profile::lds::{DataGroupNumber, cvca, dg14};
use cccd_card_profile::protocol::terminal_authentication::{TerminalAuthenticationError, TerminalRefusal};
use cccd_card_profile::tlv::{Reader, Tlv};
use cccd_cvc::{Date, TerminalCredentials};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use zeroize::Zeroizing;

use super::{Inspection, Stop, biometrics, kind_of};
use crate::evidence::{
    ChipAuthenticationOutcome, ChipAuthenticationRecord, TerminalAuthenticationOutcome as Outcome,
    TerminalAuthenticationRecord, digests,
};
use crate::inspection::{Arrived, Step};
use crate::session::{FileError, PartialFile, ProofError, Secured, Session};

/// The most data of one command: as much as fits into a short protected one with any cipher, or what every chip with
/// extended length takes.
const SHORT: usize = 223;
const EXTENDED: usize = 2_000;

/// What came of showing the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// The chip accepts it.
    Accepted,
    /// It does not, or there was nothing to show.
    Refused,
    /// The channel broke.
    Broken,
}

/// Whether DG14 names another file than EF.CVCA's usual one (TR-03110-3 §A.1.1.3: `efCVCA`, `FileID ::= SEQUENCE { fid OCTET STRING,
/// sfid OCTET STRING OPTIONAL }`).
fn keeps_its_authorities_elsewhere(dg14: &[u8]) -> bool {
    let Ok(infos) = dg14::parse(dg14) else { return false };
    infos.infos.iter().any(|info| {
        let SecurityInfo::TerminalAuthentication(info) = info else { return false };
        let Some(file) = &info.ef_cvca else { return false };
        let Ok(mut fields) = Reader::new(file).expect(0x30).and_then(|file| file.nested()) else {
            return true;
        };
        let usual = |field: Option<Result<Tlv<'_>, _>>, value: &[u8]| match field {
            Some(Ok(field)) => field.tag == 0x04 && field.value == value,
            Some(Err(_)) => false,
            None => true,
        };
        let usual_id = usual(fields.next(), &ElementaryFile::Cvca.file_id().0.to_be_bytes());
        !(usual_id && usual(fields.next(), &[ElementaryFile::Cvca.short_file_id().value()]))
    })
}

impl<R> Inspection<'_, R> {
    /// Shows the chip what this station may read, and reads it: of DG3 and DG4 only digests stay.
    pub(super) fn behind_terminal_authentication<T: Transport>(
        &mut self,
        mut session: Session<Secured<T>>,
        listed: &[DataGroupNumber],
    ) -> Result<Session<Secured<T>>, Stop>
    where
        R: FnMut(&mut T) -> Result<(), LinkLost>,
    {
        let Some(terminal) = self.reading.options.terminal.clone() else { return Ok(session) };
        let rights = terminal
            .certificate()
            .map(|certificate| certificate.content().chat.inspection_rights())
            .unwrap_or_default();
        let allowed = [(rights.fingerprints, DataGroupNumber::DG3), (rights.irises, DataGroupNumber::DG4)];
        let withheld = &self.reading.evidence.files.withheld;
        let due: Vec<DataGroupNumber> = allowed
            .into_iter()
            .filter(|(allowed, group)| {
                *allowed && listed.contains(group) && !withheld.contains_key(&group.value())
            })
            .map(|(_, group)| group)
            .collect();
        if due.is_empty() && self.reading.evidence.terminal_authentication.is_some() {
            return Ok(session);
        }
        if !self.admitted {
            let confirmed = ChipAuthenticationOutcome::Confirmed;
            let evidence = &self.reading.evidence;
            let unproven =
                |record: &ChipAuthenticationRecord| record.version == 2 && record.outcome != confirmed;
            if evidence.terminal_authentication.is_some()
                && evidence.chip_authentication.as_ref().is_some_and(unproven)
            {
                // It was shown first and refused, or the chip did not come to its key.
                return Ok(session);
            }
            self.step(Step::TerminalAuthentication);
            match self.show_terminal(&mut session, &terminal, None)? {
                Shown::Accepted => {}
                Shown::Refused => return Ok(session),
                Shown::Broken => return self.reopen(session.abandon()),
            }
        }
        for group in due {
            session = self.digest_of(session, group)?;
        }
        Ok(session)
    }

    /// Version 2: the terminal is shown before Chip Authentication, which must use the key of this compressed form. A
    /// station without a terminal's key has nothing to show.
    pub(super) fn show_terminal_first<T: Transport>(
        &mut self,
        session: &mut Session<Secured<T>>,
        ephemeral: &[u8],
    ) -> Result<Shown, Stop> {
        let Some(terminal) = self.reading.options.terminal.clone() else { return Ok(Shown::Refused) };
        if self.reading.evidence.terminal_authentication.is_some() {
            self.tell(Step::TerminalAuthentication, None);
        } else {
            self.step(Step::TerminalAuthentication);
        }
        self.show_terminal(session, &terminal, Some(ephemeral))
    }

    /// Runs Terminal Authentication and keeps its record.
    fn show_terminal<T: Transport>(
        &mut self,
        session: &mut Session<Secured<T>>,
        terminal: &TerminalCredentials,
        ephemeral: Option<&[u8]>,
    ) -> Result<Shown, Stop> {
        let mut record = TerminalAuthenticationRecord {
            terminal: terminal.holder().to_string(),
            outcome: Outcome::Interrupted,
            status_word: None,
        };
        self.evidence().terminal_authentication = Some(record.clone());
        match self.authenticate_terminal(session, terminal, ephemeral) {
            Ok((outcome, status_word)) => {
                record.outcome = outcome;
                record.status_word = status_word;
            }
            Err(ProofError::Link(lost)) => {
                self.keep_log(session);
                return Err(Stop::Lost(lost));
            }
            Err(ProofError::SecureMessaging(error)) => {
                self.incident("terminal-authentication", kind_of(error));
                self.keep_log(session);
                return Ok(Shown::Broken);
            }
            Err(_) => record.outcome = Outcome::Refused,
        }
        let accepted = record.outcome == Outcome::Authenticated;
        self.evidence().terminal_authentication = Some(record);
        Ok(if accepted { Shown::Accepted } else { Shown::Refused })
    }

    /// The chip says which CVCA keys it knows; the certificates below one of them are presented. Version 2 names the
    /// ephemeral key of the Chip Authentication to come; version 1 is shown to a chip that proved itself.
    fn authenticate_terminal<T: Transport>(
        &mut self,
        session: &mut Session<Secured<T>>,
        terminal: &TerminalCredentials,
        ephemeral: Option<&[u8]>,
    ) -> Result<(Outcome, Option<String>), ProofError> {
        let proven = self.reading.evidence.chip_authentication.as_ref();
        if ephemeral.is_none()
            && proven.is_none_or(|record| record.outcome != ChipAuthenticationOutcome::Confirmed)
        {
            return Ok((Outcome::ChipNotAuthenticated, None));
        }
        // The chip may keep its list elsewhere; where every chip has it is where it is read.
        if self.evidence().data_group(DataGroupNumber::DG14).is_some_and(keeps_its_authorities_elsewhere) {
            return Ok((Outcome::NotOffered, None));
        }
        let file = match session.read_file(ElementaryFile::Cvca, self.reading.blocks) {
            Ok(file) => file,
            Err(FileError::Link(lost)) => return Err(ProofError::Link(lost)),
            Err(FileError::SecureMessaging(error)) => return Err(ProofError::SecureMessaging(error)),
            Err(FileError::Refused(status)) => {
                return Ok((Outcome::NotOffered, Some(format!("{:04X}", status.0))));
            }
            Err(_) => return Ok((Outcome::NotOffered, None)),
        };
        let Ok(known) = cvca::parse(&file) else { return Ok((Outcome::NotOffered, None)) };
        let Some(chain) = terminal.chain_from(&known) else { return Ok((Outcome::AuthorityUnknown, None)) };
        if let Some(today) = day(self.reading.options.at)
            && chain.iter().any(|certificate| certificate.content().effective > today)
        {
            return Ok((Outcome::CertificateNotYetValid, None));
        }
        let largest = if self.reading.blocks.extended { EXTENDED } else { SHORT };
        let (key, rng) = (terminal.key(), &mut *self.rng);
        let outcome = match ephemeral {
            None => session.terminal_authentication(&chain, key, largest, rng)?,
            Some(ephemeral) => session.terminal_authentication_2(&chain, key, ephemeral, largest, rng)?,
        };
        Ok(match outcome {
            Ok(()) => (Outcome::Authenticated, None),
            Err(TerminalAuthenticationError::Refused { what, status }) => {
                let outcome = match what {
                    TerminalRefusal::Key(_) => Outcome::AuthorityUnknown,
                    TerminalRefusal::Certificate(_) => Outcome::CertificateRefused,
                    TerminalRefusal::Signature => Outcome::SignatureRefused,
                    TerminalRefusal::Terminal | TerminalRefusal::Challenge => Outcome::Refused,
                };
                (outcome, Some(format!("{:04X}", status.0)))
            }
            Err(_) => (Outcome::Refused, None),
        })
    }

    /// Reads a group and keeps its digests.
    fn digest_of<T: Transport>(
        &mut self,
        session: Session<Secured<T>>,
        group: DataGroupNumber,
    ) -> Result<Session<Secured<T>>, Stop>
    where
        R: FnMut(&mut T) -> Result<(), LinkLost>,
    {
        let file = ElementaryFile::DataGroup(group);
        self.step(Step::Reading(file));
        let fetched = self.fetch(session, PartialFile::new(file));
        // What came of it before a link was lost is not kept, nor said to be missing.
        self.reading.partial = None;
        self.evidence().files.missing.retain(|missing| missing.file != file.name());
        let (session, outcome) = fetched?;
        if let Ok(partial) = outcome {
            let bytes = Zeroizing::new(partial.into_bytes());
            let arrived = Arrived { file, bytes: bytes.len(), digest: self.digest(file, &bytes) };
            self.evidence().files.withheld.insert(group.value(), digests(&bytes));
            if !biometrics::is_well_formed(group, &bytes) {
                self.evidence().files.malformed.insert(group.value());
            }
            self.tell(Step::Reading(file), Some(arrived));
        }
        Ok(session)
    }
}

/// The day of a time as certificates and chips write it, in UTC.
fn day(at: Timestamp) -> Option<Date> {
    let date = at.to_zoned(TimeZone::UTC).date();
    let (month, day) = (u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?);
    Date::new(u16::try_from(date.year()).ok()?, month, day).ok()
}
