//! Cases: what the register cannot settle by itself. Two sources contradict each other, an act contradicts what is known,
//! two records may be one person. An officer decides with a reason; the decision changes the register in the transaction
//! in which it is written down. docs/civil-status.md has the whole.
//!
//! | module | what |
//! |---|---|
//! | [`mod@merge`] | two records of one person become one, and every record around them follows |
//! | [`mod@settle`] | contradicting facts are settled as decided |
//!
//! A case is named by what it is about, so opening it again opens nothing, and what was decided is not asked again.

pub mod merge;
pub mod settle;

use core::fmt;
use core::str::FromStr;
use std::collections::{BTreeMap, BTreeSet};

use cccd_card_profile::card_holder::BirthDate;
use cccd_card_profile::personal_number::PersonalNumber;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::civil_status::ActId;
use crate::name;
use crate::person::words;
use crate::quality::conflict::{Conflict, Standing};

/// The name of a case: `C` and 16 hexadecimal digits of a digest of its subject. Says nothing about anybody by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct CaseId(String);

/// Text that names no case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a case is named C and 16 hexadecimal digits")]
pub struct NotACaseId;

impl CaseId {
    fn of(parts: &[&str]) -> Self {
        let mut hash = Sha256::new().chain_update(b"cccd-case-v1");
        for part in parts {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            hash = hash.chain_update(length.to_be_bytes()).chain_update(part);
        }
        Self(format!("C{}", hex::encode(hash.finalize().get(..8).unwrap_or_default())))
    }

    /// The case about an act that contradicts the register.
    #[must_use]
    pub fn of_act(act: &ActId) -> Self {
        Self::of(&["act", &act.to_string()])
    }

    /// The case about two records that may be one person, in whatever order they are named.
    #[must_use]
    pub fn of_pair(one: &PersonalNumber, other: &PersonalNumber) -> Self {
        let (first, second) = if one <= other { (one, other) } else { (other, one) };
        Self::of(&["pair", first.as_str(), second.as_str()])
    }

    /// The case about a person's contradicting facts; `round` counts those that were closed before.
    #[must_use]
    pub fn of_facts(number: &PersonalNumber, round: usize) -> Self {
        Self::of(&["facts", number.as_str(), &round.to_string()])
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A number for the messages of a decision, whose acts have serials.
    pub(crate) fn serial(&self) -> u32 {
        self.0.get(1..9).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0).max(1)
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for CaseId {
    type Err = NotACaseId;

    fn from_str(text: &str) -> Result<Self, NotACaseId> {
        let digits = text.strip_prefix('C').ok_or(NotACaseId)?;
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if digits.len() == 16 && digits.bytes().all(hex) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotACaseId)
        }
    }
}

/// What kind of question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaseKind {
    /// Sources say different things of one person: one case, however many papers and items.
    Facts,
    /// An act contradicts the register.
    Act,
    /// Two records may be one person's.
    Pair,
}

words!(CaseKind, Facts = "facts", Act = "act", Pair = "pair");

/// How far a case is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaseState {
    /// Waits for an officer.
    Open,
    /// Waits for papers that an officer has asked for.
    Papers,
    /// Decided.
    Decided,
    /// Another decision has changed whom it is about.
    Overtaken,
}

words!(CaseState, Open = "open", Papers = "papers", Decided = "decided", Overtaken = "overtaken");

/// One line of the evidence that two records are one person's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairEvidence {
    /// The item.
    pub item: String,
    /// What was found.
    pub finding: String,
    /// For one person if positive, in tenths of a bit.
    pub bits: i32,
}

/// What a case is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A conflict for each item.
    Facts(Vec<Conflict>),
    /// Which act, and what it contradicts ([`crate::civil_status::Contradiction::code`]).
    Act {
        /// The act.
        act: ActId,
        /// The code.
        contradicts: String,
    },
    /// The evidence.
    Pair {
        /// Its sum, in tenths of a bit.
        bits: i32,
        /// Item by item.
        evidence: Vec<PairEvidence>,
    },
}

impl Case {
    /// Whether it is grounds for looking: it waits for a decision and, where somebody is named, is about them.
    #[must_use]
    pub fn stands_for(&self, number: Option<&PersonalNumber>) -> bool {
        matches!(self.state, CaseState::Open | CaseState::Papers)
            && number.is_none_or(|number| self.persons.contains(number))
    }
}

impl Subject {
    /// The kind of the case.
    #[must_use]
    pub fn kind(&self) -> CaseKind {
        match self {
            Self::Facts(_) => CaseKind::Facts,
            Self::Act { .. } => CaseKind::Act,
            Self::Pair { .. } => CaseKind::Pair,
        }
    }
}

/// What an officer decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// What the register says holds; an act goes back to its office.
    Keep,
    /// Of facts: for the items named here the claim at that place (from 0) holds, what is known for the others. Of an act:
    /// it holds, and is taken now.
    Take(BTreeMap<String, usize>),
    /// One person: their record goes on under this number, the other one is cancelled. For the items named here the
    /// ending record is right.
    Merge {
        /// The number that stays.
        keep: PersonalNumber,
        /// Items taken from the record that ends.
        take: BTreeSet<String>,
    },
    /// Two people indeed. Of two records: never asked again. Of facts: what came belongs to somebody else. Of a birth that
    /// seemed to be registered: another child, and it is registered now.
    TwoPeople,
    /// Papers are asked for; the case waits.
    Papers,
}

impl Verdict {
    /// The stable word.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Take(_) => "take",
            Self::Merge { .. } => "merge",
            Self::TwoPeople => "two-people",
            Self::Papers => "papers",
        }
    }
}

/// A decision: what, who, why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// What.
    pub verdict: Verdict,
    /// Who decides.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What a paper that an office saw says of a person; what it does not say is not compared.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperClaim {
    /// Which paper: "birth certificate 12/1999 of Xã Mẫu".
    pub paper: String,
    /// The name on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// The date of birth on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<BirthDate>,
}

impl fmt::Debug for PaperClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaperClaim").finish_non_exhaustive()
    }
}

impl PaperClaim {
    /// The items in which it differs from what is known; names are compared as Vietnamese names are.
    #[must_use]
    pub fn differs(&self, full_name: &str, birth_date: BirthDate) -> Vec<&'static str> {
        let name = self.full_name.as_deref().is_some_and(|said| !name::agree(said, full_name));
        let birth = self.birth_date.is_some_and(|said| said != birth_date);
        [("full_name", name), ("birth_date", birth)]
            .into_iter()
            .filter_map(|(item, differs)| differs.then_some(item))
            .collect()
    }
}

/// A case as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Which.
    pub id: CaseId,
    /// How far.
    pub state: CaseState,
    /// Whom it is about: one person, or two.
    pub persons: Vec<PersonalNumber>,
    /// The province of the office; empty if not known.
    pub province: String,
    /// The ward of the office; empty if not known.
    pub ward: String,
    /// What it is about.
    pub subject: Subject,
    /// How it was decided.
    pub ruling: Option<Ruling>,
    /// Since when.
    pub opened_at: Timestamp,
    /// When something was last done.
    pub changed_at: Timestamp,
}

/// One thing that was done in a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseAction {
    /// Counts from 1.
    pub position: u32,
    /// `opened`, `claimed`, `papers`, `decided` or `overtaken`.
    pub action: String,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// What becomes of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruled {
    /// Carried out now; the number is the one that an act of birth was given by it.
    Done {
        /// Of a newborn.
        number: Option<PersonalNumber>,
    },
    /// The same decision was carried out before.
    Repeat,
}

/// How a store takes persons in from a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intake {
    /// How much the source's word counts: records are joined with what is known, contradictions become cases. `None`: what
    /// comes replaces what is known.
    pub standing: Option<Standing>,
    /// Who brings them in.
    pub by: String,
    /// How old the source's word is, if it is older than its coming in: what the register learnt since then stays.
    pub as_of: Option<Timestamp>,
    /// Whether a newcomer is compared with those who are known already.
    pub duplicates: bool,
}

impl Standing {
    /// The standing of a source by the words that the register keeps of it: `act:…` and `case:…` are decisions,
    /// `bundle:…` are signed forms, `keeper:…` is a ministry's word of its own people, `import:declared:…` and `import:proven:…` say theirs, everything else was carried over.
    #[must_use]
    pub fn of_source(source: &str) -> Self {
        match source.split_once(':') {
            Some(("act" | "case" | "event", _)) => Self::Act,
            // A station without a line takes forms that are signed.
            Some(("bundle", _)) => Self::Declared,
            Some(("import", rest)) if rest.starts_with("declared:") => Self::Declared,
            Some(("import", rest)) if rest.starts_with("proven:") => Self::Proven,
            // A ministry's word of its own people.
            Some(("keeper", _)) => Self::Proven,
            Some(("import", rest)) if rest.starts_with("act:") => Self::Act,
            _ => Self::Carried,
        }
    }

    /// The word in a source's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Carried => "carried",
            Self::Declared => "declared",
            Self::Proven => "proven",
            Self::Act => "act",
        }
    }
}
