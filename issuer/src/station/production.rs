//! The chip: written, read back, locked, proven, recorded. Or found again after a crash and finished.

use cccd_card_profile::personalization::PersonalizationStep;
use cccd_keys::store::DocumentSigner;
use cccd_keys::transport_keys::{ChipSerial, TEST_KEY_VERSION};
use cccd_population::card::{NewCard, SodDigest};
use rand_core::CryptoRng;
use serde_json::{Value, json};

use super::{Admitted, IssueError, IssuedCard, Station, driver_of};
use crate::application::{State, Step};
use crate::issuance::{self, CardFiles, ChipAlgorithms, ChipKeys, IssuanceError, PreparedCard};
use crate::ledger::{Act, ApplicationId, Ledger, LedgerError, SignedCard, Unsettled};
use crate::personalize::{
    Book, CardDriver, CardLink, ChipLife, ChipReport, DriverError, Expected, KeySource, LockProof, Monitor,
    Progress, ReadBackError, ScriptError, Timings, Written, announce, are_of, is_closed, read_back,
    sign_card, verify_locked_card, write_card,
};
use crate::register::RegisterError;

/// A failure while a chip is in work.
enum Fault {
    /// Only the chip knows how far it came.
    Doubt(String),
    /// The officer's wish, at a safe point.
    Stopped,
    /// The chip is no good.
    Spoiled(String),
    /// The ledger cannot note anything, not even this.
    Ledger(LedgerError),
    /// The chip was not given to the application yet, and was not changed.
    NotBegun(Box<IssueError>),
}

impl From<DriverError> for Fault {
    fn from(error: DriverError) -> Self {
        if error.leaves_doubt() { Self::Doubt(error.to_string()) } else { Self::Spoiled(error.to_string()) }
    }
}

impl From<ReadBackError> for Fault {
    fn from(error: ReadBackError) -> Self {
        if error.leaves_doubt() { Self::Doubt(error.to_string()) } else { Self::Spoiled(error.to_string()) }
    }
}

impl From<LedgerError> for Fault {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl From<ScriptError> for Fault {
    fn from(error: ScriptError) -> Self {
        match error {
            ScriptError::Driver(error) => error.into(),
            ScriptError::Ledger(error) => Self::Ledger(error),
            ScriptError::Stopped => Self::Stopped,
            // Our own side failed (the signer, say): the chip is unlocked and can be written again.
            ScriptError::Issuance(error) => Self::Doubt(error.to_string()),
        }
    }
}

/// One card while its chip is in work.
struct Work<'a> {
    admitted: &'a Admitted,
    report: &'a ChipReport,
    prepared: &'a PreparedCard,
    /// The chip's keys, if it made them when it came to stock.
    made: Option<ChipKeys>,
}

/// What the chip's part brought.
struct Finished {
    sod_sha256: SodDigest,
    proof: LockProof,
}

/// The card as the ledger knows it.
fn signed_card(admitted: &Admitted, prepared: &PreparedCard, files: &CardFiles) -> SignedCard {
    SignedCard {
        sod_sha256: SodDigest::of(&files.sod),
        document_number: prepared.card.holder.number.document_number().to_owned(),
        issued: admitted.issue_date,
        expires: prepared.card.expiry.date(),
        replaces: admitted.replaces,
    }
}

/// The ledger while one chip is written.
struct Noted<'a, 'l> {
    ledger: &'l mut Ledger,
    work: &'l Work<'a>,
    act: Act<'l>,
    unsettled: Option<Unsettled>,
}

impl Book for Noted<'_, '_> {
    fn signed(&mut self, files: &CardFiles) -> Result<(), LedgerError> {
        let Work { admitted, prepared, .. } = self.work;
        let signed = signed_card(admitted, prepared, files);
        self.unsettled = Some(self.ledger.note_signed(admitted.id, &signed, self.act)?);
        Ok(())
    }

    fn settle(&mut self) -> Result<(), LedgerError> {
        self.unsettled.take().map_or(Ok(()), |unsettled| self.ledger.settle(unsettled))
    }
}

impl Station<'_> {
    /// Makes the card of an admitted application out of the chip on this link, or finishes what was interrupted.
    ///
    /// # Errors
    /// [`IssueError`]. Whatever happens, the ledger says where the chip stands or that it is in doubt.
    pub fn produce(
        &mut self,
        link: &mut dyn CardLink,
        admitted: Admitted,
        monitor: &mut dyn Monitor,
        rng: &mut dyn CryptoRng,
    ) -> Result<IssuedCard, IssueError> {
        let keys = self.keys;
        self.allow_blank()?;
        let able = self.driver(&mut *link, &mut *rng).capabilities();
        let mut timings = Timings::default();
        if monitor.progress(Progress { step: PersonalizationStep::Select, written: 0, total: 0 }).is_break() {
            return Err(IssueError::Stopped);
        }
        let report = timings
            .measure(PersonalizationStep::Select, || self.driver(&mut *link, &mut *rng).probe())
            .map_err(IssueError::Chip)?;
        self.take_chip(&admitted, &report)?;

        let algorithms = ChipAlgorithms::of_profile(keys.profile);
        let prepared =
            issuance::prepare(&admitted.card, admitted.portrait.face(), algorithms, &report.serial, rng)?;
        let prepared = match &admitted.capture {
            Some(capture) => prepared.carrying(capture).map_err(IssuanceError::from)?,
            None => prepared,
        };
        let prepared = prepared
            .for_layout(able.layout())
            .believing(able.terminal_authentication.then(|| keys.terminal_trust(self.at)).flatten());
        let made = if able.chip_authentication == KeySource::Chip {
            self.ledger.stock().keys_of(&report.serial)?
        } else {
            None
        };
        let work = Work { admitted: &admitted, report: &report, prepared: &prepared, made };
        let worked = if report.life == ChipLife::Locked {
            self.finish_locked(link, &work, rng)
        } else {
            self.write_and_lock(link, &work, monitor, rng, &mut timings)
        };
        let finished = match worked {
            Ok(finished) => finished,
            Err(fault) => return Err(self.note_fault(admitted.id, report.serial, fault)),
        };
        self.record(&work, &finished)?;
        Ok(IssuedCard {
            application: admitted.id,
            mrz: prepared.mrz,
            card: prepared.card,
            template: admitted.template,
            sod_sha256: finished.sod_sha256,
            chip_serial: report.serial,
            test_keys: report.key_version == TEST_KEY_VERSION,
            resumed: admitted.interrupted.is_some(),
            replaced: admitted.replaces,
            portrait: admitted.portrait,
            capabilities: able,
            lock_proof: finished.proof,
            timings,
        })
    }

    /// The chip must be blank and new to the ledger, or the very chip that the interrupted run had.
    fn take_chip(&mut self, admitted: &Admitted, report: &ChipReport) -> Result<(), IssueError> {
        let act = self.act();
        let serial = report.serial;
        if let Some(entry) = &admitted.interrupted {
            let expected = entry.chip.ok_or(LedgerError::Inconsistent("work without a chip"))?;
            if expected != serial {
                return Err(IssueError::OtherChip { expected, found: serial });
            }
            if entry.state != State::InDoubt {
                let reason = format!("interrupted while it was {}", entry.state);
                self.ledger.advance(entry.id, Step::Doubt, Some(&reason), &Value::Null, act)?;
            }
            if report.life != ChipLife::Locked {
                let detail = json!({"probe": report.life.name(), "key_version": report.key_version});
                self.ledger.advance(entry.id, Step::Resume, None, &detail, act)?;
            }
            return Ok(());
        }
        if let Some(entry) = self.ledger.of_chip(&serial)? {
            return Err(IssueError::ChipUsed { serial, state: entry.state });
        }
        match report.life {
            ChipLife::Blank => Ok(()),
            ChipLife::Begun => Err(IssueError::NotBlank { serial, what: "somebody began to write it" }),
            ChipLife::Locked => Err(IssueError::NotBlank { serial, what: "it is a finished, locked card" }),
        }
    }

    /// Signs the card if the chip's keys are known, and gives the application its chip. All of it is on the disk when this
    /// answers, and not before that anything changes the chip.
    fn begin(
        &mut self,
        work: &Work<'_>,
        signer: &DocumentSigner,
        monitor: &mut dyn Monitor,
        timings: &mut Timings,
    ) -> Result<Option<Written>, Fault> {
        let Work { admitted, report, prepared, .. } = work;
        let (at, act) = (self.at, self.act());
        let known = work.made.clone().filter(|keys| are_of(keys, prepared.algorithms));
        let signed = known.map(|keys| sign_card(keys, prepared, signer, at, monitor, timings)).transpose();
        let signed = signed.map_err(|error| match error {
            ScriptError::Issuance(error) if admitted.interrupted.is_none() => {
                Fault::NotBegun(Box::new(error.into()))
            }
            error => error.into(),
        })?;
        let card = signed.as_ref().map(|signed| signed_card(admitted, prepared, &signed.files));
        let unsettled = match (&admitted.interrupted, &card) {
            (None, card) => {
                let (serial, version) = (&report.serial, report.key_version);
                Some(self.ledger.assign_chip(admitted.id, serial, version, card.as_ref(), act)?)
            }
            (Some(_), Some(card)) => Some(self.ledger.note_signed(admitted.id, card, act)?),
            (Some(_), None) => None,
        };
        unsettled.map_or(Ok(()), |unsettled| self.ledger.settle(unsettled))?;
        Ok(signed)
    }

    fn write_and_lock(
        &mut self,
        link: &mut dyn CardLink,
        work: &Work<'_>,
        monitor: &mut dyn Monitor,
        rng: &mut dyn CryptoRng,
        timings: &mut Timings,
    ) -> Result<Finished, Fault> {
        use PersonalizationStep as Phase;
        let Work { admitted, report, prepared, .. } = work;
        let (keys, at) = (self.keys, self.at);
        let (blank, extended) = (self.blank, self.extended);
        let signer = keys.signers.for_card(prepared.card.expiry.date(), at).map_err(|error| {
            // Nobody can sign this card now: the chip is as it was.
            match admitted.interrupted {
                Some(_) => Fault::Doubt(error.to_string()),
                None => Fault::NotBegun(Box::new(IssueError::Signer(error))),
            }
        })?;
        let signed = self.begin(work, signer, monitor, timings)?;
        let act = self.act();
        let mut book = Noted { ledger: &mut *self.ledger, work, act, unsettled: None };
        let mut driver = driver_of(blank, &mut *link, keys, extended, &mut *rng);
        let able = driver.capabilities();
        let life = report.life;
        let written =
            write_card(&mut *driver, prepared, life, signed, signer, at, &mut book, monitor, timings)?;
        drop(driver);

        announce(monitor, Phase::ReadBack)?;
        let expected = expected(prepared);
        timings
            .measure(Phase::ReadBack, || read_back(&mut *link, &written.files, &expected, at, &mut *rng))?;

        // The last safe point: from here on the card is finished, whoever asks to stop.
        announce(monitor, Phase::ReplaceTransportKeys)?;
        let mut driver = driver_of(blank, &mut *link, keys, extended, &mut *rng);
        timings.measure(Phase::ReplaceTransportKeys, || {
            driver.open()?;
            if able.transport_keys { driver.replace_transport_keys() } else { Ok(()) }
        })?;
        let _ = announce(monitor, Phase::Lock);
        timings.measure(Phase::Lock, || driver.lock())?;
        let _ = announce(monitor, Phase::ProbeLock);
        let proof = timings.measure(Phase::ProbeLock, || prove(&mut *driver))?;
        // Before the register hears of it.
        let proven = describe(&proof);
        let steps = [(Step::ConfirmReadBack, &Value::Null), (Step::Lock, &proven)];
        self.ledger.advance_all(admitted.id, &steps, act)?;
        Ok(Finished { sod_sha256: SodDigest::of(&written.files.sod), proof })
    }

    /// A locked chip that an interrupted run left: is it that card, whole, and saying what the register says?
    fn finish_locked(
        &mut self,
        link: &mut dyn CardLink,
        work: &Work<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Finished, Fault> {
        let act = self.act();
        let signed = work.admitted.interrupted.as_ref().and_then(|entry| entry.signed.clone());
        let signed = signed
            .ok_or_else(|| Fault::Spoiled("the chip is locked, but no card was signed for it".into()))?;
        let expected = expected(work.prepared);
        let groups =
            verify_locked_card(&mut *link, signed.sod_sha256.as_bytes(), &expected, self.at, &mut *rng)?;
        // DG3 and DG4 are closed, DG14 and DG15 are the chip's; the rest must be what would be written today.
        let mut ours = work.prepared.data_groups.iter().filter(|(number, _)| !is_closed(**number));
        if ours.any(|(number, file)| groups.get(number) != Some(file)) {
            return Err(Fault::Spoiled(
                "the register or the portrait changed after the chip was locked".into(),
            ));
        }
        let proof = prove(&mut *self.driver(&mut *link, &mut *rng))?;
        self.ledger.advance(work.admitted.id, Step::FindLocked, None, &describe(&proof), act)?;
        Ok(Finished { sod_sha256: signed.sod_sha256, proof })
    }

    /// The register learns of the card, then the ledger closes the application: all of it is on the disk when this answers.
    fn record(&mut self, work: &Work<'_>, finished: &Finished) -> Result<(), IssueError> {
        let act = self.act();
        let (id, serial) = (work.admitted.id, work.report.serial);
        let card = NewCard {
            number: work.prepared.card.holder.number.clone(),
            sod_sha256: finished.sod_sha256,
            document_number: work.prepared.card.holder.number.document_number().to_owned(),
            chip_serial: serial.to_string(),
            issued: work.admitted.issue_date,
            expires: work.prepared.card.expiry.date(),
            replaces: work.admitted.replaces,
        };
        let fault = match self.register.record_card(&card, self.at) {
            Ok(()) => {
                let detail = json!({"sod_sha256": finished.sod_sha256.to_string()});
                self.ledger.advance(id, Step::Issue, None, &detail, act)?;
                return Ok(());
            }
            Err(RegisterError::Refused(why)) => {
                Fault::Spoiled(format!("the register does not take the card: {why}"))
            }
            Err(error) => Fault::Doubt(format!("the card is locked but not recorded: {error}")),
        };
        Err(self.note_fault(id, serial, fault))
    }

    fn note_fault(&mut self, id: ApplicationId, serial: ChipSerial, fault: Fault) -> IssueError {
        let act = self.act();
        let mut note = |step, reason: &str| self.ledger.advance(id, step, Some(reason), &Value::Null, act);
        match fault {
            Fault::Doubt(reason) => match note(Step::Doubt, &reason) {
                // In doubt already: a second interruption while the first was looked into.
                Ok(_) | Err(LedgerError::Transition(_)) => IssueError::InDoubt(reason),
                Err(error) => error.into(),
            },
            Fault::Stopped => match note(Step::Doubt, "stopped by the officer at a safe point") {
                Ok(_) | Err(LedgerError::Transition(_)) => IssueError::Stopped,
                Err(error) => error.into(),
            },
            Fault::Spoiled(reason) => match note(Step::Spoil, &reason) {
                Ok(_) => IssueError::Spoiled { serial, reason },
                Err(error) => error.into(),
            },
            Fault::Ledger(error) => error.into(),
            Fault::NotBegun(error) => *error,
        }
    }
}

fn expected(prepared: &PreparedCard) -> Expected<'_> {
    Expected {
        can: prepared.card.holder.number.can(),
        mrz: &prepared.mrz,
        active_authentication_hash: prepared.algorithms.active_authentication_hash(),
        layout: prepared.layout,
    }
}

fn prove(driver: &mut dyn CardDriver) -> Result<LockProof, Fault> {
    let proof = driver.prove_lock()?;
    if proof.holds() {
        return Ok(proof);
    }
    let failures: Vec<String> = proof.failures().map(|(what, status)| format!("{what}: {status}")).collect();
    Err(Fault::Spoiled(format!("the locked chip still accepts {}", failures.join(", "))))
}

fn describe(proof: &LockProof) -> Value {
    let refused: Vec<String> =
        proof.attempts().iter().map(|(what, status, _)| format!("{what}: {:04X}", status.0)).collect();
    json!({ "refused": refused })
}
