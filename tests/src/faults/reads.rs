//! The card is removed while it is read, and laid on again; or its answers are not its own.

use anyhow::{Context as _, Result, ensure};
use cccd_card_profile::apdu::{Exchange, LinkLost, Trace, Transport};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::trust::TrustStore;
use cccd_verifier::evidence::Provenance;
use cccd_verifier::register::RegisterReport;
use cccd_verifier::{
    Access, Case, Decision, Evidence, InspectionOptions, Policy, Presented, Reading, Tap, judge,
};
use cccd_virtual_chip::{Chip, LengthSupport};
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::{Length, Outcome, Report};
use crate::cards::{self, Specimen};
use crate::commands::Names;
use crate::country::Country;

/// What goes wrong at one command.
#[derive(Debug, Clone)]
enum Fault {
    /// The card is gone before the chip has the command.
    Before,
    /// The chip has it, and its answer is not heard.
    After,
    /// This comes in the place of the answer, and the chip goes on.
    Instead(Vec<u8>),
    /// This comes to every command from now on.
    ForEver(Vec<u8>),
    /// The answer before comes again.
    Again,
    /// One bit of the answer, counted from its end, is another.
    Bit(usize),
}

/// A link on which one thing goes wrong.
struct Faulty<'a> {
    chip: &'a mut Chip,
    at: usize,
    fault: Fault,
    count: usize,
    met: bool,
    last: Vec<u8>,
}

impl<'a> Faulty<'a> {
    fn new(chip: &'a mut Chip, at: usize, fault: Fault) -> Self {
        Self { chip, at, fault, count: 0, met: false, last: vec![0x90, 0x00] }
    }
}

impl Transport for Faulty<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        let number = self.count;
        self.count = number.saturating_add(1);
        if number > self.at
            && let Fault::ForEver(bytes) = &self.fault
        {
            return Ok(bytes.clone());
        }
        if number != self.at {
            self.last = self.chip.transmit(command)?;
            return Ok(self.last.clone());
        }
        self.met = true;
        if matches!(self.fault, Fault::Before) {
            return Err(LinkLost::new("removed"));
        }
        let mut answer = self.chip.transmit(command)?;
        match &self.fault {
            Fault::Before | Fault::After => return Err(LinkLost::new("removed")),
            Fault::Instead(bytes) | Fault::ForEver(bytes) => answer.clone_from(bytes),
            Fault::Again => std::mem::swap(&mut answer, &mut self.last),
            Fault::Bit(bit) => {
                let position = answer.len().saturating_sub(1).saturating_sub(bit / 8);
                if let Some(byte) = answer.get_mut(position) {
                    *byte ^= 1 << (bit % 8);
                }
            }
        }
        Ok(answer)
    }
}

/// One way to read one card.
struct Way<'a> {
    name: &'static str,
    card: &'a Specimen,
    lengths: LengthSupport,
    access: Access,
    trust: &'a TrustStore,
    at: Timestamp,
}

impl Way<'_> {
    fn chip(&self) -> Result<Chip> {
        self.card.chip(self.lengths)
    }

    fn tap(
        &self,
        reading: &mut Reading,
        link: impl Transport,
    ) -> Result<Tap, cccd_verifier::inspection::ReadError> {
        reading.tap(link, |_| Ok(()), &self.access, &mut ChaCha20Rng::seed_from_u64(8), &mut |_| {})
    }

    fn reading(&self) -> Reading {
        Reading::new(InspectionOptions::new(self.at))
    }

    fn decision(&self, evidence: &Evidence) -> Decision {
        let case = Case {
            evidence,
            provenance: &Provenance::Live,
            issued_nonce: None,
            trust: self.trust,
            at: self.at,
            presented: &Presented::default(),
            register: &RegisterReport::default(),
            policy: &Policy::default(),
        };
        judge(&case).verdict.decision
    }

    /// An undisturbed reading, which must be accepted: its evidence and its commands.
    fn undisturbed(&self) -> Result<(Evidence, Vec<Exchange>)> {
        let mut trace = Trace::new(self.chip()?);
        let mut reading = self.reading();
        ensure!(self.tap(&mut reading, &mut trace)? == Tap::Done, "{}: the reading did not end", self.name);
        let evidence = reading.into_evidence();
        let decision = self.decision(&evidence);
        ensure!(decision == Decision::Accepted, "{}: a genuine card is {}", self.name, decision.code());
        Ok((evidence, trace.exchanges().to_vec()))
    }

    /// Whether a reading brought what the undisturbed one did, and is judged as that was.
    fn is_whole(&self, evidence: &Evidence, whole: &Evidence) -> Result<(), String> {
        let proof = |evidence: &Evidence| evidence.chip_authentication.as_ref().map(|record| record.outcome);
        let same = evidence.files == whole.files
            && evidence.complete
            && evidence.access == whole.access
            && proof(evidence) == proof(whole)
            && evidence.active_authentication.is_some() == whole.active_authentication.is_some();
        match (same, self.decision(evidence)) {
            (true, Decision::Accepted) => Ok(()),
            (false, decision) => Err(format!("other evidence, {}", decision.code())),
            (true, decision) => Err(format!("the same evidence, {}", decision.code())),
        }
    }
}

/// Runs the campaign.
///
/// # Errors
/// If the cards cannot be made, or an undisturbed reading is not accepted.
pub fn run(length: Length, at: Timestamp, report: &mut Report) -> Result<()> {
    let mut rng = ChaCha20Rng::seed_from_u64(31);
    let folder = tempfile::tempdir()?;
    let (mut country, applications) = Country::found_with(AlgorithmProfile::P256, 1, at, &mut rng)?;
    let application = applications.first().context("no application")?;
    let issued = cards::issued(&mut country, application, folder.path(), &mut rng)?;
    let older = cards::without_pace(&country, &issued, folder.path())?;
    let way = |name, card, lengths, access| Way { name, card, lengths, access, trust: &country.trust, at };
    let ways = [
        way("PACE, extended length", &issued, LengthSupport::Extended, Access::can(&issued.can)?),
        way("BAC, extended length", &older, LengthSupport::Extended, Access::mrz(&older.zone)),
        way("PACE, short length", &issued, LengthSupport::ShortOnly, Access::can(&issued.can)?),
        way("BAC, short length", &older, LengthSupport::ShortOnly, Access::mrz(&older.zone)),
    ];
    for way in &ways {
        let (whole, commands) = way.undisturbed()?;
        for (fault, when) in [(Fault::Before, "before the chip has"), (Fault::After, "after the chip has")] {
            removed(way, &fault, when, &whole, &commands, report)?;
        }
        if length == Length::Long {
            removed_twice(way, &whole, &commands, report)?;
            hostile(way, &whole, &commands, report)?;
        }
    }
    Ok(())
}

/// The names of an undisturbed reading's commands; beyond it, or in another order, there are none.
fn names(commands: &[Exchange]) -> Vec<String> {
    let mut names = Names::default();
    commands.iter().map(|exchange| names.of(exchange)).collect()
}

fn removed(
    way: &Way<'_>,
    fault: &Fault,
    when: &str,
    whole: &Evidence,
    commands: &[Exchange],
    report: &mut Report,
) -> Result<()> {
    let title =
        format!("A reading by {}: the card is removed {when} the command, and laid on again", way.name);
    report.begin(way.name, commands.len());
    let names = names(commands);
    let mut chip = way.chip()?;
    for index in 0.. {
        chip.reset();
        let mut reading = way.reading();
        let mut link = Faulty::new(&mut chip, index, fault.clone());
        let tap = way.tap(&mut reading, &mut link)?;
        if !link.met {
            ensure!(tap == Tap::Done, "{}: the reading did not end", way.name);
            break;
        }
        let torn = if reading.is_begun() { Some(way.decision(reading.evidence())) } else { None };
        chip.reset();
        let again = way.tap(&mut reading, &mut chip);
        let resumed = reading.evidence().interruptions > 0;
        let outcome = match (torn, again) {
            (Some(decision @ (Decision::Accepted | Decision::Refused)), _) => {
                Outcome::WrongVerdict(format!("the torn reading alone is {}", decision.code()))
            }
            (_, Ok(Tap::Done)) => match (way.is_whole(reading.evidence(), whole), resumed) {
                (Ok(()), true) => Outcome::good("went on with the same card: same evidence, accepted"),
                (Ok(()), false) => Outcome::good("began anew: same evidence, accepted"),
                (Err(what), _) => Outcome::WrongVerdict(what),
            },
            (_, Ok(Tap::Lost(lost))) => Outcome::WrongVerdict(lost.to_string()),
            (_, Err(error)) => Outcome::WrongVerdict(error.to_string()),
        };
        report.fault(index, names.get(index).map_or("", String::as_str), outcome);
    }
    report.end(&title);
    Ok(())
}

/// Removed at one command, and after the return at another one.
fn removed_twice(way: &Way<'_>, whole: &Evidence, commands: &[Exchange], report: &mut Report) -> Result<()> {
    let title =
        format!("A reading by {}: removed at one command, then at every one after the return", way.name);
    report.begin(way.name, commands.len().saturating_mul(commands.len()));
    let names = names(commands);
    let mut chip = way.chip()?;
    for index in 0..commands.len() {
        let mut pairs = 0;
        let mut bad = None;
        for second in 0.. {
            chip.reset();
            let mut reading = way.reading();
            way.tap(&mut reading, Faulty::new(&mut chip, index, Fault::After))?;
            chip.reset();
            let mut link = Faulty::new(&mut chip, second, Fault::Before);
            way.tap(&mut reading, &mut link)?;
            if !link.met {
                break;
            }
            chip.reset();
            way.tap(&mut reading, &mut chip)?;
            pairs += 1;
            if let Err(what) = way.is_whole(reading.evidence(), whole) {
                bad = Some(format!("{what} (second removal at {second})"));
            }
            report.tally.injected = report.tally.injected.saturating_add(1);
            report.bar.inc(1);
        }
        let good = format!("{pairs} second removals: same evidence, accepted");
        let outcome = bad.map_or(Outcome::Good(good), Outcome::WrongVerdict);
        report.fault(index, names.get(index).map_or("", String::as_str), outcome);
    }
    report.end(&title);
    Ok(())
}

/// Answers that are not the chip's, at every command.
fn hostile(way: &Way<'_>, whole: &Evidence, commands: &[Exchange], report: &mut Report) -> Result<()> {
    let mut faults = vec![Fault::Again];
    for status in
        [0x9000_u16, 0x6100, 0x6282, 0x6300, 0x6700, 0x6982, 0x6988, 0x6A82, 0x6A86, 0x6B00, 0x6C10, 0x6F00]
    {
        faults.push(Fault::Instead(status.to_be_bytes().to_vec()));
    }
    for bytes in
        [&[][..], &[0x61, 0x00], &[0xAA, 0x61, 0xFF], &[0x31, 0x84, 0x7F, 0xFF, 0xFF, 0xFF, 0x90, 0x00]]
    {
        faults.push(Fault::ForEver(bytes.to_vec()));
    }
    // The status word, the checksum, and what is before it.
    faults.extend([0, 9, 16, 40, 79, 95, 130].map(Fault::Bit));
    let title = format!("A reading by {}: hostile answers at every command", way.name);
    report.begin(way.name, commands.len().saturating_mul(faults.len()));
    let names = names(commands);
    let mut chip = way.chip()?;
    for index in 0..commands.len() {
        for fault in &faults {
            chip.reset();
            let mut reading = way.reading();
            let ended = way.tap(&mut reading, Faulty::new(&mut chip, index, fault.clone()));
            let outcome = match ended {
                Err(_) => Outcome::good("not accepted"),
                Ok(_) => {
                    let evidence = reading.evidence();
                    match (way.decision(evidence), way.is_whole(evidence, whole)) {
                        // A length refused, a piece asked for again: whole and true after all.
                        (Decision::Accepted, Err(what))
                            if evidence.files != whole.files || !evidence.complete =>
                        {
                            Outcome::WrongVerdict(format!("{what}, by {fault:?}"))
                        }
                        (Decision::Accepted, _) => {
                            Outcome::good("read whole and true all the same: accepted")
                        }
                        _ => Outcome::good("not accepted"),
                    }
                }
            };
            report.fault(index, names.get(index).map_or("", String::as_str), outcome);
        }
    }
    report.end(&title);
    Ok(())
}
