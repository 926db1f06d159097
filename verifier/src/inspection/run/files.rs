//! Which files are read, and how one is read through broken channels and refused lengths.

use std::collections::VecDeque;

use cccd_card_profile::apdu::{LinkLost, Transport};
use cccd_card_profile::file_system::{CCCD_FILES, ElementaryFile};
use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::lds::com::Com;
use cccd_card_profile::lds::sod::HashCheck;
use cccd_card_profile::protocol::secure_messaging::SecureMessagingError;

use super::{Inspection, Stop, Went, cause_of, kind_of};
use crate::evidence::{IncidentKind, MissingCause};
use crate::inspection::{Arrived, Step};
use crate::session::{BlockSizes, FileError, PartialFile, Secured, Session, is_about_length};

impl<R> Inspection<'_, R> {
    /// Whether a file was neither read nor refused for good.
    pub(super) fn is_due(&self, file: ElementaryFile) -> bool {
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
    pub(super) fn listed(&self) -> Vec<DataGroupNumber> {
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
    pub(super) fn is_wanted(&self, group: DataGroupNumber) -> bool {
        match group {
            DataGroupNumber::DG3 | DataGroupNumber::DG4 | DataGroupNumber::DG14 => false,
            DataGroupNumber::DG2 => self.reading.options.portrait,
            _ => true,
        }
    }

    /// Groups that EF.COM lists and EF.SOD does not.
    pub(super) fn queue_unlisted(&self, listed: &[DataGroupNumber], wanted: &mut VecDeque<ElementaryFile>) {
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
    pub(super) fn file<T: Transport>(
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
    pub(super) fn digest(&self, file: ElementaryFile, bytes: &[u8]) -> Option<HashCheck> {
        match (file, &self.object) {
            (ElementaryFile::DataGroup(number), Some(object)) => Some(object.check(number, bytes)),
            _ => None,
        }
    }

    /// Reads one file on. Where the channel breaks the chip is opened again, once, and once more for every length that it
    /// refuses without protection.
    pub(super) fn fetch<T: Transport>(
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
    pub(super) fn smaller_after(&self, error: SecureMessagingError) -> Option<BlockSizes> {
        match error {
            SecureMessagingError::Naked { status } if is_about_length(status) => {
                self.reading.blocks.smaller()
            }
            _ => None,
        }
    }
}
