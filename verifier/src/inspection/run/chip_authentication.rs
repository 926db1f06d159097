//! Chip Authentication, and what counts as its proof: an exchange that verified under the new keys, or version 2's token.

use cccd_card_profile::apdu::{LinkLost, Transport};
use cccd_card_profile::lds::{DataGroupNumber, dg14};
use cccd_card_profile::protocol::chip_authentication::{
    ChipAuthentication2Terminal, ChipAuthenticationTerminal,
};
use cccd_card_profile::protocol::group::Secret;

use super::terminal::Shown;
use super::{Inspection, Stop, kind_of};
use crate::evidence::{ChipAuthenticationOutcome, ChipAuthenticationRecord};
use crate::inspection::{Step, choice};
use crate::session::{FileError, ProofError, Secured, Session};

impl<R> Inspection<'_, R> {
    /// Chip Authentication with the best key of DG14.
    pub(super) fn chip_authentication<T: Transport>(
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
    pub(super) fn step_again_or_on(&mut self, step: Step) {
        if self.reading.evidence.chip_authentication.is_some() {
            self.tell(step, None);
        } else {
            self.step(step);
        }
    }

    /// The proof of Chip Authentication is an exchange that verified, whatever the chip said in it.
    pub(super) fn conclude_by<T: Transport>(&mut self, session: &Session<Secured<T>>, lost: bool) {
        self.conclude_chip_authentication(match (session.verified_since_new_keys() > 0, lost) {
            (true, _) => ChipAuthenticationOutcome::Confirmed,
            (false, true) => ChipAuthenticationOutcome::Interrupted,
            (false, false) => ChipAuthenticationOutcome::Failed,
        });
    }

    /// Chip Authentication version 2: its token is the proof. What the terminal may read opens with it, if the terminal was
    /// shown before.
    pub(super) fn chip_authentication_2<T: Transport>(
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

    pub(super) fn conclude_chip_authentication(&mut self, outcome: ChipAuthenticationOutcome) {
        self.unproven = false;
        if let Some(record) = &mut self.evidence().chip_authentication {
            record.outcome = outcome;
        }
    }

    /// An exchange under the new keys where nothing else is left to ask for.
    pub(super) fn confirm<T: Transport>(
        &mut self,
        mut session: Session<Secured<T>>,
    ) -> Result<Session<Secured<T>>, Stop>
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
}
