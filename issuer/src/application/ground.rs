//! The legal ground on which a card is exchanged or issued again (Luật Căn cước 2023 art. 24).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::file::Reason;

/// The legal ground of an exchange (đổi) or a reissue (cấp lại).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Ground {
    /// Art. 24(1)(a): an age of art. 21 was reached.
    Age,
    /// Art. 24(1)(b): name or date of birth changed.
    Particulars,
    /// Art. 24(1)(c): appearance changed, face or fingerprints added, sex determined anew or changed.
    Appearance,
    /// Art. 24(1)(d): the card was printed wrong.
    PrintedWrong,
    /// Art. 24(1)(đ): units of administration were rearranged, on request.
    UnitsRearranged,
    /// Art. 24(1)(e): the personal number was established anew.
    NumberEstablishedAnew,
    /// Art. 24(1)(g): on request.
    OnRequest,
    /// Art. 24(2)(a): the card is lost or damaged beyond use.
    LostOrDamaged,
    /// Art. 24(2)(b): Vietnamese nationality was regained.
    NationalityRegained,
}

impl Ground {
    /// All grounds.
    pub const ALL: [Self; 9] = [
        Self::Age,
        Self::Particulars,
        Self::Appearance,
        Self::PrintedWrong,
        Self::UnitsRearranged,
        Self::NumberEstablishedAnew,
        Self::OnRequest,
        Self::LostOrDamaged,
        Self::NationalityRegained,
    ];

    /// The word in files and in the ledger.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Particulars => "particulars",
            Self::Appearance => "appearance",
            Self::PrintedWrong => "printed-wrong",
            Self::UnitsRearranged => "units-rearranged",
            Self::NumberEstablishedAnew => "number-established-anew",
            Self::OnRequest => "on-request",
            Self::LostOrDamaged => "lost-or-damaged",
            Self::NationalityRegained => "nationality-regained",
        }
    }

    /// Where the law says so.
    #[must_use]
    pub fn clause(self) -> &'static str {
        match self {
            Self::Age => "art. 24(1)(a)",
            Self::Particulars => "art. 24(1)(b)",
            Self::Appearance => "art. 24(1)(c)",
            Self::PrintedWrong => "art. 24(1)(d)",
            Self::UnitsRearranged => "art. 24(1)(đ)",
            Self::NumberEstablishedAnew => "art. 24(1)(e)",
            Self::OnRequest => "art. 24(1)(g)",
            Self::LostOrDamaged => "art. 24(2)(a)",
            Self::NationalityRegained => "art. 24(2)(b)",
        }
    }

    /// What it says, in Vietnamese and in English.
    #[must_use]
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Age => ("Đến tuổi phải đổi thẻ", "an age at which cards are exchanged"),
            Self::Particulars => {
                ("Thay đổi, cải chính họ tên hoặc ngày sinh", "name or date of birth changed")
            }
            Self::Appearance => (
                "Thay đổi nhân dạng, bổ sung sinh trắc, xác định lại giới tính",
                "appearance or biometrics changed, sex determined anew",
            ),
            Self::PrintedWrong => ("Sai sót thông tin in trên thẻ", "the card was printed wrong"),
            Self::UnitsRearranged => ("Sắp xếp đơn vị hành chính", "units of administration were rearranged"),
            Self::NumberEstablishedAnew => ("Xác lập lại số định danh", "the number was established anew"),
            Self::OnRequest => ("Theo yêu cầu", "on request"),
            Self::LostOrDamaged => ("Bị mất hoặc hư hỏng không dùng được", "lost, or damaged beyond use"),
            Self::NationalityRegained => ("Được trở lại quốc tịch Việt Nam", "nationality regained"),
        }
    }

    /// What it is a ground for.
    #[must_use]
    pub fn reason(self) -> Reason {
        match self {
            Self::LostOrDamaged | Self::NationalityRegained => Reason::Reissue,
            _ => Reason::Exchange,
        }
    }
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such legal ground")]
pub struct NotAGround;

impl FromStr for Ground {
    type Err = NotAGround;

    fn from_str(text: &str) -> Result<Self, NotAGround> {
        Self::ALL.into_iter().find(|ground| ground.as_str() == text).ok_or(NotAGround)
    }
}
