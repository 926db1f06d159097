//! The status list: which cards are not in use, signed by the register for counters without a line to it.
//!
//! ```text
//! magic "CCCDSL01" | this update, next update: u64 milliseconds since 1970 | key: SHA-256 of its SubjectPublicKeyInfo
//! | counts of held, lost, revoked, replaced, destroyed: u32 each | that many names for each, ascending | signature, DER
//! ```
//!
//! A name is the first eight octets of the SHA-256 of a card's EF.SOD. All numbers are big-endian. A card that is not on
//! the list is not known to be out of use: what the register never recorded only the register itself tells. A card
//! says itself when it expires, so expired ones are not listed.

use cccd_keys::detached::{self, Purpose};
use cccd_keys::public_key::PublicKey;
use cccd_keys::signer::{Signer, SigningFailed};
use cccd_keys::trust::TrustStore;
use jiff::Timestamp;

use super::{CardStatus, CardStatusAnswer, RegisterError};

const MAGIC: &[u8; 8] = b"CCCDSL01";

/// Octets of a name: of a hundred million cards with five million on the list, one in nearly four million million shares a
/// name with one of them.
const NAME: usize = 8;

/// What is listed, in the order of the counts.
const LISTED: [CardStatus; 5] =
    [CardStatus::Held, CardStatus::Lost, CardStatus::Revoked, CardStatus::Replaced, CardStatus::Destroyed];

const HEAD: usize = MAGIC.len() + 8 + 8 + 32 + 4 * LISTED.len();

/// The most cards of a list: more than a nation's cards of three generations.
const MAX_CARDS: usize = 300_000_000;

/// The longest signature.
const MAX_SIGNATURE: usize = 1024;

/// A list of cards that are not in use.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusList {
    bytes: Vec<u8>,
    this_update: Timestamp,
    next_update: Timestamp,
    counts: [usize; LISTED.len()],
}

/// Why bytes are no list, or not one to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatusListError {
    /// Not of this form.
    #[error("this is no list of card statuses (at octet {0})")]
    Malformed(usize),
    /// Signed by a key that is not trusted as a register's.
    #[error("the list of card statuses is not signed by a trusted register")]
    UnknownKey,
    /// The signature does not hold.
    #[error("the signature of the list of card statuses does not hold")]
    Signature,
    /// Out of time: older than it says it holds, or from the future.
    #[error("the list of card statuses does not hold at this time")]
    Time,
}

/// Builds and signs a list. Cards in use, expired and unknown are left out.
///
/// # Errors
/// [`SigningFailed`].
pub fn issue(
    cards: impl IntoIterator<Item = ([u8; 32], CardStatus)>,
    this_update: Timestamp,
    next_update: Timestamp,
    signer: &dyn Signer,
) -> Result<Vec<u8>, SigningFailed> {
    let mut names: [Vec<[u8; NAME]>; LISTED.len()] = Default::default();
    for (digest, status) in cards {
        let place = LISTED.iter().position(|listed| *listed == status);
        if let (Some(list), Some(name)) = (place.and_then(|place| names.get_mut(place)), digest.first_chunk())
        {
            list.push(*name);
        }
    }
    let mut bytes = MAGIC.to_vec();
    for time in [this_update, next_update] {
        bytes.extend(u64::try_from(time.as_millisecond()).unwrap_or_default().to_be_bytes());
    }
    bytes.extend(hex::decode(signer.public_key().fingerprint()).unwrap_or_default());
    for list in &mut names {
        list.sort_unstable();
        list.dedup();
        bytes.extend(u32::try_from(list.len()).unwrap_or(u32::MAX).to_be_bytes());
    }
    names.iter().flatten().for_each(|name| bytes.extend(name));
    let signature = detached::sign(signer, Purpose::CardStatusList, &bytes)?;
    bytes.extend(signature);
    Ok(bytes)
}

impl StatusList {
    /// Reads a list, and believes it under a register's key of this trust.
    ///
    /// # Errors
    /// [`StatusListError`].
    pub fn believe(bytes: &[u8], trust: &TrustStore) -> Result<Self, StatusListError> {
        let (list, end) = Self::parse(bytes)?;
        let key = trust.register_key(&list.key()).ok_or(StatusListError::UnknownKey)?;
        list.verified(bytes, end, key)
    }

    fn verified(self, bytes: &[u8], end: usize, key: &PublicKey) -> Result<Self, StatusListError> {
        let (content, signature) = bytes.split_at_checked(end).ok_or(StatusListError::Malformed(end))?;
        detached::verify(key, Purpose::CardStatusList, content, signature)
            .map_err(|_| StatusListError::Signature)?;
        Ok(self)
    }

    /// The form alone: the list, and where its signature begins.
    ///
    /// # Errors
    /// [`StatusListError::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<(Self, usize), StatusListError> {
        let bad = StatusListError::Malformed;
        let number =
            |at: usize| -> Option<u64> { Some(u64::from_be_bytes(*bytes.get(at..)?.first_chunk()?)) };
        if bytes.get(..MAGIC.len()) != Some(MAGIC) {
            return Err(bad(0));
        }
        let time = |at: usize| -> Result<Timestamp, StatusListError> {
            let milliseconds = number(at).and_then(|number| i64::try_from(number).ok()).ok_or(bad(at))?;
            Timestamp::from_millisecond(milliseconds).map_err(|_| bad(at))
        };
        let (this_update, next_update) = (time(8)?, time(16)?);
        if next_update <= this_update {
            return Err(bad(16));
        }
        let (mut counts, mut at, mut end) = ([0; LISTED.len()], HEAD - 4 * LISTED.len(), HEAD);
        for count in &mut counts {
            let read = bytes.get(at..).and_then(<[u8]>::first_chunk).map(|four| u32::from_be_bytes(*four));
            *count = read.and_then(|count| usize::try_from(count).ok()).ok_or(bad(at))?;
            if *count > MAX_CARDS {
                return Err(bad(at));
            }
            at += 4;
            end += *count * NAME;
        }
        let length = bytes.len();
        if end >= length || length - end > MAX_SIGNATURE {
            return Err(bad(length));
        }
        let list =
            Self { bytes: bytes.get(..end).ok_or(bad(length))?.to_vec(), this_update, next_update, counts };
        let mut from = HEAD;
        for count in counts {
            let names = list.names(from, count);
            if let Some(place) = names.iter().zip(names.iter().skip(1)).position(|(one, next)| one >= next) {
                return Err(bad(from + (place + 1) * NAME));
            }
            from += count * NAME;
        }
        Ok((list, end))
    }

    fn key(&self) -> String {
        hex::encode(self.bytes.get(24..56).unwrap_or_default())
    }

    fn names(&self, from: usize, count: usize) -> &[[u8; NAME]] {
        self.bytes.get(from..from + count * NAME).unwrap_or_default().as_chunks().0
    }

    /// When it was made.
    #[must_use]
    pub fn this_update(&self) -> Timestamp {
        self.this_update
    }

    /// Until when it holds.
    #[must_use]
    pub fn next_update(&self) -> Timestamp {
        self.next_update
    }

    /// How many cards are on it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Nobody is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How stands the card whose EF.SOD has this SHA-256, by this list.
    ///
    /// # Errors
    /// [`StatusListError::Time`]: a list that is stale, or from the future, says nothing of any card.
    pub fn status(&self, sod_sha256: &[u8; 32], at: Timestamp) -> Result<CardStatusAnswer, StatusListError> {
        if at < self.this_update || at > self.next_update {
            return Err(StatusListError::Time);
        }
        let mut status = CardStatus::Active;
        let mut from = HEAD;
        if let Some(name) = sod_sha256.first_chunk::<NAME>() {
            for (listed, count) in LISTED.into_iter().zip(self.counts) {
                if self.names(from, count).binary_search(name).is_ok() {
                    status = listed;
                }
                from += count * NAME;
            }
        }
        Ok(CardStatusAnswer { status, since: None, time: self.this_update })
    }
}

impl std::fmt::Debug for StatusList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StatusList")
            .field("this_update", &self.this_update)
            .field("cards", &self.len())
            .finish()
    }
}

impl From<StatusListError> for RegisterError {
    fn from(error: StatusListError) -> Self {
        Self::NoList(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cccd_keys::algorithm::HashAlgorithm;
    use cccd_keys::curve::{CurveEncoding, NamedCurve};
    use cccd_keys::signer::SoftwareKey;
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng as _;

    fn key(seed: u8) -> SoftwareKey {
        let mut rng = ChaCha20Rng::from_seed([seed; 32]);
        SoftwareKey::generate(NamedCurve::P256, HashAlgorithm::Sha256, CurveEncoding::Named, &mut rng)
            .unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn card(number: u8) -> [u8; 32] {
        let mut digest = [0x5A; 32];
        digest[..2].copy_from_slice(&[number.wrapping_mul(37), number]);
        digest
    }

    fn trust(key: &SoftwareKey) -> TrustStore {
        let mut trust = TrustStore::new();
        trust.add_register_key(key.public_key().spki()).unwrap();
        trust
    }

    fn list(key: &SoftwareKey) -> Vec<u8> {
        let cards = [
            (card(1), CardStatus::Lost),
            (card(2), CardStatus::Revoked),
            (card(3), CardStatus::Active),
            (card(4), CardStatus::Held),
            (card(5), CardStatus::Expired),
            (card(6), CardStatus::Replaced),
            (card(7), CardStatus::Destroyed),
        ];
        issue(cards, at(0), at(3600), key).unwrap()
    }

    #[test]
    fn a_card_stands_as_the_list_says_and_one_that_is_not_listed_is_in_use() {
        let key = key(1);
        let list = StatusList::believe(&list(&key), &trust(&key)).unwrap();
        assert_eq!(list.len(), 5);
        let status = |number| list.status(&card(number), at(10)).unwrap().status;
        assert_eq!(
            [1, 2, 3, 4, 5, 6, 7, 8].map(status),
            [
                CardStatus::Lost,
                CardStatus::Revoked,
                CardStatus::Active,
                CardStatus::Held,
                CardStatus::Active,
                CardStatus::Replaced,
                CardStatus::Destroyed,
                CardStatus::Active
            ]
        );
    }

    #[test]
    fn a_stale_list_or_one_from_the_future_says_nothing() {
        let key = key(1);
        let list = StatusList::believe(&list(&key), &trust(&key)).unwrap();
        for (seconds, holds) in [(-1, false), (0, true), (3600, true), (3601, false)] {
            assert_eq!(list.status(&card(1), at(seconds)).is_ok(), holds, "{seconds}");
        }
    }

    #[test]
    fn whatever_octet_is_changed_it_is_not_believed() {
        let key = key(1);
        let (bytes, other) = (list(&key), self::key(2));
        assert_eq!(StatusList::believe(&bytes, &trust(&other)), Err(StatusListError::UnknownKey));
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            assert!(StatusList::believe(&changed, &trust(&key)).is_err(), "{place}");
            assert!(StatusList::believe(&bytes[..place], &trust(&key)).is_err(), "{place}");
        }
        assert!(StatusList::believe(&[bytes, vec![0]].concat(), &trust(&key)).is_err());
    }

    #[test]
    fn a_million_listed_cards_take_eight_octets_each() {
        let key = key(1);
        let cards = (0..100_000_u32).map(|number| {
            let mut digest = [0; 32];
            digest[..4].copy_from_slice(&number.wrapping_mul(2_654_435_761).to_be_bytes());
            (digest, CardStatus::Replaced)
        });
        let bytes = issue(cards, at(0), at(1), &key).unwrap();
        assert_eq!(StatusList::parse(&bytes).unwrap().0.len(), 100_000);
        assert!(bytes.len() < 100_000 * NAME + 200, "{}", bytes.len());
    }
}
