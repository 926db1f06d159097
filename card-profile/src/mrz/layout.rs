//! Where the fields stand, counted over all lines.

/// The formats of Doc 9303 that travel on cards and in booklets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Three lines of 30: cards (Doc 9303-5).
    Td1,
    /// Two lines of 36 (Doc 9303-6).
    Td2,
    /// Two lines of 44: passports (Doc 9303-4).
    Td3,
}

/// Start and end of each field.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) document_code: (usize, usize),
    pub(super) issuing_state: (usize, usize),
    pub(super) document_number: (usize, usize),
    pub(super) document_number_digit: (usize, usize),
    pub(super) optional_data: (usize, usize),
    pub(super) optional_data_digit: Option<(usize, usize)>,
    pub(super) optional_data_2: (usize, usize),
    pub(super) birth_date: (usize, usize),
    pub(super) birth_date_digit: (usize, usize),
    pub(super) sex: (usize, usize),
    pub(super) expiry: (usize, usize),
    pub(super) expiry_digit: (usize, usize),
    pub(super) nationality: (usize, usize),
    pub(super) name: (usize, usize),
    pub(super) composite: &'static [(usize, usize)],
    pub(super) composite_digit: (usize, usize),
}

/// Doc 9303-5 §4.2.2.
const TD1: Layout = Layout {
    document_code: (0, 2),
    issuing_state: (2, 5),
    document_number: (5, 14),
    document_number_digit: (14, 15),
    optional_data: (15, 30),
    optional_data_digit: None,
    optional_data_2: (48, 59),
    birth_date: (30, 36),
    birth_date_digit: (36, 37),
    sex: (37, 38),
    expiry: (38, 44),
    expiry_digit: (44, 45),
    nationality: (45, 48),
    name: (60, 90),
    composite: &[(5, 37), (38, 45), (48, 59)],
    composite_digit: (59, 60),
};

/// Doc 9303-6 §4.2.2.
const TD2: Layout = Layout {
    document_code: (0, 2),
    issuing_state: (2, 5),
    name: (5, 36),
    document_number: (36, 45),
    document_number_digit: (45, 46),
    nationality: (46, 49),
    birth_date: (49, 55),
    birth_date_digit: (55, 56),
    sex: (56, 57),
    expiry: (57, 63),
    expiry_digit: (63, 64),
    optional_data: (64, 71),
    optional_data_digit: None,
    optional_data_2: (0, 0),
    composite: &[(36, 46), (49, 56), (57, 71)],
    composite_digit: (71, 72),
};

/// Doc 9303-4 §4.2.2.
const TD3: Layout = Layout {
    document_code: (0, 2),
    issuing_state: (2, 5),
    name: (5, 44),
    document_number: (44, 53),
    document_number_digit: (53, 54),
    nationality: (54, 57),
    birth_date: (57, 63),
    birth_date_digit: (63, 64),
    sex: (64, 65),
    expiry: (65, 71),
    expiry_digit: (71, 72),
    optional_data: (72, 86),
    optional_data_digit: Some((86, 87)),
    optional_data_2: (0, 0),
    composite: &[(44, 54), (57, 64), (65, 87)],
    composite_digit: (87, 88),
};

impl Format {
    pub(super) fn of_length(length: usize) -> Option<Self> {
        match length {
            90 => Some(Self::Td1),
            72 => Some(Self::Td2),
            88 => Some(Self::Td3),
            _ => None,
        }
    }

    /// Number of lines and their width.
    #[must_use]
    pub fn lines(self) -> (usize, usize) {
        match self {
            Self::Td1 => (3, 30),
            Self::Td2 => (2, 36),
            Self::Td3 => (2, 44),
        }
    }

    pub(super) fn layout(self) -> &'static Layout {
        match self {
            Self::Td1 => &TD1,
            Self::Td2 => &TD2,
            Self::Td3 => &TD3,
        }
    }
}
