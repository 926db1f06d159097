//! The elementary files of the profile.

use super::{FileId, ShortFileId};
use crate::access::{AccessCondition, TerminalRight};
use crate::lds::DataGroupNumber;

/// Where a file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parent {
    /// The master file.
    MasterFile,
    /// The LDS1 eMRTD application, [`super::Aid::LDS1`].
    Lds1,
}

/// An elementary file of the card: each variant is one row of the module's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ElementaryFile {
    /// EF.ATR/INFO.
    AtrInfo,
    /// EF.DIR.
    Dir,
    /// EF.CardAccess.
    CardAccess,
    /// EF.CardSecurity.
    CardSecurity,
    /// EF.COM.
    Com,
    /// EF.SOD.
    Sod,
    /// EF.CVCA: the CVCA keys that the chip knows, by name.
    Cvca,
    /// EF.DG1 … EF.DG16.
    DataGroup(DataGroupNumber),
}

/// The files that every CCCD has, in the order in which a personalizer creates them.
pub const CCCD_FILES: [ElementaryFile; 10] = [
    ElementaryFile::AtrInfo,
    ElementaryFile::CardAccess,
    ElementaryFile::Com,
    ElementaryFile::DataGroup(DataGroupNumber::DG1),
    ElementaryFile::DataGroup(DataGroupNumber::DG2),
    ElementaryFile::DataGroup(DataGroupNumber::DG3),
    ElementaryFile::DataGroup(DataGroupNumber::DG13),
    ElementaryFile::DataGroup(DataGroupNumber::DG14),
    ElementaryFile::DataGroup(DataGroupNumber::DG15),
    ElementaryFile::Sod,
];

/// Every file that a personalizer may put on a CCCD, in its order: those of every card, and DG4 of a holder whose irises
/// were taken. What a chip that was interrupted may hold.
pub const PERSONALIZED_FILES: [ElementaryFile; 11] = [
    ElementaryFile::AtrInfo,
    ElementaryFile::CardAccess,
    ElementaryFile::Com,
    ElementaryFile::DataGroup(DataGroupNumber::DG1),
    ElementaryFile::DataGroup(DataGroupNumber::DG2),
    ElementaryFile::DataGroup(DataGroupNumber::DG3),
    ElementaryFile::DataGroup(DataGroupNumber::DG4),
    ElementaryFile::DataGroup(DataGroupNumber::DG13),
    ElementaryFile::DataGroup(DataGroupNumber::DG14),
    ElementaryFile::DataGroup(DataGroupNumber::DG15),
    ElementaryFile::Sod,
];

impl ElementaryFile {
    /// The file as the standard writes it: `EF.DG13`.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::AtrInfo => "EF.ATR/INFO".to_owned(),
            Self::Dir => "EF.DIR".to_owned(),
            Self::CardAccess => "EF.CardAccess".to_owned(),
            Self::CardSecurity => "EF.CardSecurity".to_owned(),
            Self::Com => "EF.COM".to_owned(),
            Self::Sod => "EF.SOD".to_owned(),
            Self::Cvca => "EF.CVCA".to_owned(),
            Self::DataGroup(number) => format!("EF.{number}"),
        }
    }

    /// Where the file stands.
    #[must_use]
    pub fn parent(self) -> Parent {
        match self {
            Self::AtrInfo | Self::Dir | Self::CardAccess | Self::CardSecurity => Parent::MasterFile,
            Self::Com | Self::Sod | Self::Cvca | Self::DataGroup(_) => Parent::Lds1,
        }
    }

    /// The file identifier.
    #[must_use]
    pub fn file_id(self) -> FileId {
        match self {
            Self::AtrInfo => FileId::ATR_INFO,
            Self::Dir => FileId::DIR,
            Self::CardAccess => FileId::CARD_ACCESS,
            Self::CardSecurity => FileId::CARD_SECURITY,
            Self::Com => FileId::COM,
            Self::Sod => FileId::SOD,
            Self::Cvca => FileId::CVCA,
            Self::DataGroup(number) => number.file_id(),
        }
    }

    /// The short identifier.
    #[must_use]
    pub fn short_file_id(self) -> ShortFileId {
        match self {
            Self::AtrInfo => ShortFileId::ATR_INFO,
            Self::Dir => ShortFileId::DIR,
            Self::CardAccess => ShortFileId::CARD_ACCESS,
            Self::CardSecurity => ShortFileId::CARD_SECURITY,
            Self::Com => ShortFileId::COM,
            Self::Sod => ShortFileId::SOD,
            Self::Cvca => ShortFileId::CVCA,
            Self::DataGroup(number) => ShortFileId::of_data_group(number.value()),
        }
    }

    /// The tag the content starts with; `None` where the content is a list of data objects.
    #[must_use]
    pub fn tag(self) -> Option<u32> {
        match self {
            Self::AtrInfo | Self::Dir | Self::Cvca => None,
            Self::CardAccess => Some(0x31),
            Self::CardSecurity => Some(0x30),
            Self::Com => Some(0x60),
            Self::Sod => Some(0x77),
            Self::DataGroup(number) => Some(number.tag()),
        }
    }

    /// Who may read the file.
    #[must_use]
    pub fn read_condition(self) -> AccessCondition {
        match self {
            Self::AtrInfo | Self::Dir | Self::CardAccess => AccessCondition::Always,
            Self::DataGroup(DataGroupNumber::DG3) => {
                AccessCondition::TerminalAuthenticated(TerminalRight::ReadFingerprints)
            }
            Self::DataGroup(DataGroupNumber::DG4) => {
                AccessCondition::TerminalAuthenticated(TerminalRight::ReadIrises)
            }
            Self::CardSecurity | Self::Com | Self::Sod | Self::Cvca | Self::DataGroup(_) => {
                AccessCondition::ChipAccess
            }
        }
    }

    /// Who may create and write the file: the personalizer, until the lock; then nobody.
    #[must_use]
    pub fn write_condition(self) -> AccessCondition {
        AccessCondition::PersonalizerAuthenticated
    }

    /// The file of this identifier under `parent`, if the profile knows it.
    #[must_use]
    pub fn from_file_id(parent: Parent, id: FileId) -> Option<Self> {
        match (parent, id) {
            (Parent::MasterFile, FileId::ATR_INFO) => Some(Self::AtrInfo),
            (Parent::MasterFile, FileId::DIR) => Some(Self::Dir),
            (Parent::MasterFile, FileId::CARD_ACCESS) => Some(Self::CardAccess),
            (Parent::MasterFile, FileId::CARD_SECURITY) => Some(Self::CardSecurity),
            (Parent::Lds1, FileId::COM) => Some(Self::Com),
            (Parent::Lds1, FileId::SOD) => Some(Self::Sod),
            (Parent::Lds1, FileId::CVCA) => Some(Self::Cvca),
            (Parent::Lds1, id) => DataGroupNumber::from_file_id(id).map(Self::DataGroup),
            (Parent::MasterFile, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{AccessStatus, ChipAccess};

    #[test]
    fn the_table_is_consistent() {
        let others = [ElementaryFile::Dir, ElementaryFile::CardSecurity];
        for file in CCCD_FILES.into_iter().chain(others) {
            assert_eq!(ElementaryFile::from_file_id(file.parent(), file.file_id()), Some(file));
            assert!(ShortFileId::new(file.short_file_id().value()).is_some());
        }
        let dg13 = ElementaryFile::DataGroup(DataGroupNumber::DG13);
        assert_eq!(
            (dg13.file_id(), dg13.short_file_id().value(), dg13.tag()),
            (FileId(0x010D), 0x0D, Some(0x6D))
        );
        assert_eq!(dg13.name(), "EF.DG13");
    }

    #[test]
    fn a_personalizer_may_add_irises_to_the_files_of_every_card() {
        let irises = ElementaryFile::DataGroup(DataGroupNumber::DG4);
        let others: Vec<_> = PERSONALIZED_FILES.into_iter().filter(|file| *file != irises).collect();
        assert_eq!(others, CCCD_FILES);
        assert!(PERSONALIZED_FILES.contains(&irises) && !CCCD_FILES.contains(&irises));
    }

    #[test]
    fn one_identifier_two_files() {
        let id = FileId(0x011D);
        let found = |parent| ElementaryFile::from_file_id(parent, id);
        assert_eq!(found(Parent::MasterFile), Some(ElementaryFile::CardSecurity));
        assert_eq!(found(Parent::Lds1), Some(ElementaryFile::Sod));
        let nobody = AccessStatus::default();
        assert!(ElementaryFile::Dir.read_condition().allows(&nobody));
        assert!(!ElementaryFile::CardSecurity.read_condition().allows(&nobody));
    }

    #[test]
    fn a_citizen_reads_all_but_the_fingerprints() {
        let status = AccessStatus { chip_access: Some(ChipAccess::Bac), ..AccessStatus::default() };
        for file in CCCD_FILES {
            let fingerprints = file == ElementaryFile::DataGroup(DataGroupNumber::DG3);
            assert_eq!(file.read_condition().allows(&status), !fingerprints, "{}", file.name());
            assert!(!file.write_condition().allows(&status));
        }
    }
}
