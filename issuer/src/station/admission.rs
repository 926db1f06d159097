//! Before a chip is touched: the application is taken in, compared with the register, approved and prepared.

use std::collections::BTreeSet;

use cccd_card_profile::card_holder::CardData;
use cccd_card_profile::validity::age_on;
use cccd_population::card::{Card, SodDigest};
use jiff::civil::Date;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{IssueError, Station};
use crate::application::{
    Application, Biometrics, Checked, Portrait, PortraitError, Refusal, State, Step, Template, check,
    other_papers,
};
use crate::capture::{Capture, CaptureError};
use crate::ledger::{Act, ApplicationId, CaptureNote, Entry, Ledger, Unsettled};
use crate::portrait_quality::{FaceFinder, Rules, assess};
use crate::register::{PersonRecord, Register, day_in_vietnam};
use crate::words;

/// Why an application is refused of which another card would be printed than the one that was captured. Taken in anew, it is
/// captured and approved anew.
pub const CHANGED: &str = "the register's word about this person changed after the application was captured";

/// An application that may become a card.
#[derive(Debug)]
pub struct Admitted {
    pub(super) id: ApplicationId,
    pub(super) card: CardData,
    pub(super) portrait: Portrait,
    pub(super) capture: Option<Capture>,
    pub(super) template: Template,
    pub(super) replaces: Option<SodDigest>,
    pub(super) issue_date: Date,
    /// Set when an interrupted run is to be finished: the ledger's word about it.
    pub(super) interrupted: Option<Entry>,
}

impl Admitted {
    /// Its row in the ledger.
    #[must_use]
    pub fn application(&self) -> ApplicationId {
        self.id
    }

    /// What the card will say; the chip's serial is still missing.
    #[must_use]
    pub fn card(&self) -> &CardData {
        &self.card
    }

    /// The portrait, fit for chip and print; the outline of nobody where none was taken.
    #[must_use]
    pub fn portrait(&self) -> &Portrait {
        &self.portrait
    }

    /// The prints and irises, if any were taken.
    #[must_use]
    pub fn capture(&self) -> Option<&Capture> {
        self.capture.as_ref()
    }

    /// The face to print.
    #[must_use]
    pub fn template(&self) -> Template {
        self.template
    }

    /// An earlier run was interrupted while it wrote a chip.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.is_some()
    }
}

/// An application that was checked and captured, or found again further on.
#[derive(Debug)]
pub struct Captured {
    /// The ledger's word.
    pub entry: Entry,
    checked: Checked,
    portrait: Portrait,
    capture: Option<Capture>,
    issue_date: Date,
    recorded: bool,
}

impl Captured {
    /// What the card will say, as the register has it now.
    #[must_use]
    pub fn card(&self) -> &CardData {
        &self.checked.card
    }
}

/// The desk at which applications are taken in: it needs no keys and no reader.
pub struct Intake<'a> {
    /// The station's ledger.
    pub ledger: &'a mut Ledger,
    /// The register of persons.
    pub register: &'a mut dyn Register,
    /// Who captures, when, and the name of the request.
    pub act: Act<'a>,
    /// Whether cards are made here: only then is a chip in work given up that the person may not have any more.
    pub makes: bool,
}

impl std::fmt::Debug for Intake<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intake").field("act", &self.act).finish_non_exhaustive()
    }
}

impl Intake<'_> {
    /// Takes an application in, compares it with the register and captures it; an open one with the same content is
    /// found again. From here on another officer's approval is waited for.
    ///
    /// # Errors
    /// [`IssueError`]. A refusal by a rule is noted as `rejected`, or `spoiled` when a chip was in work.
    pub fn take_in(&mut self, application: &Application) -> Result<Captured, IssueError> {
        let act = self.act;
        // What is no portrait never enters the ledger; what was captured was decoded then. Whose card goes without one is
        // known when the register was asked.
        let portrait = if application.portrait.is_empty() {
            Portrait::of_nobody()?
        } else if self.ledger.has_captured(application)? {
            Portrait::captured(&application.portrait)?
        } else {
            Portrait::from_file(&application.portrait)?
        };
        let mut entry = self.ledger.receive(application, act)?;
        if entry.state.is_closed() {
            // Asked for under this name before, and over: nothing of it is done again.
            return Err(IssueError::Closed(entry.id, entry.state));
        }
        let signed = if entry.state.is_in_work() { entry.signed.clone() } else { None };
        let today = day_in_vietnam(act.at);
        let issue_date = signed.as_ref().map_or(today, |signed| signed.issued);

        self.register.for_application(&format!("issuer application {}", entry.id));
        let mut record = self.register.person(&application.number, today)?;
        // Recorded already, when the crash came between the register and the ledger: our own card is no obstacle.
        let recorded = signed.as_ref().is_some_and(|signed| {
            let in_use = record.as_ref().and_then(|record| record.card_in_use.as_ref());
            in_use.is_some_and(|card| card.sod_sha256 == signed.sod_sha256)
        });
        if recorded && let Some(record) = &mut record {
            record.pass_over_own_card();
        }
        // A run that was ended before it captured left nothing but the register's word of that day: it is asked again.
        let begun = matches!(entry.state, State::Received | State::Checked);
        let checked = match self.compared(application, record, issue_date, begun)? {
            Ok(checked) => checked,
            Err(refusal) => return Err(self.refuse(&entry, recorded, refusal)?),
        };
        // Prints and irises belong to what is approved as much as the portrait does.
        let taken = application.biometrics.as_ref();
        let sealed = taken.and_then(|taken| taken.sealed_sha256.as_deref());
        if !begun && self.ledger.sealed_of(entry.id)?.as_deref() != sealed {
            return Err(IssueError::PrintsMissing(entry.id));
        }
        let to_print =
            digest_of(&checked.card, &entry.content_sha256, taken.map(Biometrics::name).as_deref());
        if begun {
            let young = age_on(checked.card.holder.birth_date, issue_date) < BIOMETRICS_FROM_AGE;
            let seen = if young { nothing_taken(application)? } else { look_at(&portrait, application)? };
            let act = Act { request: None, ..act };
            if entry.state == State::Received {
                self.ledger.advance(entry.id, Step::Check, None, &Value::Null, act)?;
            }
            let note =
                CaptureNote { reason: seen.accepted.as_deref(), detail: &seen.detail, sealed_sha256: sealed };
            self.ledger.capture_noting(entry.id, &to_print, note, act)?;
            entry = self.ledger.entry(entry.id)?;
        } else if entry.state.is_before_chip() && entry.captured_sha256.as_deref() != Some(&*to_print) {
            // What was captured, and perhaps approved, is not what would be printed now.
            self.ledger.advance(
                entry.id,
                Step::Reject,
                Some(CHANGED),
                &Value::Null,
                Act { request: None, ..act },
            )?;
            return Err(IssueError::ChangedSinceCapture);
        }
        let capture = application.biometrics.as_ref().map(|taken| taken.capture.clone());
        Ok(Captured { entry, checked, portrait, capture, issue_date, recorded })
    }

    /// Why a rule would refuse this application again that was refused before, as [`take_in`](Self::take_in) compares it;
    /// the ledger gets nothing of it.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn still_refused(
        &mut self,
        application: &Application,
        before: &Entry,
    ) -> Result<Option<Refusal>, IssueError> {
        self.register.for_application(&format!("issuer application {}", before.id));
        let today = day_in_vietnam(self.act.at);
        let record = self.register.person(&application.number, today)?;
        Ok(self.compared(application, record, today, true)?.err())
    }

    /// With the register's word, and before it is captured with what other papers say.
    fn compared(
        &mut self,
        application: &Application,
        record: Option<PersonRecord>,
        issue_date: Date,
        before_capture: bool,
    ) -> Result<Result<Checked, Refusal>, IssueError> {
        let checked = match check(application, record, issue_date) {
            Ok(checked) => checked,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut waiting = BTreeSet::new();
        if before_capture {
            for (paper, items) in other_papers(application, &checked.card.holder) {
                if self.register.contradict(&application.number, paper, self.act.at)? {
                    waiting.extend(items);
                }
            }
        }
        if waiting.is_empty() {
            Ok(Ok(checked))
        } else {
            Ok(Err(Refusal::TwoPapers(waiting.into_iter().collect())))
        }
    }

    fn refuse(&mut self, entry: &Entry, recorded: bool, refusal: Refusal) -> Result<IssueError, IssueError> {
        let act = Act { request: None, ..self.act };
        if entry.state.is_before_chip() {
            self.ledger.advance(entry.id, Step::Reject, Some(&both(&refusal)), &Value::Null, act)?;
        } else if !recorded && self.makes {
            // The person may not have this card any more: the chip in work is lost to it.
            let reason = format!("refused after an interruption: {refusal}");
            self.ledger.advance(entry.id, Step::Spoil, Some(&reason), &Value::Null, act)?;
        }
        Ok(refusal.into())
    }
}

impl Station<'_> {
    /// Walks an approved application to `queued`; an interrupted one is found again.
    ///
    /// # Errors
    /// [`IssueError::NotApproved`] while no other officer has approved it; and as [`take_in`](Intake::take_in).
    pub fn admit(&mut self, application: &Application) -> Result<Admitted, IssueError> {
        let (admitted, unsettled) = self.admit_ahead(application)?;
        unsettled.map_or(Ok(()), |unsettled| self.ledger.settle(unsettled))?;
        Ok(admitted)
    }

    /// As [`admit`](Self::admit), for many one after another: that they are queued is on the disk when the ledger says so. A
    /// chip that is assigned later settles it, too.
    ///
    /// # Errors
    /// As there.
    pub fn admit_ahead(
        &mut self,
        application: &Application,
    ) -> Result<(Admitted, Option<Unsettled>), IssueError> {
        self.allow_blank()?;
        let captured = self.take_in(application)?;
        self.ready_ahead(captured, application.template)
    }

    /// Takes an application in as [`Intake::take_in`] does.
    ///
    /// # Errors
    /// As there.
    pub fn take_in(&mut self, application: &Application) -> Result<Captured, IssueError> {
        let act = self.act();
        Intake { ledger: &mut *self.ledger, register: &mut *self.register, act, makes: true }
            .take_in(application)
    }

    /// The card of this very application, if it was issued already and is still the person's card: what it says, for files
    /// that a run left undone when it ended between the ledger and them. Nothing is changed.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn issued_before(
        &mut self,
        application: &Application,
    ) -> Result<Option<(Admitted, Entry)>, IssueError> {
        let number = application.number.as_str();
        let Some(entry) = self.ledger.newest_of(number)? else { return Ok(None) };
        let Some(signed) = entry.signed.clone().filter(|_| entry.state == State::Issued) else {
            return Ok(None);
        };
        if entry.content_sha256 != application.content_sha256() {
            return Ok(None);
        }
        self.register.for_application(&format!("issuer application {}", entry.id));
        let mut record = self.register.person(&application.number, day_in_vietnam(self.at))?;
        let ours = |card: &Card| card.sod_sha256 == signed.sod_sha256;
        let Some(known) = record.as_mut().filter(|known| known.card_in_use.as_ref().is_some_and(ours)) else {
            return Ok(None);
        };
        known.pass_over_own_card();
        let card = check(application, record, signed.issued)?.card;
        let taken = application.biometrics.as_ref();
        let said = digest_of(&card, &entry.content_sha256, taken.map(Biometrics::name).as_deref());
        // What the register says today is not what was put into the chip: such files would lie.
        if entry.captured_sha256.as_deref() != Some(&*said) {
            return Ok(None);
        }
        let admitted = Admitted {
            id: entry.id,
            card,
            portrait: portrait_of(application)?,
            capture: taken.map(|taken| taken.capture.clone()),
            template: entry.template,
            replaces: signed.replaces,
            issue_date: signed.issued,
            interrupted: None,
        };
        Ok(Some((admitted, entry)))
    }

    /// Walks what was taken in and approved to `queued`.
    ///
    /// # Errors
    /// As [`admit`](Self::admit).
    pub fn ready(&mut self, captured: Captured, template: Template) -> Result<Admitted, IssueError> {
        let (admitted, unsettled) = self.ready_ahead(captured, template)?;
        unsettled.map_or(Ok(()), |unsettled| self.ledger.settle(unsettled))?;
        Ok(admitted)
    }

    fn ready_ahead(
        &mut self,
        captured: Captured,
        template: Template,
    ) -> Result<(Admitted, Option<Unsettled>), IssueError> {
        let Captured { entry, checked, portrait, capture, issue_date, recorded } = captured;
        let interrupted = entry.state.is_in_work().then(|| entry.clone());
        if entry.state == State::Captured {
            return Err(IssueError::NotApproved(entry.id));
        }
        let signed = interrupted.as_ref().and_then(|entry| entry.signed.as_ref());
        let replaces = match signed {
            Some(signed) if recorded => signed.replaces,
            _ => checked.replaces,
        };
        // Who signs is decided by the card's expiry, before any chip is touched.
        self.keys.signers.for_card(checked.card.expiry.date(), self.at).map_err(IssueError::Signer)?;
        let act = self.act();
        let both = [(Step::Prepare, &Value::Null), (Step::Enqueue, &Value::Null)];
        let unsettled = match entry.state {
            State::Approved => Some(self.ledger.advance_ahead(entry.id, &both, act)?),
            State::Prepared => Some(self.ledger.advance_ahead(entry.id, both.split_at(1).1, act)?),
            _ => None,
        };
        let admitted = Admitted {
            id: entry.id,
            card: checked.card,
            portrait,
            capture,
            template,
            replaces,
            issue_date,
            interrupted,
        };
        Ok((admitted, unsettled))
    }
}

/// Why, for the citizen's paper: in both languages.
fn both(refusal: &Refusal) -> String {
    match words::of_failure(refusal.code()) {
        Some((vietnamese, ..)) => format!("{vietnamese} / {refusal}"),
        None => refusal.to_string(),
    }
}

/// Under this age nobody's face, fingers or eyes are taken (Luật Căn cước 2023 art. 23(2)).
pub const BIOMETRICS_FROM_AGE: i16 = 6;

/// What was seen when an application was captured.
#[derive(Default)]
struct Seen {
    /// Why it was taken although something should be taken again.
    accepted: Option<String>,
    /// For the ledger: codes and counts, nothing of the person.
    detail: Value,
}

/// The portrait for DG2; the outline of nobody where none was taken.
fn portrait_of(application: &Application) -> Result<Portrait, PortraitError> {
    if application.portrait.is_empty() {
        Portrait::of_nobody()
    } else {
        Portrait::from_file(&application.portrait)
    }
}

/// Of the youngest nothing is taken, whatever was brought.
fn nothing_taken(application: &Application) -> Result<Seen, IssueError> {
    if application.biometrics.is_some() || !application.portrait.is_empty() {
        return Err(IssueError::Capture(CaptureError::TooYoung));
    }
    Ok(Seen::default())
}

/// Looks at portrait and prints before they are captured; what must be taken again needs an officer's reason.
fn look_at(portrait: &Portrait, application: &Application) -> Result<Seen, IssueError> {
    if application.portrait.is_empty() {
        return Err(PortraitError::Missing.into());
    }
    let finder = FaceFinder::new().map_err(IssueError::FaceModel)?;
    let assessment = assess(&portrait.picture()?, &finder, &Rules::default());
    let said = |reason: &Option<String>| reason.clone().filter(|reason| !reason.trim().is_empty());
    let mut accepted = Vec::new();
    let remarks: Vec<&str> = assessment.remarks.iter().map(|remark| remark.code).collect();
    if !assessment.is_usable() {
        let Some(reason) = said(&application.portrait_accepted) else {
            return Err(IssueError::PortraitQuality(Box::new(assessment)));
        };
        accepted.push(reason);
    }
    let mut detail = serde_json::Map::new();
    if !remarks.is_empty() {
        detail.insert("portrait".to_owned(), json!(remarks));
    }
    if let Some(taken) = &application.biometrics {
        let retakes = taken.capture.retakes();
        if !retakes.is_empty() {
            let Some(reason) = said(&taken.accepted) else {
                return Err(IssueError::PrintQuality(retakes));
            };
            accepted.push(reason);
        }
        // Which finger somebody lacks is nobody's business in a ledger that is never purged.
        let counts = json!({
            "prints": taken.capture.prints().len(), "poor": retakes.len(), "irises": taken.capture.irises().len(),
        });
        detail.insert("biometrics".to_owned(), counts);
    }
    let detail = if detail.is_empty() { Value::Null } else { Value::Object(detail) };
    Ok(Seen { accepted: (!accepted.is_empty()).then(|| accepted.join("; ")), detail })
}

/// What an approval is of: everything that the card will say of its holder, and what was asked for. The days of issue and
/// expiry follow from the day on which it is made.
#[must_use]
pub fn digest_of(card: &CardData, content: &str, taken: Option<&str>) -> String {
    let mut hash = Sha256::new();
    // A holder is texts and dates: it always has a JSON form.
    hash.update(serde_json::to_vec(&card.holder).unwrap_or_default());
    hash.update([0]);
    hash.update(content);
    if let Some(taken) = taken {
        hash.update([0]);
        hash.update(taken);
    }
    hex::encode(hash.finalize())
}
