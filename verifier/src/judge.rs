//! Judging: evidence, trust, time and policy become findings, findings become one verdict.
//!
//! | module | checks |
//! |---|---|
//! | `passive` | `passive.*`: the signature, the digests, who signed |
//! | `deviation` | `passive.deviation`: what the issuing state says to be wrong in such documents |
//! | `leniency` | none: what was tolerated, told beside the findings |
//! | `chip` | `chip.*`: whether the chip is the one that was issued |
//! | `channel` | `access.*`, `secure-messaging.*` |
//! | `content` | `lds.*`, `document.*`, `holder.*` |
//! | `register` | `register.*` |
//!
//! Nothing here reads a clock, a file or a network.

mod channel;
mod chip;
pub(crate) mod content;
mod deviation;
pub(crate) mod facts;
mod leniency;
mod passive;
mod presented;
mod register;

pub use leniency::{Leniency, Place};
pub use presented::{Presented, PresentedQr};

use std::sync::LazyLock;

use cccd_keys::trust::{KnownSigners, TrustStore};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::evidence::{Evidence, Provenance};
use crate::finding::Finding;
use crate::policy::Policy;
use crate::register::RegisterReport;
use crate::report::{Document, TrustReport};
use crate::verdict::{Statements, Verdict};
use facts::Facts;

/// Everything a judgement depends on.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// What reading brought.
    pub evidence: &'a Evidence,
    /// Where it comes from.
    pub provenance: &'a Provenance,
    /// The nonce that this verifier issued for this reading, if it did.
    pub issued_nonce: Option<&'a [u8]>,
    /// Whom we believe.
    pub trust: &'a TrustStore,
    /// The time judged at.
    pub at: Timestamp,
    /// What else the bearer showed.
    pub presented: &'a Presented,
    /// What the register said.
    pub register: &'a RegisterReport,
    /// What is demanded.
    pub policy: &'a Policy,
}

impl<'a> Case<'a> {
    /// A card just read, judged by itself: nothing presented beside it, nobody asked, the default policy. The other
    /// fields are there to be set: `Case { policy: &mine, ..Case::new(&evidence, &trust, at) }`.
    #[must_use]
    pub fn new(evidence: &'a Evidence, trust: &'a TrustStore, at: Timestamp) -> Self {
        static NOTHING: LazyLock<Presented> = LazyLock::new(Presented::nothing);
        static NOBODY: LazyLock<RegisterReport> = LazyLock::new(RegisterReport::not_asked);
        static STRICT: LazyLock<Policy> = LazyLock::new(Policy::default);
        Self {
            evidence,
            provenance: &Provenance::Live,
            issued_nonce: None,
            trust,
            at,
            presented: &NOTHING,
            register: &NOBODY,
            policy: &STRICT,
        }
    }

    /// The day in Vietnam (UTC+7, no summer time) on which it is judged.
    pub(crate) fn day(&self) -> Date {
        vietnamese_day(self.at)
    }
}

/// The day in Vietnam at a time.
pub(crate) fn vietnamese_day(at: Timestamp) -> Date {
    jiff::tz::offset(7).to_datetime(at).date()
}

/// A card, judged.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Judgement {
    /// The time judged at.
    pub judged_at: Timestamp,
    /// Accepted, refused or undetermined, and which check decided.
    pub verdict: Verdict,
    /// What can be said, in four statements that are never merged, and whether the bearer was compared.
    pub statements: Statements,
    /// Every check, in the order in which they decide.
    pub findings: Vec<Finding>,
    /// What the card says about its holder, each value marked authentic or not.
    pub document: Document,
    /// What was tolerated in reading.
    pub leniencies: Vec<Leniency>,
    /// Who vouches, and how fresh that is.
    pub trust: TrustReport,
    /// How the card is known: hex SHA-256 of its EF.SOD.
    pub sod_sha256: Option<String>,
    /// When it was read.
    pub read_at: Timestamp,
    /// Where the evidence comes from.
    pub provenance: Provenance,
}

/// Judges a card.
#[must_use]
pub fn judge(case: &Case<'_>) -> Judgement {
    judge_facts(case, &Facts::gather(case, None))
}

/// Judges one of many cards: as [`judge`], to the same judgement, but signers that were met before under `case.trust` are
/// neither searched for nor computed with from the beginning. It serves all threads; known signers of another trust
/// store are not used.
#[must_use]
pub fn judge_among(case: &Case<'_>, known: &KnownSigners<'_>) -> Judgement {
    let known = Some(known).filter(|known| std::ptr::eq(known.trust(), case.trust));
    judge_facts(case, &Facts::gather(case, known))
}

fn judge_facts(case: &Case<'_>, facts: &Facts) -> Judgement {
    let mut findings = passive::findings(case, facts);
    findings.push(deviation::finding(case, facts));
    findings.extend(chip::findings(case, facts));
    findings.extend(content::findings(case, facts));
    findings.extend(channel::findings(case, facts));
    findings.extend(register::findings(case));
    findings.sort_by_key(|finding| finding.check);
    let own = facts.is_own(case);
    let verdict = Verdict::of(&findings, own, case.evidence.complete, case.policy);
    Judgement {
        judged_at: case.at,
        verdict,
        statements: Statements::of(&findings),
        document: Document::of(case, facts, &findings),
        leniencies: leniency::leniencies(facts),
        trust: TrustReport::of(case, facts),
        findings,
        sod_sha256: case.evidence.sod_sha256().map(hex::encode),
        read_at: case.evidence.read_at,
        provenance: case.provenance.clone(),
    }
}
