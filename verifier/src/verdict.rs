//! One verdict from many findings: a table, a priority, four statements.
//!
//! **Refused** if any check failed, or if a card of our own profile was read whole and its chip offers neither proof.
//! **Undetermined** if something that the verdict rests on is missing, stale or unknown. Else **accepted**.
//! `docs/verdict.md` has the table; `tests/it/verdict_rule.rs` holds it.

use serde::Serialize;

use crate::finding::{Check, Finding, Reason, Status, coded};
use crate::policy::{Policy, RegisterDemand};

coded! {
    /// What follows from the findings.
    pub enum Decision {
        /// Nothing speaks against the card, and everything needed speaks for it.
        Accepted = "accepted",
        /// Something speaks against the card.
        Refused = "refused",
        /// Nothing speaks against it, and not everything needed speaks for it.
        Undetermined = "undetermined",
    }
}

impl Decision {
    /// The exit code of programs: 0, 1 or 4.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Accepted => 0,
            Self::Refused => 1,
            Self::Undetermined => 4,
        }
    }
}

/// The verdict, and what decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Accepted, refused or undetermined.
    pub decision: Decision,
    /// The check that decided: of several, the first in the order of [`Check`]. `None` when the card is accepted: all
    /// of them did.
    pub decided_by: Option<Check>,
    /// Its reason.
    pub reason: Option<Reason>,
}

/// What one finding does to the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The card is refused.
    Refuse,
    /// The card cannot be accepted.
    Withhold,
    /// Nothing.
    None,
}

/// What one finding does to the verdict, by itself.
#[must_use]
pub fn effect(finding: &Finding, policy: &Policy) -> Effect {
    match (finding.status, finding.reason) {
        (Status::Passed | Status::NotApplicable, _) => Effect::None,
        (Status::Failed, _) => Effect::Refuse,
        // A transcript that is not fresh says nothing; the other proof may be. Whether there is one, the whole rule says.
        (Status::Inconclusive, Some(Reason::NotFresh)) if CHIP.contains(&finding.check) => Effect::None,
        (Status::Inconclusive, _) => Effect::Withhold,
        (Status::Unavailable, reason) => match (finding.check, reason) {
            // Optional: what was not shown, not read by choice, or not compared decides nothing.
            (Check::HolderPortrait | Check::TerminalAuthentication, _)
            | (Check::DocumentQr, Some(Reason::NotPresented))
            | (Check::ComSodConsistent, Some(Reason::NotRead)) => Effect::None,
            (Check::RegisterMatch | Check::RegisterCardStatus, Some(Reason::NotAsked))
                if policy.register == RegisterDemand::WhenAsked =>
            {
                Effect::None
            }
            // One proof of the chip is enough; whether there is one, the whole rule says.
            (check, Some(Reason::ProtocolNotUsed)) if CHIP.contains(&check) => Effect::None,
            _ => Effect::Withhold,
        },
    }
}

impl Verdict {
    /// Decides. `own` says whether the card is of our own profile, `complete` whether it was read whole.
    #[must_use]
    pub fn of(findings: &[Finding], own: bool, complete: bool, policy: &Policy) -> Self {
        let first = |wanted: Effect| {
            findings
                .iter()
                .filter(|finding| effect(finding, policy) == wanted)
                .min_by_key(|finding| finding.check)
        };
        let by = |decision, finding: &Finding| Self {
            decision,
            decided_by: Some(finding.check),
            reason: finding.reason,
        };
        if let Some(finding) = first(Effect::Refuse) {
            return by(Decision::Refused, finding);
        }
        let withheld = first(Effect::Withhold);
        if let Some(unproven) = unproven_chip(findings) {
            // A card of ours always offers a proof: one that offers none, or was never asked though it was read whole.
            if own && complete && offers_nothing(findings) {
                return by(Decision::Refused, unproven);
            }
            let decisive = withheld.filter(|finding| finding.check < unproven.check).unwrap_or(unproven);
            return by(Decision::Undetermined, decisive);
        }
        match withheld {
            Some(finding) => by(Decision::Undetermined, finding),
            None if !complete => Self {
                decision: Decision::Undetermined,
                decided_by: Some(Check::DataGroupHashes),
                reason: Some(Reason::DataGroupNotRead),
            },
            None => Self { decision: Decision::Accepted, decided_by: None, reason: None },
        }
    }
}

const CHIP: [Check; 3] =
    [Check::ChipAuthentication, Check::ActiveAuthentication, Check::PaceChipAuthenticationMapping];

/// The first chip finding, if none of them passed.
fn unproven_chip(findings: &[Finding]) -> Option<&Finding> {
    let mut chip = findings.iter().filter(|finding| CHIP.contains(&finding.check));
    if chip.clone().any(Finding::is_passed) {
        return None;
    }
    // Something that is wrong or missing tells more than something that is not offered.
    let telling = chip.clone().find(|finding| finding.status != Status::NotApplicable);
    telling.or_else(|| chip.next())
}

/// Whether the chip offers no proof that could have been taken.
fn offers_nothing(findings: &[Finding]) -> bool {
    findings.iter().filter(|finding| CHIP.contains(&finding.check)).all(|finding| {
        matches!(
            (finding.status, finding.reason),
            (Status::NotApplicable, _) | (Status::Unavailable, Some(Reason::ProtocolNotUsed))
        )
    })
}

coded! {
    /// Whether the data are those that an issuer signed.
    pub enum DataStatement {
        /// Signed by an issuer that we know.
        Authentic = "authentic",
        /// Whole and signed, the issuer is not known to us.
        Intact = "intact",
        /// Altered, or signed by somebody who may not.
        NotAuthentic = "not-authentic",
        /// It cannot be said.
        Unknown = "unknown",
    }
}

coded! {
    /// Whether the chip is the one that was issued.
    pub enum ChipStatement {
        /// It showed that it holds a key that its issuer signed.
        Genuine = "genuine",
        /// It holds none of the keys that it should.
        Copy = "copy",
        /// It was not shown: not offered, not asked, or not in a way that counts.
        NotShown = "not-shown",
    }
}

coded! {
    /// Who vouches, and how fresh that is.
    pub enum TrustStatement {
        /// A known issuer, and a fresh list of what it revoked.
        Known = "known",
        /// A known issuer; its list of what it revoked is missing or old.
        Stale = "stale",
        /// The issuer is not known to us.
        Unknown = "unknown",
        /// The signer may not vouch for this card: revoked, expired, of another country or of nobody.
        NotTrusted = "not-trusted",
    }
}

coded! {
    /// What the register says.
    pub enum RegisterStatement {
        /// The card is active, and the person is known if asked for.
        Agrees = "agrees",
        /// The card is not active, or the person is not confirmed.
        Disagrees = "disagrees",
        /// It was asked and not heard, or does not know the card.
        NotHeard = "not-heard",
        /// Nobody asked.
        NotAsked = "not-asked",
    }
}

coded! {
    /// Whether a person compared the bearer with the portrait.
    pub enum BearerStatement {
        /// A person did, and it is the same.
        Same = "same",
        /// A person did, and it is another.
        Different = "different",
        /// Nobody did.
        NotCompared = "not-compared",
    }
}

/// Four statements that are never merged into one flag, and whether the bearer was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statements {
    /// Data authentic.
    pub data: DataStatement,
    /// Chip genuine.
    pub chip: ChipStatement,
    /// Trust known.
    pub trust: TrustStatement,
    /// Register agrees.
    pub register: RegisterStatement,
    /// Whether the bearer was compared.
    pub bearer: BearerStatement,
}

impl Statements {
    /// What the findings say.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Self {
        let find = |check: Check| findings.iter().find(|finding| finding.check == check);
        let passed = |check: Check| find(check).is_some_and(Finding::is_passed);
        let failed = |check: Check| find(check).is_some_and(Finding::is_failed);
        let signer = [
            Check::SignerChain,
            Check::SignerCountry,
            Check::SignerDocumentType,
            Check::SignerValidity,
            Check::Revocation,
        ];
        let refused_signer = signer.into_iter().any(failed);
        let known_signer = passed(Check::SignerChain);
        let whole = passed(Check::SodSignature) && passed(Check::DataGroupHashes);
        let data = if failed(Check::SodSignature) || failed(Check::DataGroupHashes) || refused_signer {
            DataStatement::NotAuthentic
        } else if whole && known_signer {
            DataStatement::Authentic
        } else if whole {
            DataStatement::Intact
        } else {
            DataStatement::Unknown
        };
        let chip = if CHIP.into_iter().any(failed) {
            ChipStatement::Copy
        } else if CHIP.into_iter().any(passed) && data == DataStatement::Authentic {
            // A key that nobody known signed shows only that the chip holds the key it brought along.
            ChipStatement::Genuine
        } else {
            ChipStatement::NotShown
        };
        let trust = if refused_signer {
            TrustStatement::NotTrusted
        } else if known_signer && passed(Check::Revocation) {
            TrustStatement::Known
        } else if known_signer {
            TrustStatement::Stale
        } else {
            TrustStatement::Unknown
        };
        let register = [Check::RegisterCardStatus, Check::RegisterMatch];
        let not_asked =
            |check: Check| find(check).is_none_or(|finding| finding.reason == Some(Reason::NotAsked));
        let register = if register.into_iter().any(failed) {
            RegisterStatement::Disagrees
        } else if register.into_iter().all(not_asked) {
            RegisterStatement::NotAsked
        } else if register.into_iter().all(|check| passed(check) || not_asked(check)) {
            RegisterStatement::Agrees
        } else {
            RegisterStatement::NotHeard
        };
        let bearer = match find(Check::HolderPortrait).map(|finding| finding.status) {
            Some(Status::Passed) => BearerStatement::Same,
            Some(Status::Failed) => BearerStatement::Different,
            _ => BearerStatement::NotCompared,
        };
        Self { data, chip, trust, register, bearer }
    }
}
