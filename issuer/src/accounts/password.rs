//! Passwords, kept as Argon2id hashes (RFC 9106) in the text form of PHC.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rand_core::CryptoRng;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// The shortest and the longest password, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 10..=200;

/// The most memory that a stored hash may ask for, in KiB.
const MOST_MEMORY: u32 = 1024 * 1024;

const SALT: usize = 16;
const HASH: usize = 32;

/// What a hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hardness {
    memory_kib: u32,
    passes: u32,
}

impl Hardness {
    /// 19 MiB and two passes: OWASP's least for Argon2id, some 20 ms.
    pub const NORMAL: Self = Self { memory_kib: 19 * 1024, passes: 2 };

    /// For tests: as good as no hash.
    pub const TEST: Self = Self { memory_kib: 8, passes: 1 };
}

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordRefused {
    /// Too short or too long.
    #[error("a password has {} to {} characters", LENGTH.start(), LENGTH.end())]
    Length,
    /// It is hardly more than the name, or one character again and again.
    #[error("the password is hardly more than the officer's name, or one character again and again")]
    Easy,
}

/// A password that was typed or read.
pub struct Password(Zeroizing<String>);

impl Password {
    /// The first line of what was typed or read.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
    }

    pub(super) fn check(&self, name: &str) -> Result<(), PasswordRefused> {
        if !LENGTH.contains(&self.0.chars().count()) {
            return Err(PasswordRefused::Length);
        }
        let lower = Zeroizing::new(self.0.to_lowercase());
        let different: std::collections::BTreeSet<char> = lower.chars().collect();
        // A short name may stand in a long sentence: then what there is beside it is long enough by itself.
        let beside = Zeroizing::new(lower.replace(name, ""));
        let letters = beside.chars().filter(|c| c.is_alphanumeric()).count();
        let hardly_more = lower.contains(name) && letters < *LENGTH.start();
        if hardly_more || different.len() < 4 { Err(PasswordRefused::Easy) } else { Ok(()) }
    }

    pub(super) fn hash(&self, hardness: Hardness, rng: &mut dyn CryptoRng) -> String {
        let mut salt = [0; SALT];
        rng.fill_bytes(&mut salt);
        let hash = self.derive(hardness, &salt).unwrap_or_default();
        let Hardness { memory_kib, passes } = hardness;
        let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
        format!("$argon2id$v=19$m={memory_kib},t={passes},p=1${salt}${hash}")
    }

    pub(super) fn matches(&self, kept: &str) -> bool {
        let Some((hardness, salt, hash)) = parse(kept) else { return false };
        self.derive(hardness, &salt).is_some_and(|own| own.as_slice().ct_eq(&hash).into())
    }

    /// Takes as long as a comparison.
    pub(super) fn matches_nothing(&self) {
        let _ = self.derive(Hardness::NORMAL, &[0; SALT]);
    }

    fn derive(&self, hardness: Hardness, salt: &[u8]) -> Option<[u8; HASH]> {
        let parameters = Params::new(hardness.memory_kib, hardness.passes, 1, Some(HASH)).ok()?;
        let mut hash = [0; HASH];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
            .hash_password_into(self.0.as_bytes(), salt, &mut hash)
            .ok()?;
        Some(hash)
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(redacted)")
    }
}

fn parse(kept: &str) -> Option<(Hardness, Vec<u8>, [u8; HASH])> {
    let mut parts = kept.strip_prefix("$argon2id$v=19$")?.split('$');
    let (costs, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
    let mut costs = costs.split(',');
    let memory_kib: u32 = costs.next()?.strip_prefix("m=")?.parse().ok()?;
    let passes: u32 = costs.next()?.strip_prefix("t=")?.parse().ok()?;
    if costs.next()? != "p=1" || memory_kib > MOST_MEMORY || passes > 100 {
        return None;
    }
    let hash = STANDARD_NO_PAD.decode(hash).ok()?.try_into().ok()?;
    Some((Hardness { memory_kib, passes }, STANDARD_NO_PAD.decode(salt).ok()?, hash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    /// From the reference implementation: `echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 1 -e`, as its own
    /// test vector for version 0x13.
    #[test]
    fn the_reference_implementations_hash_is_ours() {
        let kept = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(Password::new("password").matches(kept));
        assert!(!Password::new("Password").matches(kept));
    }

    #[test]
    fn a_password_is_its_own_hash_and_no_others() {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let password = Password::new("ba cây chụm lại\n");
        let (one, two) = (password.hash(Hardness::TEST, &mut rng), password.hash(Hardness::TEST, &mut rng));
        assert_ne!(one, two, "salted");
        assert!(password.matches(&one) && password.matches(&two));
        assert!(!Password::new("ba cây chụm lai").matches(&one));
        for broken in ["", "$argon2id$v=19$", "$argon2i$v=19$m=8,t=1,p=1$AAAA$AAAA", &one[..one.len() - 4]] {
            assert!(!password.matches(broken), "{broken}");
        }
        let greedy = one.replace("m=8", "m=4000000000");
        assert!(!password.matches(&greedy), "no hash asks for all memory");
        assert!(!format!("{password:?}").contains("cây"));
    }

    #[test]
    fn easy_passwords_are_refused() {
        let check = |text: &str| Password::new(text).check("lan");
        assert_eq!(check("short"), Err(PasswordRefused::Length));
        assert_eq!(check(&"x".repeat(201)), Err(PasswordRefused::Length));
        assert_eq!(check("aaaaaaaaaaaa"), Err(PasswordRefused::Easy));
        assert_eq!(check("my name is LAN"), Err(PasswordRefused::Easy));
        assert_eq!(check("lan lan lan lan lan"), Err(PasswordRefused::Easy));
        assert_eq!(check("tựa lan can nhìn sông Hồng"), Ok(()));
        assert_eq!(check("đường xa ướt mưa"), Ok(()));
    }
}
