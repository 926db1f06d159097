//! The rule.

use super::AccessStatus;

/// A right that terminal authentication gives (TR-03110-3 §C.4.1, inspection system).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TerminalRight {
    /// Read DG3, the fingerprints.
    ReadFingerprints,
    /// Read DG4, the irises.
    ReadIrises,
}

/// What must be proved before an operation (ISO/IEC 7816-4 §9.3; Doc 9303-10 §3.2, Doc 9303-11 §4).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccessCondition {
    /// Free.
    Always,
    /// Refused to everyone.
    Never,
    /// BAC or PACE, and secure messaging since (Doc 9303-11 §4.2).
    ChipAccess,
    /// Chip access, and terminal authentication with this right (Doc 9303-11 §7.1, TR-03110-1 §3.4).
    TerminalAuthenticated(TerminalRight),
    /// The personalizer's channel, SCP03 with the chip's transport keys, while the chip is not locked.
    PersonalizerAuthenticated,
    /// Every one of these.
    All(Vec<Self>),
}

impl AccessCondition {
    /// Whether what the session proved satisfies the rule.
    #[must_use]
    pub fn allows(&self, status: &AccessStatus) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::ChipAccess => status.opens_files(),
            Self::TerminalAuthenticated(right) => {
                status.opens_files() && status.terminal_rights.contains(right)
            }
            Self::PersonalizerAuthenticated => status.personalizer && !status.locked,
            // A rule is written by us, never read from a card: its nesting is the source's.
            Self::All(conditions) => conditions.iter().all(|condition| condition.allows(status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::ChipAccess;

    #[test]
    fn each_rule_wants_its_own_proof() {
        let nobody = AccessStatus::default();
        let citizen = AccessStatus { chip_access: Some(ChipAccess::PaceCan), ..AccessStatus::default() };
        let fingerprints = AccessCondition::TerminalAuthenticated(TerminalRight::ReadFingerprints);
        assert!(AccessCondition::Always.allows(&nobody));
        assert!(!AccessCondition::Never.allows(&citizen));
        assert!(!AccessCondition::ChipAccess.allows(&nobody));
        assert!(AccessCondition::ChipAccess.allows(&citizen));
        assert!(!fingerprints.allows(&citizen));

        let unblocker = AccessStatus { chip_access: Some(ChipAccess::PacePuk), ..AccessStatus::default() };
        assert!(!AccessCondition::ChipAccess.allows(&unblocker));

        let terminal =
            AccessStatus { terminal_rights: vec![TerminalRight::ReadFingerprints], ..citizen.clone() };
        assert!(fingerprints.allows(&terminal));
        assert!(!AccessCondition::TerminalAuthenticated(TerminalRight::ReadIrises).allows(&terminal));
        assert!(
            !AccessCondition::All(vec![AccessCondition::ChipAccess, AccessCondition::Never])
                .allows(&terminal)
        );
    }

    #[test]
    fn the_lock_ends_the_personalizer() {
        let mut status = AccessStatus { personalizer: true, ..AccessStatus::default() };
        assert!(AccessCondition::PersonalizerAuthenticated.allows(&status));
        status.locked = true;
        assert!(!AccessCondition::PersonalizerAuthenticated.allows(&status));
    }
}
