//! A tiny PKI to test with.

use cccd_keys::certificate::{
    Certificate, CertificateOptions, CscaProfile, DocumentSignerProfile, SigningKeyValidity,
};
use cccd_keys::crl::CertificateRevocationList;
use cccd_keys::curve::CurveEncoding;
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::signer::{Signer as _, SoftwareKey};
use cccd_keys::sod;
use cccd_keys::trust::TrustStore;
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// CSCA, Document Signer and CRL of one country.
pub(crate) struct House {
    pub(crate) csca: Certificate,
    pub(crate) csca_key: SoftwareKey,
    pub(crate) signer: Certificate,
    pub(crate) signer_key: SoftwareKey,
    pub(crate) crl: CertificateRevocationList,
    pub(crate) rng: ChaCha20Rng,
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// When the house was made.
pub(crate) fn founded() -> Timestamp {
    at("2026-11-01T00:00:00Z")
}

/// A month later.
pub(crate) fn today() -> Timestamp {
    at("2026-12-01T00:00:00Z")
}

/// Stands for an encoded `LDSSecurityObject`; its inside is not this crate's business.
pub(crate) const CONTENT: &[u8] = b"\x30\x03\x02\x01\x00";

impl House {
    pub(crate) fn new(profile: AlgorithmProfile, country: &str, seed: u64) -> Self {
        Self::with_encoding(profile, profile.curve_encoding(), country, seed)
    }

    pub(crate) fn with_encoding(
        profile: AlgorithmProfile,
        encoding: CurveEncoding,
        country: &str,
        seed: u64,
    ) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let options = CertificateOptions::for_country(country).unwrap();
        let csca_key =
            SoftwareKey::generate(profile.curve(), profile.certificate_hash(), encoding, &mut rng).unwrap();
        let validity = SigningKeyValidity::csca(founded()).unwrap();
        let csca =
            CscaProfile::new(options.clone(), 1, validity).unwrap().issue(&csca_key, &mut rng).unwrap();
        let signer_key =
            SoftwareKey::generate(profile.curve(), profile.document_hash(), encoding, &mut rng).unwrap();
        let validity = SigningKeyValidity::document_signer(founded()).unwrap();
        let signer = DocumentSignerProfile::new(options, &csca, 1, validity)
            .unwrap()
            .issue(signer_key.public_key().spki(), &csca_key, &mut rng)
            .unwrap();
        let crl = CertificateRevocationList::issue(
            &csca,
            &csca_key,
            1,
            founded(),
            SignedDuration::from_hours(90 * 24),
            &[],
        )
        .unwrap();
        Self { csca, csca_key, signer, signer_key, crl, rng }
    }

    pub(crate) fn sod(&self) -> Vec<u8> {
        sod::sign(CONTENT, &self.signer, &self.signer_key, today()).unwrap()
    }

    pub(crate) fn trust(&self) -> TrustStore {
        let mut trust = TrustStore::new();
        trust.add_anchor(self.csca.der()).unwrap();
        trust.add_crl(self.crl.der()).unwrap();
        trust
    }
}
