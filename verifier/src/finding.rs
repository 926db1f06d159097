//! What one check found: a status, a stable reason, and what it proves and does not prove.
//!
//! | module | what |
//! |---|---|
//! | [`Check`] | the closed list of checks, in the order in which they decide |
//! | [`Status`] | passed, failed, inconclusive, not applicable, unavailable |
//! | [`Reason`] | why not passed: stable kebab-case codes |

mod check;
mod reason;

pub use check::Check;
pub use reason::Reason;

use serde::Serialize;

/// Declares an enum whose variants have stable codes.
macro_rules! coded {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every one, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// By its code.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.code())
            }
        }
    };
}
pub(crate) use coded;

coded! {
    /// How a check ended. "Not offered by the card" is never failed, "not checked" is never passed.
    pub enum Status {
        /// It was done and holds.
        Passed = "passed",
        /// It was done and does not hold.
        Failed = "failed",
        /// It was tried and nothing follows, either way.
        Inconclusive = "inconclusive",
        /// The card or the way of reading does not have it.
        NotApplicable = "not_applicable",
        /// What it needs was not there.
        Unavailable = "unavailable",
    }
}

coded! {
    /// Under which circumstance a check was made, where that changes what it proves.
    pub enum Scope {
        /// Only the chip's own machine readable zone was looked at.
        ChipOnly = "chip-only",
        /// The printed machine readable zone was compared too.
        OpticalCompared = "optical-compared",
        /// The answer of the chip was seen by this reader, now.
        HereAndNow = "here-and-now",
        /// A trusted reading station vouches that it saw the chip.
        StationSigned = "station-signed",
        /// The chip answered a challenge that this verifier had issued.
        ChallengeOfVerifier = "challenge-of-verifier",
        /// The portrait was not kept in the evidence: its digest alone was compared.
        PortraitWithheld = "portrait-withheld",
    }
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check.
    pub check: Check,
    /// How it ended.
    pub status: Status,
    /// Why it did not pass; `None` when it passed.
    pub reason: Option<Reason>,
    /// Where it was made under a circumstance that changes what it proves.
    pub scope: Option<Scope>,
    /// Facts for a person who looks closer: numbers of data groups, dates, names of fields. Never their values.
    pub detail: Option<String>,
}

impl Finding {
    /// It holds.
    #[must_use]
    pub fn passed(check: Check) -> Self {
        Self { check, status: Status::Passed, reason: None, scope: None, detail: None }
    }

    /// It does not hold.
    #[must_use]
    pub fn failed(check: Check, reason: Reason) -> Self {
        Self { status: Status::Failed, reason: Some(reason), ..Self::passed(check) }
    }

    /// Nothing follows.
    #[must_use]
    pub fn inconclusive(check: Check, reason: Reason) -> Self {
        Self { status: Status::Inconclusive, reason: Some(reason), ..Self::passed(check) }
    }

    /// There is no such thing here.
    #[must_use]
    pub fn not_applicable(check: Check, reason: Reason) -> Self {
        Self { status: Status::NotApplicable, reason: Some(reason), ..Self::passed(check) }
    }

    /// What it needs was not there.
    #[must_use]
    pub fn unavailable(check: Check, reason: Reason) -> Self {
        Self { status: Status::Unavailable, reason: Some(reason), ..Self::passed(check) }
    }

    /// With facts for a person.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Under this circumstance.
    #[must_use]
    pub fn in_scope(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Whether it passed.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.status == Status::Passed
    }

    /// Whether it failed.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.status == Status::Failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_kebab_case_unique_and_found_again() {
        let codes: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            assert!(reason.code().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{reason}");
            assert_eq!(Reason::from_code(reason.code()), Some(*reason));
        }
        assert_eq!(Check::from_code("no-such-check"), None);
    }

    #[test]
    fn the_checks_are_those_of_the_design() {
        let mut codes: Vec<&str> = Check::ALL.iter().map(|check| check.code()).collect();
        codes.sort_unstable();
        assert_eq!(
            codes,
            [
                "access.bac",
                "access.downgrade",
                "access.pace",
                "access.terminal-authentication",
                "chip.active-authentication",
                "chip.chip-authentication",
                "chip.pace-cam",
                "document.expiry",
                "document.mrz",
                "document.qr",
                "holder.portrait",
                "lds.card-access-authentic",
                "lds.com-sod-consistent",
                "lds.dg-consistent",
                "passive.deviation",
                "passive.dg-hashes",
                "passive.revocation",
                "passive.signer-chain",
                "passive.signer-country",
                "passive.signer-document-type",
                "passive.signer-validity",
                "passive.sod-signature",
                "register.card-status",
                "register.match",
                "secure-messaging.integrity",
            ]
        );
    }
}
