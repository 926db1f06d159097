//! Why an act was not taken: what cannot be, and what the register knows otherwise. Codes are stable.

use crate::person::Flaw;

macro_rules! reasons {
    ($(#[$about:meta])* $type:ident { $($(#[$doc:meta])* $name:ident = $code:literal, $english:literal, $vietnamese:literal;)+ }
     $(and $(#[$more:meta])* $other:ident($inner:ty) = $other_code:literal, $other_vietnamese:literal)?) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
        #[non_exhaustive]
        pub enum $type { $($(#[$doc])* #[error($english)] $name,)+ $($(#[$more])* #[error(transparent)] $other(#[from] $inner),)? }

        impl $type {
            /// Every one of them that says nothing beside its code.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The stable code.
            #[must_use]
            pub fn code(self) -> &'static str { match self { $(Self::$name => $code,)+ $(Self::$other(_) => $other_code,)? } }

            /// What an officer reads.
            #[must_use]
            pub fn vietnamese(self) -> &'static str { match self { $(Self::$name => $vietnamese,)+ $(Self::$other(_) => $other_vietnamese,)? } }
        }
    };
}

reasons! {
    /// Why an act cannot be.
    Refusal {
        /// The book says another kind of act.
        OtherBook = "other-book", "the act is of another kind than its book", "loại việc khác với sổ hộ tịch";
        /// It happened after it was registered, or before the person was born.
        BeforeItHappened = "before-it-happened", "the act is dated at a day that is not possible", "ngày của việc hộ tịch không thể có";
        /// It was registered in the future, or in another year than its book's.
        Registered = "registration-day", "the day of registration is not possible", "ngày đăng ký không thể có";
        /// Somebody named is not in the register.
        UnknownPerson = "unknown-person", "somebody named in the act is not in the register", "có người được ghi không có trong cơ sở dữ liệu";
        /// A marriage, or its end, of two whom the register does not know.
        NobodyKnown = "nobody-known", "neither of the two is in the register", "cả hai người đều không có trong cơ sở dữ liệu";
        /// Somebody named goes on under another number.
        NumberEnded = "number-ended", "a number named in the act has ended; the person goes on under another", "một số định danh được ghi đã bị hủy; người đó mang số khác";
        /// The same person twice.
        Oneself = "one-person-twice", "the act names one person in two places", "một người được ghi ở hai vai";
        /// What was chosen for a record makes none.
        Flaw = "item-not-possible", "an item of the record is not possible", "một thông tin của bản ghi không thể có";
        /// Men from 20, women from 18 (Luật HN&GĐ 2014 art. 8).
        TooYoung = "below-age-of-marriage", "below the age of marriage", "chưa đủ tuổi kết hôn";
        /// Between a man and a woman, of close kin never (art. 5, 8).
        CannotMarry = "cannot-marry", "these two cannot marry", "hai người này không được kết hôn";
        /// A parent no older than the child.
        ParentNotOlder = "parent-not-older", "the parent is not older than the child", "cha hoặc mẹ không lớn tuổi hơn con";
        /// Parent and spouse of one person at once.
        SpouseAsParent = "spouse-as-parent", "a spouse cannot be a parent", "vợ hoặc chồng không thể là cha, mẹ";
        /// Only who is under 18 is adopted (Luật Nuôi con nuôi 2010 art. 8).
        NoChild = "adopted-not-a-child", "only a child under 18 is adopted", "chỉ người dưới 18 tuổi được nhận làm con nuôi";
        /// No father and no mother.
        NoParent = "no-parent", "the act names nobody as parent", "không ghi cha hay mẹ";
        /// A representation abroad registers births under its country's code (TT 07/2016 annex 2), an office at home under its
        /// province's, or under that of a country which had registered the birth.
        NumberPlace = "number-place", "the number's place is not the office's: its country, or its province", "mã nơi đăng ký trong số định danh không phải của cơ quan này (nước hoặc tỉnh)";
        /// No ward's office has this code, and no representation abroad.
        UnknownOffice = "unknown-office", "no office has this code", "không có cơ quan nào mang mã này";
        /// The number that the act needs was not given.
        NoNumber = "no-number", "a number is needed and was not given", "cần số định danh nhưng chưa được cấp";
        /// A number was given that says another place, sex or year, or that the act does not need.
        OtherNumber = "number-does-not-fit", "the number that was given is not one for this act: place, sex or year of birth differ, or none is needed", "số đã cho không phải của việc này: khác nơi đăng ký, giới tính hoặc năm sinh, hoặc việc này không cần số";
        /// A household without a head, with two, or that nobody moves into.
        NoHousehold = "no-household", "the movers make no household with one head", "những người chuyển đến không thành một hộ có một chủ hộ";
        /// No place, and nobody whose home it would be.
        NoPlace = "no-place", "the act names no place of residence", "không ghi nơi cư trú";
        /// Permanent and temporary residence are registered at home only (Luật Cư trú 2020 art. 2).
        PlaceAbroad = "place-abroad", "only where somebody stays for now can be abroad", "chỉ nơi ở hiện tại mới có thể ở nước ngoài";
        /// Another ministry keeps where the person is.
        KeptElsewhere = "kept-elsewhere", "another ministry keeps this person's details", "thông tin của người này do bộ khác quản lý";
        /// Nothing would change.
        Nothing = "changes-nothing", "the act changes nothing", "việc này không làm thay đổi gì";
    }
    and
    /// An item of the act, or of a record as it would be then, cannot be: which, and why.
    Item(Flaw) = "item-not-possible", "một thông tin của bản ghi không thể có"
}

reasons! {
    /// What the register knows that does not fit the act.
    Contradiction {
        /// The person had died before.
        AfterDeath = "after-death", "the person had died before", "người này đã chết trước đó";
        /// The person did something after the day of this death.
        ActsAfterDeath = "acts-after-death", "acts of the person are known after this death", "có việc hộ tịch của người này sau ngày chết";
        /// Dead since another day.
        OtherDeath = "other-day-of-death", "another day of death is known", "đã ghi nhận ngày chết khác";
        /// Married to somebody else.
        Married = "married-already", "a marriage is known", "đang có vợ hoặc chồng";
        /// Married to somebody who is not in the register, whose death or divorce no act tells here.
        MarriedToStranger = "married-to-stranger", "a marriage with somebody who has no number is known", "đang có vợ hoặc chồng không có số định danh";
        /// The record names another husband or wife than an act that ends the marriage, and one of the two has no number.
        OtherSpouse = "other-spouse-named", "the record names the husband or wife otherwise", "bản ghi ghi tên vợ hoặc chồng khác";
        /// Not married to each other.
        NotMarried = "not-married", "no marriage of these two is known", "không có hôn nhân giữa hai người này";
        /// Another father or mother is known.
        OtherParent = "other-parent", "another parent is known", "đã ghi nhận cha hoặc mẹ khác";
        /// A mother who is a man in the register, or a father who is a woman.
        ParentOfOtherSex = "parent-of-other-sex", "the register knows the mother as a man, or the father as a woman", "mẹ được ghi nhận là nam, hoặc cha là nữ";
        /// A parent who was a child of less than 13 years then.
        ParentTooYoung = "parent-too-young", "the parent was below 13 years of age then", "khi đó cha hoặc mẹ chưa đủ 13 tuổi";
        /// Born after the mother, or too long after the father had died.
        ParentDead = "parent-died-before", "the child was born after the parent had died", "con sinh sau khi cha hoặc mẹ đã chết";
        /// A child of this name, day and parent is known: the act may be entered twice under two numbers.
        BornAlready = "born-already", "this child seems to be registered already", "trẻ này dường như đã được đăng ký khai sinh";
        /// Whoever is joined is not at home where the act says.
        NotAtHome = "host-not-at-home", "the one whose household is joined is not at home there", "người cho nhập hộ không thường trú tại nơi đó";
        /// Known to be alive.
        NotDead = "not-dead", "no death of this person is known", "không ghi nhận người này đã chết";
        /// Of two who are to have been married long ago, one has married somebody else since, and nothing says that they had parted.
        MarriedSince = "married-since", "one of them married somebody else since, and no end of this marriage is known", "một người đã kết hôn với người khác sau đó, và không ghi nhận hôn nhân này đã chấm dứt";
        /// The widow or widower has married again, and this death was later than the one that made them free.
        Remarried = "spouse-remarried", "the spouse has married again since the day of death that was known", "vợ hoặc chồng đã kết hôn lại sau ngày chết đã ghi nhận";
        /// Of one family within three generations, as far as the register knows, which does not tell kin by adoption from kin by blood
        /// (Luật HN&GĐ 2014 art. 3(17), 5(2)).
        CloseKin = "kin-within-three-generations", "these two are kin within three generations", "hai người có họ trong phạm vi ba đời";
        /// Married before the age of marriage, by the birth date that is to hold now.
        MarriedTooYoung = "married-below-age", "by this birth date the person married below the age of marriage", "theo ngày sinh này, người đó kết hôn khi chưa đủ tuổi";
        /// Adoptive parents are 20 years older; a step-parent, an aunt or an uncle need not be (Luật Nuôi con nuôi 2010 art. 14).
        AdopterTooYoung = "adoptive-parent-too-young", "the adoptive parent is less than 20 years older", "cha hoặc mẹ nuôi chưa hơn con nuôi 20 tuổi";
        /// From 16 only a step-parent, an aunt or an uncle adopts; a married adopter adopts with the spouse; grandparents their grandchild and
        /// brothers and sisters each other never (Luật Nuôi con nuôi 2010 art. 8, 13(6)).
        AdoptionBarred = "adoption-barred", "the adopters may not adopt this child as far as the register knows: a child from 16, married adopters one of whom adopts alone, two who are no couple, grandparents, brothers and sisters", "theo cơ sở dữ liệu, những người này không được nhận trẻ làm con nuôi: trẻ từ 16 tuổi, chỉ một người trong cặp vợ chồng nhận, hai người không phải vợ chồng, ông bà nhận cháu, anh chị em nhận nhau";
        /// No adoption of this child is known that could end.
        NotAdopted = "not-adopted", "no adoption of this child is known", "không ghi nhận việc nuôi con nuôi của trẻ này";
        /// Husband and wife would be of one sex (Luật HN&GĐ 2014 art. 8(2)).
        SpouseOfSameSex = "spouse-of-same-sex", "husband and wife would be of the same sex", "vợ và chồng sẽ cùng giới tính";
        /// A mother had another child some weeks or months before.
        BirthsTooClose = "births-too-close", "the mother had another child less than six months before or after", "người mẹ có con khác sinh cách chưa đến sáu tháng";
        /// A head of a household who is no adult (Luật Cư trú 2020 art. 10).
        HeadTooYoung = "head-too-young", "the head of the household is below 18", "chủ hộ chưa đủ 18 tuổi";
        /// Whoever is declared missing marries nobody, moves nowhere and changes no name, until the declaration is annulled (BLDS 2015
        /// art. 68 to 70).
        DeclaredMissing = "declared-missing", "the person was declared missing then", "khi đó người này đang bị tuyên bố mất tích";
        /// Not missing.
        NotMissing = "not-missing", "the person is not known to be missing", "người này không bị tuyên bố mất tích";
    }
}

/// Why an act was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotApplied {
    /// It cannot be: back to the office.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It contradicts the register: a case for an officer.
    #[error(transparent)]
    Contradicts(#[from] Contradiction),
}

impl From<Flaw> for NotApplied {
    fn from(flaw: Flaw) -> Self {
        Self::Refused(flaw.into())
    }
}
