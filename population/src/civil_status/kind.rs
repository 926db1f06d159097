//! What acts are about, and the books they stand in.

use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal),+ $(,)?) => {
        /// What an act is about, with the abbreviation of its book.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Kind { $($(#[$doc])* $name),+ }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The abbreviation in the act's identifier.
            #[must_use]
            pub fn code(self) -> &'static str { match self { $(Self::$name => $code),+ } }

            /// Whether its person may get a number by it.
            #[must_use]
            pub fn may_need_number(self) -> bool {
                matches!(self, Self::Birth | Self::SexRedetermined | Self::BirthDateCorrected)
            }

            /// Whether its person does it, and is there to do it. A divorce a court speaks without one of the two (Luật HN&GĐ
            /// 2014 art. 56(2)).
            pub(crate) fn is_deed(self) -> bool {
                matches!(
                    self,
                    Self::Marriage
                        | Self::NameChanged
                        | Self::SexRedetermined
                        | Self::EthnicGroup
                        | Self::Nationality
                        | Self::Permanent
                        | Self::Temporary
                        | Self::Current
                        | Self::Absence
                )
            }

            /// Whether two are no couple from it on.
            pub(crate) fn ends_marriage(self) -> bool {
                matches!(self, Self::Divorce | Self::MarriageAnnulled)
            }

            /// Whether two become a couple by it, or are none from it on.
            pub(crate) fn is_of_marriage(self) -> bool {
                self == Self::Marriage || self.ends_marriage()
            }

            /// Reads [`code`](Self::code).
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

kinds! {
    /// Khai sinh.
    Birth = "KS",
    /// Khai tử.
    Death = "KT",
    /// Kết hôn.
    Marriage = "KH",
    /// Ly hôn (a court's judgement, noted in the book).
    Divorce = "LH",
    /// Hủy việc kết hôn trái pháp luật (Luật HN&GĐ 2014 art. 10 to 12; a court's decision).
    MarriageAnnulled = "HKH",
    /// Nhận cha, mẹ, con.
    Recognition = "NCMC",
    /// Nuôi con nuôi.
    Adoption = "NCN",
    /// Chấm dứt việc nuôi con nuôi (Luật Nuôi con nuôi 2010 art. 25 to 27; a court's decision).
    AdoptionEnded = "CDNN",
    /// Thay đổi họ, chữ đệm, tên.
    NameChanged = "TD",
    /// Cải chính họ, chữ đệm, tên.
    NameCorrected = "CCT",
    /// Cải chính ngày sinh.
    BirthDateCorrected = "CCN",
    /// Xác định lại giới tính.
    SexRedetermined = "GT",
    /// Xác định lại dân tộc.
    EthnicGroup = "DT",
    /// Thay đổi quốc tịch.
    Nationality = "QT",
    /// Tuyên bố mất tích.
    Missing = "MT",
    /// Hủy tuyên bố mất tích.
    Returned = "HMT",
    /// Hủy khai tử, hủy quyết định tuyên bố chết (BLDS 2015 art. 73).
    DeathAnnulled = "HKT",
    /// Đăng ký thường trú (Luật Cư trú 2020 art. 20–22): not of the civil status books, yet kept and taken as they are.
    Permanent = "CT",
    /// Đăng ký tạm trú (art. 27–28).
    Temporary = "TT",
    /// Thông báo nơi ở hiện tại (art. 19).
    Current = "HT",
    /// Khai báo tạm vắng (art. 31).
    Absence = "TV",
    /// Xóa đăng ký thường trú (art. 24).
    Removed = "XT",
    /// Quyết định xử lý mâu thuẫn, trùng lặp ([`crate::cases`]): names an officer's decision in messages; no book's.
    Decided = "XL",
}
