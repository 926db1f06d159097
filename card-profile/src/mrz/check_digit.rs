//! Check digits, Doc 9303-3 §4.9.

/// The check digit over `data`: weights 7, 3, 1; digits count as themselves, A–Z as 10–35, `<` as 0; modulo 10.
/// `None` for any other character.
#[must_use]
pub fn check_digit(data: &str) -> Option<char> {
    let mut sum = 0_u32;
    for (byte, weight) in data.bytes().zip([7_u32, 3, 1].into_iter().cycle()) {
        let value = match byte {
            b'<' => 0,
            b'0'..=b'9' | b'A'..=b'Z' => char::from(byte).to_digit(36)?,
            _ => return None,
        };
        sum = sum.wrapping_add(value.wrapping_mul(weight)) % 10;
    }
    char::from_digit(sum, 10)
}

/// What a check digit covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CheckedField {
    /// The document number.
    DocumentNumber,
    /// The date of birth.
    BirthDate,
    /// The date of expiry.
    Expiry,
    /// The personal number in the optional data of Vietnam's identity card.
    PersonalNumber,
    /// The optional data of TD3.
    OptionalData,
    /// The composite check digit.
    Composite,
}

/// One check digit, as printed and as computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckDigit {
    /// What it covers.
    pub field: CheckedField,
    /// The character in the zone.
    pub printed: char,
    /// The character that belongs there.
    pub computed: char,
}

impl CheckDigit {
    /// Whether the printed one is the computed one.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.printed == self.computed
    }
}

#[cfg(test)]
mod tests {
    use super::check_digit;

    #[test]
    fn examples_of_the_standard() {
        // Doc 9303-3 appendix A
        assert_eq!(check_digit("520727"), Some('3'));
        assert_eq!(check_digit("AB2134<<<"), Some('5'));
        assert_eq!(check_digit("991231"), Some('5'));
        assert_eq!(check_digit("ab"), None);
        assert_eq!(check_digit("Đ"), None);
    }
}
