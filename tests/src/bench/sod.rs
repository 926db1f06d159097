//! EF.SOD verifications per second: ours beside OpenSSL's `CMS_verify`, on the same files. Both parse the file, check
//! the signed attributes and the signature; neither follows the chain (OpenSSL refuses explicit parameters there).

use anyhow::{Context, Result};
use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::lds::sod::{DigestAlgorithm, LdsSecurityObject, content_info};
use cccd_keys::algorithm::HashAlgorithm;
use cccd_keys::certificate::{CertificateOptions, CscaProfile, DocumentSignerProfile, SigningKeyValidity};
use cccd_keys::curve::{CurveEncoding, NamedCurve};
use cccd_keys::signer::{Signer, SoftwareKey};
use cccd_keys::sod::EfSod;
use jiff::Timestamp;
use openssl::cms::{CMSOptions, CmsContentInfo};
use rand_core::SeedableRng;

use super::measure::{Figures, in_pairs};

const FILES: u8 = 64;

/// Measures P-256 (named) and brainpoolP384r1 (explicit, as on real cards).
///
/// # Errors
/// If the files cannot be made or one of the contenders rejects them.
pub fn run(at: Timestamp, figures: &mut Figures) -> Result<()> {
    println!("EF.SOD verified per second, one core, {FILES} different files:");
    for (name, curve, encoding) in [
        ("p256", NamedCurve::P256, CurveEncoding::Named),
        ("brainpoolP384r1", NamedCurve::BrainpoolP384r1, CurveEncoding::Explicit),
    ] {
        let files = files(curve, encoding, at)?;
        let ours = |file: &[u8]| EfSod::parse(file).is_ok_and(|sod| sod.verify_signature().is_ok());
        let theirs = |file: &[u8]| openssl_verifies(file).unwrap_or(false);
        for file in &files {
            anyhow::ensure!(ours(file), "we reject a file that we made");
            anyhow::ensure!(theirs(file), "OpenSSL rejects a file that we made");
        }
        let mut failures = 0_u32;
        let mut theirs_failed = 0_u32;
        let (own, openssl) = in_pairs(
            files.len(),
            &mut |i| failures += u32::from(!files.get(i).is_some_and(|file| ours(file))),
            &mut |i| theirs_failed += u32::from(!files.get(i).is_some_and(|file| theirs(file))),
        );
        anyhow::ensure!(failures + theirs_failed == 0, "a verification failed while it was measured");
        figures.put(&format!("sod.{name}.verify_per_s"), own, "1/s");
        figures.put(&format!("sod.{name}.openssl_per_s"), openssl, "1/s");
        figures.put(&format!("sod.{name}.ratio_to_openssl"), own / openssl, "×");
    }
    Ok(())
}

fn openssl_verifies(file: &[u8]) -> Result<bool> {
    let mut cms = CmsContentInfo::from_der(content_info(file)?)?;
    let options = CMSOptions::NO_SIGNER_CERT_VERIFY | CMSOptions::BINARY;
    Ok(cms.verify(None, None, None, None, options).is_ok())
}

fn files(curve: NamedCurve, encoding: CurveEncoding, at: Timestamp) -> Result<Vec<Vec<u8>>> {
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
    let options = CertificateOptions::for_country("VN")?;
    let csca_key = SoftwareKey::generate(curve, HashAlgorithm::Sha256, encoding, &mut rng)?;
    let csca =
        CscaProfile::new(options.clone(), 1, SigningKeyValidity::csca(at)?)?.issue(&csca_key, &mut rng)?;
    let key = SoftwareKey::generate(curve, HashAlgorithm::Sha256, encoding, &mut rng)?;
    let signer = DocumentSignerProfile::new(options, &csca, 1, SigningKeyValidity::document_signer(at)?)?
        .issue(key.public_key().spki(), &csca_key, &mut rng)?;
    (0..FILES)
        .map(|n| {
            let groups = [1, 2, 3, 13, 14, 15].map(|g| DataGroupNumber::new(g).map(|g| (g, vec![n; 64])));
            let groups = groups.into_iter().collect::<Result<_, _>>()?;
            let content: LdsSecurityObject =
                LdsSecurityObject::new(DigestAlgorithm::Sha256, &groups).context("no content")?;
            Ok(cccd_keys::sod::sign(content.as_der(), &signer, &key, at)?)
        })
        .collect()
}
