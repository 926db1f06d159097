//! An invented country's verifying authority.

use cccd_cvc::chain::{ChipTrust, TrustPoint};
use cccd_cvc::{
    Certificate, CertificateContent, Chat, Curve, Date, Hash, InspectionRights, PrivateKey, Reference, Role,
    SignatureAlgorithm,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

pub(crate) const ECDSA: SignatureAlgorithm = SignatureAlgorithm::Ecdsa(Hash::Sha256);
pub(crate) const BOTH: InspectionRights = InspectionRights { fingerprints: true, irises: true };
pub(crate) const FINGERPRINTS: InspectionRights = InspectionRights { fingerprints: true, irises: false };
pub(crate) const IRISES: InspectionRights = InspectionRights { fingerprints: false, irises: true };

pub(crate) fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([7; 32])
}

pub(crate) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// A named key.
pub(crate) struct Holder {
    pub(crate) name: Reference,
    pub(crate) key: PrivateKey,
}

impl Holder {
    pub(crate) fn new(name: &str, seed: u8) -> Self {
        let mut rng = ChaCha20Rng::from_seed([seed; 32]);
        let key = PrivateKey::generate(Curve::BrainpoolP256r1, ECDSA, &mut rng).unwrap();
        Self { name: name.parse().unwrap(), key }
    }

    /// Certifies another key, or itself.
    pub(crate) fn certify(
        &self,
        holder: &Self,
        role: Role,
        rights: InspectionRights,
        days: (&str, &str),
    ) -> Certificate {
        CertificateContent {
            authority: self.name.clone(),
            public_key: holder.key.public_key(role == Role::Cvca).unwrap(),
            holder: holder.name.clone(),
            chat: Chat::inspection(role, rights),
            effective: day(days.0),
            expiration: day(days.1),
            extensions: None,
        }
        .sign(&self.key, &mut rng())
        .unwrap()
    }

    pub(crate) fn trust_point(&self, days: (&str, &str)) -> TrustPoint {
        TrustPoint::from_certificate(&self.certify(self, Role::Cvca, BOTH, days)).unwrap()
    }
}

pub(crate) fn trust(points: Vec<TrustPoint>, date: &str) -> ChipTrust {
    ChipTrust::new(points, day(date)).unwrap()
}
