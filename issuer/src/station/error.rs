//! Why a card was not issued, and what the officer can do.

use cccd_keys::store::StoreError;
use cccd_keys::transport_keys::ChipSerial;
use cccd_population::card::CardStatus;

use crate::application::{PortraitError, Refusal, State};
use crate::capture::{CaptureError, PrintRemark};
use crate::issuance::IssuanceError;
use crate::ledger::{ApplicationId, LedgerError};
use crate::personalize::DriverError;
use crate::portrait_quality::Assessment;
use crate::register::RegisterError;
use crate::stock::StockError;

/// Why a card was not issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The portrait.
    #[error(transparent)]
    Portrait(#[from] PortraitError),
    /// The portrait can be decoded and should be taken again, and no officer said why it is good enough.
    #[error("the portrait must be taken again: {}", retakes(.0))]
    PortraitQuality(Box<Assessment>),
    /// Prints that should be taken again, and no officer said why they are good enough.
    #[error("{}", poor_prints(.0))]
    PrintQuality(Vec<PrintRemark>),
    /// What was taken is no capture, or may not be taken.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// Prints were taken and sealed with this application; they were not given here.
    #[error("prints were taken with application {0}: give the sealed ones")]
    PrintsMissing(ApplicationId),
    /// The model that finds faces is damaged: a broken build.
    #[error("the model that finds faces cannot be read: {0}")]
    FaceModel(std::io::Error),
    /// A rule forbids it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The register.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The stock: a statement of a blank's keys that does not hold.
    #[error(transparent)]
    Stock(#[from] StockError),
    /// The request of this name was answered, and its application is over.
    #[error("the request of this name was answered before: application {0} is {1}")]
    Closed(ApplicationId, State),
    /// The register has withdrawn the card that was to be handed over.
    #[error("this card is out of use: {}", .0.as_str())]
    OutOfUse(CardStatus),
    /// Nobody but the officer who captured it has seen it.
    #[error("application {0} waits for another officer's approval")]
    NotApproved(ApplicationId),
    /// What would be printed is not what was captured.
    #[error("the register's word about this person changed since the application was captured")]
    ChangedSinceCapture,
    /// The bytes of the card.
    #[error(transparent)]
    Issuance(#[from] IssuanceError),
    /// No Document Signer may sign this card; nothing was begun.
    #[error("nobody may sign this card: {0}")]
    Signer(StoreError),
    /// The chip cannot be reached or opened; nothing was written to it.
    #[error(transparent)]
    Chip(DriverError),
    /// No citizen may get a card of this kind of blank.
    #[error("a card by the driver {0} is for the laboratory only: its keys and data travel in clear")]
    LaboratoryOnly(&'static str),
    /// These keys are for cards of citizens only.
    #[error("the key store is for production, and {0} is of a laboratory")]
    ProductionKeys(&'static str),
    /// Something is on the chip.
    #[error("the chip {serial} is not blank: {what}")]
    NotBlank {
        /// Which chip.
        serial: ChipSerial,
        /// What it is.
        what: &'static str,
    },
    /// The chip belongs to an application in this ledger.
    #[error("the chip {serial} was used before: its application is {state}")]
    ChipUsed {
        /// Which chip.
        serial: ChipSerial,
        /// Where that stands.
        state: State,
    },
    /// The interrupted application has another chip.
    #[error("this application was interrupted on the chip {expected}, but {found} lies in the reader")]
    OtherChip {
        /// The ledger's.
        expected: ChipSerial,
        /// The reader's.
        found: ChipSerial,
    },
    /// Interrupted: the next run asks the chip and goes on.
    #[error("the card was not finished: {0}")]
    InDoubt(String),
    /// The officer stopped it at a safe point.
    #[error("stopped at a safe point; the card is not finished")]
    Stopped,
    /// The chip is given up.
    #[error("the chip {serial} is spoiled: {reason}")]
    Spoiled {
        /// Which chip.
        serial: ChipSerial,
        /// Why.
        reason: String,
    },
}

/// What is wrong and what to do about it.
fn retakes(assessment: &Assessment) -> String {
    let each: Vec<String> = assessment.retakes().map(|remark| remark.english.clone()).collect();
    each.join(" ")
}

fn poor_prints(remarks: &[PrintRemark]) -> String {
    let each: Vec<String> = remarks
        .iter()
        .map(|remark| {
            let advice = remark.quality.advice.map_or("take it again", |advice| advice.english());
            format!("{}: score {}, {advice}", remark.finger, remark.quality.score)
        })
        .collect();
    format!("prints must be taken again: {}", each.join("; "))
}

impl IssueError {
    /// The stable code of machine-readable output.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Portrait(PortraitError::Missing) => "portrait-missing",
            Self::Portrait(PortraitError::NotAnImage) => "portrait-no-image",
            Self::Portrait(_) => "portrait-unusable",
            Self::PortraitQuality(_) => "portrait-retake",
            Self::PrintQuality(_) => "prints-retake",
            Self::Capture(error) => error.code(),
            Self::PrintsMissing(_) => "prints-missing",
            Self::FaceModel(_) => "face-model",
            Self::Refused(refusal) => refusal.code(),
            Self::Register(RegisterError::Refused(_)) => "register-refused",
            Self::Register(RegisterError::UnknownCard) => "unknown-card",
            Self::Register(RegisterError::Token(_)) => "register-token",
            Self::Register(_) => "register-unreachable",
            Self::Ledger(LedgerError::OtherApplicationOpen) => "other-application-open",
            Self::Ledger(LedgerError::Transition(_)) => "state-forbids",
            Self::Ledger(LedgerError::InUse) => "ledger-in-use",
            Self::Ledger(LedgerError::Older(_)) => "ledger-older",
            Self::Ledger(LedgerError::SameOfficer) => "same-officer",
            Self::Ledger(LedgerError::ReasonMissing(_)) => "reason-missing",
            Self::Ledger(LedgerError::Unknown(_)) => "unknown-application",
            Self::Ledger(LedgerError::RequestReused) => "request-reused",
            Self::Ledger(LedgerError::NotInStock { .. }) => "not-in-stock",
            Self::Ledger(error) if error.is_disk_full() => "ledger-full",
            Self::Ledger(_) => "ledger-failed",
            Self::Stock(error) => error.code(),
            Self::Closed(..) => "request-answered",
            Self::OutOfUse(_) => "card-not-active",
            Self::NotApproved(_) => "approval-missing",
            Self::ChangedSinceCapture => "changed-since-capture",
            Self::Issuance(_) => "card-not-buildable",
            Self::Signer(error) => error.code(),
            Self::Chip(DriverError::Link(_)) => "card-lost",
            Self::Chip(DriverError::WrongKeys | DriverError::UnknownKeys(_)) => "chip-keys",
            Self::Chip(DriverError::TestKeys) => "production-keys",
            Self::Chip(DriverError::Token(error)) => error.code(),
            Self::Chip(_) => "no-blank-of-ours",
            Self::LaboratoryOnly(_) => "laboratory-only",
            Self::ProductionKeys(_) => "production-keys",
            Self::NotBlank { .. } => "chip-not-blank",
            Self::ChipUsed { .. } => "chip-used",
            Self::OtherChip { .. } => "other-chip",
            Self::InDoubt(_) => "in-doubt",
            Self::Stopped => "stopped",
            Self::Spoiled { .. } => "chip-spoiled",
        }
    }

    /// The ledger has no room: nothing can be noted any more.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Ledger(error) if error.is_disk_full())
    }

    /// A rule refuses (exit 1), as opposed to something that could not be done (exit 3).
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Refused(_)
                | Self::Portrait(_)
                | Self::PortraitQuality(_)
                | Self::PrintQuality(_)
                | Self::Capture(_)
                | Self::PrintsMissing(_)
                | Self::Register(RegisterError::Refused(_))
                | Self::LaboratoryOnly(_)
                | Self::ProductionKeys(_)
                | Self::Chip(DriverError::TestKeys)
                | Self::NotBlank { .. }
                | Self::ChipUsed { .. }
                | Self::OtherChip { .. }
                | Self::OutOfUse(_)
                | Self::Closed(..)
                | Self::NotApproved(_)
                | Self::ChangedSinceCapture
                | Self::Ledger(
                    LedgerError::OtherApplicationOpen
                        | LedgerError::Transition(_)
                        | LedgerError::SameOfficer
                        | LedgerError::ReasonMissing(_)
                        | LedgerError::Unknown(_)
                        | LedgerError::RequestReused
                        | LedgerError::NotInStock { .. }
                )
        )
    }
}
