//! Making a `SignedData`, verified before it leaves.

use super::{SignatureProblem, SignedData};
use crate::algorithm::{hash_identifier, oids};
use crate::asn1::{self, Malformed, tag};
use crate::certificate::Certificate;
use crate::signer::{Signer, SigningFailed};
use const_oid::ObjectIdentifier;
use jiff::Timestamp;

/// A `SignedData` that was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The certificate is not that of the key.
    #[error("the signer's certificate is not that of its key")]
    CertificateMismatch,
    /// The key did not sign.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
    /// What was made does not read back.
    #[error("the new signature does not read back: {0}")]
    Malformed(#[from] Malformed),
    /// What was made does not verify; it is not handed out.
    #[error("the new signature does not verify: {0}")]
    Verification(#[from] SignatureProblem),
}

/// Signs `content`: `SignedData` version 3, the certificate inside, signed attributes contentType, messageDigest and
/// signingTime, the signer named by issuer and serial number. Verified before it is returned.
///
/// # Errors
/// [`SignError`].
pub fn sign(
    content_type: &ObjectIdentifier,
    content: &[u8],
    certificate: &Certificate,
    signer: &dyn Signer,
    signing_time: Timestamp,
) -> Result<Vec<u8>, SignError> {
    let der = build(content_type, content, certificate, &[], signer, signing_time)?;
    SignedData::parse(&der)?.verify()?;
    Ok(der)
}

/// As [`sign`], for a caller that verifies the whole in which this is wrapped; `others` are certificates that come along.
pub(crate) fn build(
    content_type: &ObjectIdentifier,
    content: &[u8],
    certificate: &Certificate,
    others: &[&Certificate],
    signer: &dyn Signer,
    signing_time: Timestamp,
) -> Result<Vec<u8>, SignError> {
    if certificate.public_key().spki() != signer.public_key().spki() {
        return Err(SignError::CertificateMismatch);
    }
    let algorithm = signer.algorithm();
    let hash = algorithm.hash();
    let attribute = |oid: &ObjectIdentifier, value: Vec<u8>| {
        asn1::sequence(&[&asn1::oid(oid), &asn1::tlv(tag::SET, &value)])
    };
    let attributes = vec![
        attribute(&oids::CONTENT_TYPE, asn1::oid(content_type)),
        attribute(&oids::MESSAGE_DIGEST, asn1::tlv(tag::OCTET_STRING, &hash.digest(content))),
        attribute(&oids::SIGNING_TIME, asn1::time(signing_time)),
    ];
    let to_sign = asn1::set_of(tag::SET, attributes.clone());
    let signature = signer.sign(&to_sign)?;
    let sid = asn1::sequence(&[certificate.issuer().der(), &asn1::tlv(tag::INTEGER, certificate.serial())]);
    let signer_info = asn1::sequence(&[
        &asn1::integer(&[1]),
        &sid,
        &hash_identifier(hash),
        &asn1::set_of(tag::context(0), attributes),
        &algorithm.to_der(),
        &asn1::tlv(tag::OCTET_STRING, &signature),
    ]);
    let encapsulated = asn1::sequence(&[
        &asn1::oid(content_type),
        &asn1::tlv(tag::context(0), &asn1::tlv(tag::OCTET_STRING, content)),
    ]);
    let along = std::iter::once(certificate).chain(others.iter().copied());
    let certificates = along.map(|certificate| certificate.der().to_vec()).collect();
    let signed_data = asn1::sequence(&[
        &asn1::integer(&[3]),
        &asn1::tlv(tag::SET, &hash_identifier(hash)),
        &encapsulated,
        &asn1::set_of(tag::context(0), certificates),
        &asn1::tlv(tag::SET, &signer_info),
    ]);
    let der = asn1::sequence(&[&asn1::oid(&oids::SIGNED_DATA), &asn1::tlv(tag::context(0), &signed_data)]);
    Ok(der)
}
