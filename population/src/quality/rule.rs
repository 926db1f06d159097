//! Every rule, in one table.

use serde::{Serialize, Serializer};

/// Which word of the motto a rule serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Đúng.
    Correct,
    /// Đủ.
    Complete,
    /// Sạch.
    Clean,
    /// Sống.
    Alive,
}

impl Part {
    /// All four, in the order of the motto.
    pub const ALL: [Self; 4] = [Self::Correct, Self::Complete, Self::Clean, Self::Alive];

    /// The word of the motto.
    #[must_use]
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::Correct => "đúng",
            Self::Complete => "đủ",
            Self::Clean => "sạch",
            Self::Alive => "sống",
        }
    }

    /// The same in English.
    #[must_use]
    pub fn english(self) -> &'static str {
        match self {
            Self::Correct => "correct",
            Self::Complete => "complete",
            Self::Clean => "clean",
            Self::Alive => "alive",
        }
    }

    pub(super) fn place(self) -> usize {
        match self {
            Self::Correct => 0,
            Self::Complete => 1,
            Self::Clean => 2,
            Self::Alive => 3,
        }
    }
}

/// How much a remark weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Something is wrong or missing: it counts against the score and is on the work list.
    Error,
    /// Something is unlikely: it is on the work list, the score does not suffer.
    Doubt,
    /// Worth knowing when the record is opened for another reason: real people are like that.
    Hint,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $part:ident, $weight:ident, $vi:literal, $en:literal;)+) => {
        /// A rule of quality. Codes are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule { $($(#[$doc])* $name),+ }

        impl Rule {
            /// Every rule, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The stable code.
            #[must_use]
            pub fn code(self) -> &'static str { match self { $(Self::$name => $code),+ } }

            /// The part of the motto.
            #[must_use]
            pub fn part(self) -> Part { match self { $(Self::$name => Part::$part),+ } }

            /// How much it weighs.
            #[must_use]
            pub fn weight(self) -> Weight { match self { $(Self::$name => Weight::$weight),+ } }

            /// What an officer is told, in Vietnamese.
            #[must_use]
            pub fn vietnamese(self) -> &'static str { match self { $(Self::$name => $vi),+ } }

            /// The same in English.
            #[must_use]
            pub fn english(self) -> &'static str { match self { $(Self::$name => $en),+ } }
        }
    };
}

rules! {
    /// The digits of the number say another year of birth (NĐ 137/2015 art. 13).
    NumberYear = "number-other-year", Correct, Doubt,
        "Số định danh chỉ năm sinh khác: đối chiếu giấy khai sinh", "the number says another year of birth: compare the birth certificate";
    /// The digits of the number say the other sex; right where sex was re-determined.
    NumberSex = "number-other-sex", Correct, Hint,
        "Số định danh chỉ giới tính khác", "the number says the other sex";
    /// The first digits of the number are no province or country of TT 07/2016.
    NumberPlace = "number-unknown-place", Correct, Hint,
        "Ba số đầu không thuộc tỉnh hay nước nào", "the number's first digits are no province or country";
    /// A digit or a sign that no name has.
    NameForm = "name-form", Correct, Doubt,
        "Họ tên có ký tự lạ: đối chiếu giấy tờ", "the name has characters that names do not have: compare the papers";
    /// A parent who is not older than the child.
    ParentNotOlder = "parent-not-older", Correct, Error,
        "Cha hoặc mẹ không lớn tuổi hơn con: xác minh quan hệ", "a parent is not older than the child: verify the relation";
    /// A parent less than 13 years older.
    ParentYoung = "parent-very-young", Correct, Doubt,
        "Cha hoặc mẹ hơn con chưa đến 13 tuổi: xác minh", "a parent is less than 13 years older than the child: verify";
    /// A mother more than 60 years older.
    MotherOld = "mother-very-old", Correct, Doubt,
        "Mẹ hơn con quá 60 tuổi: xác minh", "the mother is more than 60 years older than the child: verify";
    /// Born more than ten months after the father's, or after the mother's death.
    BornAfterParent = "born-after-parent-died", Correct, Error,
        "Sinh sau khi cha hoặc mẹ đã chết: xác minh", "born after a parent had died: verify";
    /// Somebody is their own ancestor.
    AncestorOfSelf = "ancestor-of-self", Correct, Error,
        "Quan hệ cha mẹ tạo thành vòng: sửa quan hệ sai", "the parents form a circle: mend the wrong relation";
    /// A father who is a woman, a mother who is a man; right where sex was re-determined.
    ParentSex = "parent-other-sex", Correct, Doubt,
        "Giới tính của cha hoặc mẹ không khớp", "the sex of father or mother does not fit";
    /// A relative under this number has another name.
    RelativeName = "relative-other-name", Correct, Error,
        "Số định danh của người thân thuộc về tên khác", "the relative's number belongs to another name";
    /// The child's own record names other parents.
    ChildDisagrees = "child-names-others", Correct, Error,
        "Bản ghi của con ghi cha mẹ khác", "the child's record names other parents";
    /// The spouse's record names somebody else or nobody.
    SpouseDisagrees = "spouse-names-others", Correct, Error,
        "Bản ghi của vợ/chồng ghi người khác", "the spouse's record names somebody else or nobody";
    /// A spouse although single, divorced or widowed.
    SpouseStatus = "spouse-without-marriage", Correct, Error,
        "Có vợ/chồng nhưng tình trạng hôn nhân không phải đã kết hôn", "a spouse is named but the marital status is another";
    /// Married below the age of marriage (men 20, women 18; Luật HN&GĐ 2014 art. 8).
    MarriedYoung = "married-too-young", Correct, Doubt,
        "Đã kết hôn khi chưa đủ tuổi", "married below the age of marriage";
    /// The spouse is a parent or child.
    SpouseIsKin = "spouse-is-kin", Correct, Error,
        "Vợ/chồng đồng thời là cha, mẹ hoặc con", "the spouse is also a parent or child";
    /// No such ward on either map.
    WardUnknown = "ward-unknown", Correct, Error,
        "Mã xã không có trong danh mục", "the code of the ward is in no list";
    /// The ward lies in another province.
    WardElsewhere = "ward-of-other-province", Correct, Error,
        "Xã không thuộc tỉnh đã ghi", "the ward is not of the province named";
    /// None of the 54.
    EthnicGroupUnknown = "ethnic-group-unknown", Correct, Error,
        "Dân tộc không có trong danh mục", "the ethnic group is in no list";
    /// Lived somewhere before birth.
    SinceBeforeBirth = "residence-before-birth", Correct, Error,
        "Cư trú trước ngày sinh", "a residence begins before birth";
    /// Moved after death.
    SinceAfterDeath = "residence-after-death", Correct, Error,
        "Cư trú sau ngày chết", "a residence begins after death";
    /// Permanent and temporary residence are at home (Luật Cư trú 2020 art. 2); who lives abroad has a present place there.
    HomeAbroad = "home-abroad", Correct, Error,
        "Nơi thường trú hoặc tạm trú ở nước ngoài: chuyển thành nơi ở hiện tại", "a permanent or temporary residence abroad: it is where the person stays for now";
    /// A household without exactly one head.
    HouseholdHead = "household-head", Correct, Error,
        "Hộ không có đúng một chủ hộ", "the household has not exactly one head";
    /// The own relation to the head differs from the household's list.
    HouseholdRelation = "household-relation", Correct, Doubt,
        "Quan hệ với chủ hộ khác danh sách hộ", "the relation to the head differs from the household's list";
    /// A telephone number of another form.
    PhoneForm = "phone-form", Correct, Doubt,
        "Số điện thoại không đúng dạng", "the telephone number is not of its form";
    /// An e-mail address of another form.
    EmailForm = "email-form", Correct, Doubt,
        "Địa chỉ thư điện tử không đúng dạng", "the e-mail address is not of its form";

    /// An item of art. 9 that everybody has is missing.
    Missing = "missing", Complete, Error,
        "Thiếu thông tin: thu thập bằng phiếu DC01", "an item is missing: collect it with form DC01";
    /// Day, or day and month, of birth are unknown.
    BirthDatePart = "birth-date-part", Complete, Doubt,
        "Chưa đủ ngày, tháng, năm sinh", "only part of the birth date is known";
    /// An address without its code cannot be counted or sent to an office.
    AddressWithoutCode = "address-without-code", Complete, Error,
        "Địa chỉ chưa có mã đơn vị hành chính", "an address has no code of its ward";
    /// A parent named without a number.
    RelativeWithoutNumber = "relative-without-number", Complete, Hint,
        "Người thân chưa có số định danh", "a relative is named without a number";

    /// Another person has the same CMND.
    OldNumberShared = "old-number-shared", Clean, Error,
        "Hai người cùng một số CMND: xác minh trùng", "two persons have one CMND number: verify";
    /// Probably one person with two numbers.
    Duplicate = "duplicate", Clean, Error,
        "Có thể trùng với người khác: xác minh", "probably the same as another person: verify";
    /// A cancelled number lives on as a person of its own.
    CancelledLives = "cancelled-number-lives", Clean, Error,
        "Số đã hủy vẫn còn bản ghi", "a cancelled number still has a record";
    /// A number of two households.
    TwoHouseholds = "two-households", Clean, Error,
        "Có tên trong hai hộ", "listed in two households";

    /// Nobody has confirmed the residence for years.
    ResidenceOld = "residence-unconfirmed", Alive, Doubt,
        "Nơi cư trú lâu chưa xác nhận: kiểm tra cư trú", "the residence was not confirmed for long: check it";
    /// A temporary residence that has ended by law.
    TemporaryEnded = "temporary-residence-ended", Alive, Error,
        "Tạm trú đã hết hạn: gia hạn hoặc xóa", "the temporary residence has ended: extend or remove it";
    /// A declared absence that is over.
    AbsenceEnded = "absence-ended", Alive, Doubt,
        "Tạm vắng đã hết hạn: xác nhận đã về", "the declared absence is over: confirm the return";
    /// Nowhere at all.
    NoResidence = "no-residence", Alive, Error,
        "Không có nơi cư trú nào", "no residence of any kind";
    /// A hundred and more, and no sign of life lately.
    GreatAge = "great-age", Alive, Doubt,
        "Tuổi rất cao, lâu chưa xác nhận còn sống", "of great age without a recent sign of life";
    /// Married to somebody who has died.
    SpouseDead = "spouse-died", Alive, Error,
        "Vợ/chồng đã chết nhưng vẫn ghi đã kết hôn", "the spouse has died, the record still says married";
    /// A head of household who has died.
    HeadDead = "head-died", Alive, Error,
        "Chủ hộ đã chết: thay chủ hộ", "the head of the household has died: name another";
    /// A child of 14 and more who was never asked for a card is the card's business; a child without guardian is ours.
    ChildAlone = "child-alone", Alive, Error,
        "Trẻ em không còn cha mẹ và chưa có người đại diện", "a child without living parents and without a representative";
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
