//! Item 14: the cards of a person. A card is known by SHA-256 of its whole EF.SOD, because number, CAN and document
//! number survive re-issue.

use core::fmt;
use core::str::FromStr;

use cccd_card_profile::card_holder::Sex;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_card_profile::validity::Expiry;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::person::words;

/// SHA-256 of a card's file EF.SOD as stored, tag 77 included.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SodDigest([u8; 32]);

/// Text that is no digest of 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a card's hash has 64 lower-case hexadecimal digits")]
pub struct NotASodDigest;

/// What the register says about a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardStatus {
    /// In use.
    Active,
    /// Giữ (Luật Căn cước 2023 art. 29(2)).
    Held,
    /// Reported lost (art. 24(2)(a)).
    Lost,
    /// Thu hồi (art. 29(1)).
    Revoked,
    /// Another card took its place (art. 24).
    Replaced,
    /// Past its last day.
    Expired,
    /// Physically destroyed.
    Destroyed,
}

words!(
    CardStatus,
    Active = "active",
    Held = "held",
    Lost = "lost",
    Revoked = "revoked",
    Replaced = "replaced",
    Expired = "expired",
    Destroyed = "destroyed",
);

/// A card to be recorded.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCard {
    /// Whose card.
    pub number: PersonalNumber,
    /// Which card.
    pub sod_sha256: SodDigest,
    /// The nine characters of the MRZ.
    pub document_number: String,
    /// The chip's serial, 20 hexadecimal digits.
    pub chip_serial: String,
    /// Ngày cấp.
    pub issued: Date,
    /// Có giá trị đến; none for "không thời hạn".
    pub expires: Option<Date>,
    /// The card of the same person whose place this one takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<SodDigest>,
}

/// A card as the register holds it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Whose card.
    pub number: PersonalNumber,
    /// Which card.
    pub sod_sha256: SodDigest,
    /// The nine characters of the MRZ.
    pub document_number: String,
    /// The chip's serial.
    pub chip_serial: String,
    /// Ngày cấp.
    pub issued: Date,
    /// Có giá trị đến.
    pub expires: Option<Date>,
    /// What was recorded last; [`Card::status_on`] also knows the calendar.
    pub status: CardStatus,
    /// Since which day.
    pub since: Date,
}

/// A change that a card's state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a card that is {from} cannot become {to}", from = .from.as_str(), to = .to.as_str())]
pub struct ForbiddenChange {
    /// The state now.
    pub from: CardStatus,
    /// The state asked for.
    pub to: CardStatus,
}

impl CardStatus {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Active, Self::Held, Self::Lost, Self::Revoked, Self::Replaced, Self::Expired, Self::Destroyed];

    /// Whether the card is the one in use: a person has at most one of these.
    #[must_use]
    pub fn is_in_use(self) -> bool {
        matches!(self, Self::Active | Self::Held)
    }

    /// The life of a card: `active ⇄ held`, from both to an end; an ended card can only be destroyed, a lost one also
    /// revoked or replaced. No way leads back into use.
    ///
    /// # Errors
    /// [`ForbiddenChange`].
    pub fn change(self, to: Self) -> Result<Self, ForbiddenChange> {
        let allowed = match (self, to) {
            (Self::Active, Self::Active) | (Self::Held, Self::Held) => false,
            (Self::Active | Self::Held, _)
            | (Self::Lost, Self::Revoked | Self::Replaced | Self::Destroyed)
            | (Self::Revoked | Self::Replaced | Self::Expired, Self::Destroyed) => true,
            _ => false,
        };
        if allowed { Ok(to) } else { Err(ForbiddenChange { from: self, to }) }
    }
}

impl Card {
    /// The status on a day: a card in use is expired after its last day.
    #[must_use]
    pub fn status_on(&self, day: Date) -> (CardStatus, Date) {
        match self.expires {
            Some(last) if self.status.is_in_use() && Expiry::On(last).is_past(day) => {
                (CardStatus::Expired, last.tomorrow().unwrap_or(last))
            }
            _ => (self.status, self.since),
        }
    }
}

impl NewCard {
    /// The card as it begins.
    pub(crate) fn into_card(self) -> Card {
        Card {
            number: self.number,
            sod_sha256: self.sod_sha256,
            document_number: self.document_number,
            chip_serial: self.chip_serial,
            issued: self.issued,
            expires: self.expires,
            status: CardStatus::Active,
            since: self.issued,
        }
    }
}

impl SodDigest {
    /// The digest of a file EF.SOD.
    #[must_use]
    pub fn of(ef_sod: &[u8]) -> Self {
        use sha2::{Digest, Sha256};
        Self(Sha256::digest(ef_sod).into())
    }

    /// From its octets.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its octets.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for SodDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for SodDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SodDigest({self})")
    }
}

impl FromStr for SodDigest {
    type Err = NotASodDigest;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(NotASodDigest);
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotASodDigest)?;
        Ok(Self(bytes))
    }
}

impl Serialize for SodDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SodDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Debug for NewCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewCard").field("sod_sha256", &self.sod_sha256).finish_non_exhaustive()
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card")
            .field("sod_sha256", &self.sod_sha256)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Whether text is the serial of a chip: 20 lower-case hexadecimal digits.
pub(crate) fn is_chip_serial(text: &str) -> bool {
    text.len() == 20 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether text is a document number of an MRZ without filler: 9 letters or digits (Doc 9303-5 §4.2.2).
pub(crate) fn is_document_number(text: &str) -> bool {
    text.len() == 9 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// The words for a sex that a request may use.
pub(crate) fn same_sex(word: &str, sex: Sex) -> bool {
    crate::person::parse_sex(word) == Some(sex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_of_status() {
        use CardStatus::{Active, Destroyed, Held, Lost, Replaced, Revoked};
        for from in CardStatus::ALL {
            for to in CardStatus::ALL {
                let allowed = from.change(to).is_ok();
                let expected = match from {
                    Active | Held => from != to,
                    Lost => matches!(to, Revoked | Replaced | Destroyed),
                    Destroyed => false,
                    _ => to == Destroyed,
                };
                assert_eq!(allowed, expected, "{} to {}", from.as_str(), to.as_str());
                assert!(!(allowed && to.is_in_use() && !from.is_in_use()), "back into use");
            }
        }
    }

    #[test]
    fn digests_are_lower_case_hex() {
        let digest = SodDigest::of(b"77");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        for text in ["", "00", &"0".repeat(63), &"g".repeat(64), &"A".repeat(64)] {
            assert_eq!(text.parse::<SodDigest>(), Err(NotASodDigest));
        }
    }
}
