//! Writing a blank chip: the secure channel [`scp03`] and the commands between blank and locked.
//!
//! Doc 9303-10 §4.5.1 leaves personalisation open. Ours: FCP files of ISO/IEC 7816-9, key pairs made on the chip
//! (ISO/IEC 7816-8), access keys by PUT DATA, `GlobalPlatform`'s SCP03 around all of it, ACTIVATE FILE as the lock.
//! Each command has its builder for the station and its parser for the chip, side by side.

pub mod commands;
pub mod keys;
pub mod scp03;

pub use commands::{
    AccessKeys, CreateFile, KeyReference, TerminalTrust, TrustPlace, activate_file, create_file, delete_file,
    generate_key_pair, put_access_key, put_can, put_current_date, put_key, put_trust_point,
    select_application, select_file, update_binary, update_binary_odd,
};
pub use keys::{KeyVersion, StaticKeys};

/// The eMRTD application (Doc 9303-10 §4.1).
pub const APPLICATION_ID: [u8; 7] = [0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01];

/// The steps of personalising one chip, in their order: names for progress, the ledger and the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PersonalizationStep {
    /// SELECT the application.
    Select,
    /// INITIALIZE UPDATE and EXTERNAL AUTHENTICATE.
    OpenChannel,
    /// CREATE FILE for every EF.
    CreateFiles,
    /// GENERATE ASYMMETRIC KEY PAIR for Active and Chip Authentication.
    GenerateKeys,
    /// DG14, DG15 and EF.SOD are built, signed and checked.
    SignSecurityObject,
    /// UPDATE BINARY, EF.SOD last.
    WriteFiles,
    /// PUT DATA of the document number, birth, expiry and the CAN; of CVCA keys and current date where the issuer has a
    /// CVCA.
    PutAccessKeys,
    /// Everything is read back through the citizen's interface.
    ReadBack,
    /// PUT KEY: the blank's transport keys are replaced.
    ReplaceTransportKeys,
    /// ACTIVATE FILE.
    Lock,
    /// Commands that must be refused now are.
    ProbeLock,
}

impl PersonalizationStep {
    /// All of them, in order.
    pub const ALL: [Self; 11] = [
        Self::Select,
        Self::OpenChannel,
        Self::CreateFiles,
        Self::GenerateKeys,
        Self::SignSecurityObject,
        Self::WriteFiles,
        Self::PutAccessKeys,
        Self::ReadBack,
        Self::ReplaceTransportKeys,
        Self::Lock,
        Self::ProbeLock,
    ];

    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::OpenChannel => "open-channel",
            Self::CreateFiles => "create-files",
            Self::GenerateKeys => "generate-keys",
            Self::SignSecurityObject => "sign-security-object",
            Self::WriteFiles => "write-files",
            Self::PutAccessKeys => "put-access-keys",
            Self::ReadBack => "read-back",
            Self::ReplaceTransportKeys => "replace-transport-keys",
            Self::Lock => "lock",
            Self::ProbeLock => "probe-lock",
        }
    }

    /// By its stable name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_stable_and_distinct() {
        for step in PersonalizationStep::ALL {
            assert_eq!(PersonalizationStep::from_name(step.name()), Some(step));
        }
        assert!(PersonalizationStep::ALL.is_sorted());
    }
}
