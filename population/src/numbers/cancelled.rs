//! Why a number ends, and what follows it.

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;

use super::Prefix;
use crate::person::words;

/// Why a number is cancelled (NĐ 70/2024 art. 11(7), 11(8), 36).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Xác định lại giới tính; on the citizen's request.
    SexRedetermined,
    /// Cải chính năm sinh; on the citizen's request.
    BirthYearCorrected,
    /// Place, year or sex were collected wrongly; on the citizen's request.
    CollectedWrongly,
    /// The number was given on false papers.
    FalsePapers,
    /// The birth certificate was revoked.
    BirthCertificateRevoked,
    /// A person of Vietnamese origin without nationality was naturalised.
    Naturalised,
    /// One person had two numbers; this one goes, and the other one stays.
    SecondNumber,
}

words!(
    Cause,
    SexRedetermined = "sex-redetermined",
    BirthYearCorrected = "birth-year-corrected",
    CollectedWrongly = "collected-wrongly",
    FalsePapers = "false-papers",
    BirthCertificateRevoked = "birth-certificate-revoked",
    Naturalised = "naturalised",
    SecondNumber = "second-number",
);

/// The facts that changed do not fit the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the new facts do not follow from the cause {}", .0.as_str())]
pub struct NotThisCause(pub Cause);

impl Cause {
    /// Whether a number of `old` may be followed by a new one of `new`: a cause changes what it names and nothing else.
    /// Provinces that merge change no number.
    ///
    /// # Errors
    /// [`NotThisCause`].
    pub fn allows(self, old: Prefix, new: Prefix) -> Result<(), NotThisCause> {
        let ((old_place, old_sex, old_year), (place, sex, year)) = (old.parts(), new.parts());
        let follows = match self {
            Self::SexRedetermined => old_place == place && old_year == year && old_sex != sex,
            Self::BirthYearCorrected => old_place == place && old_year != year && old_sex == sex,
            Self::CollectedWrongly => old != new,
            Self::FalsePapers | Self::BirthCertificateRevoked | Self::Naturalised => true,
            Self::SecondNumber => false,
        };
        if follows { Ok(()) } else { Err(NotThisCause(self)) }
    }

    /// In Vietnamese.
    #[must_use]
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::SexRedetermined => "xác định lại giới tính",
            Self::BirthYearCorrected => "cải chính năm sinh",
            Self::CollectedWrongly => "nơi đăng ký, năm sinh hoặc giới tính được thu thập sai",
            Self::FalsePapers => "được cấp theo giấy tờ giả",
            Self::BirthCertificateRevoked => "giấy khai sinh bị thu hồi",
            Self::Naturalised => "được nhập quốc tịch Việt Nam",
            Self::SecondNumber => "một người có hai số",
        }
    }

    /// In English.
    #[must_use]
    pub fn english(self) -> &'static str {
        match self {
            Self::SexRedetermined => "sex determined anew",
            Self::BirthYearCorrected => "year of birth corrected",
            Self::CollectedWrongly => "place, year or sex were collected wrongly",
            Self::FalsePapers => "given on false papers",
            Self::BirthCertificateRevoked => "the birth certificate was revoked",
            Self::Naturalised => "naturalised",
            Self::SecondNumber => "one person had two numbers",
        }
    }

    /// Whether the number may end with nothing after it.
    #[must_use]
    pub fn may_end(self) -> bool {
        matches!(self, Self::FalsePapers | Self::BirthCertificateRevoked)
    }
}

/// A number that was cancelled. Kept for ever: the QR code and the chip of the next card name it (NĐ 70/2024 art. 12(1)),
/// and old papers are found by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancelled {
    /// The number that ended.
    pub number: PersonalNumber,
    /// The number that the person has now, if any.
    pub successor: Option<PersonalNumber>,
    /// Why.
    pub cause: Cause,
    /// The day of the decision.
    pub on: Date,
}
