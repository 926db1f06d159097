//! Verification of a `SignedData`, RFC 5652 §5.4 and §5.6: facts, never a verdict.

use super::{Leniency, SignedData, SignerInfo};
use crate::algorithm::{HashAlgorithm, SignatureAlgorithm, UnknownAlgorithm};
use crate::asn1::{self, tag};
use crate::certificate::Certificate;
use crate::public_key::{PublicKey, SignatureLeniency, VerifyError};
use crate::trust::KnownSigners;
use jiff::Timestamp;
use subtle::ConstantTimeEq as _;

/// A signature that holds, and what it was made with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignatureFacts {
    /// The certificate whose key made the (first) signature. Whether it is trusted is another question.
    pub signer: Certificate,
    /// Hash of the content (`messageDigest`).
    pub digest: HashAlgorithm,
    /// Algorithm of the signature.
    pub algorithm: SignatureAlgorithm,
    /// The signer's own claim of when it signed. Never a time to judge validity at.
    pub signing_time: Option<Timestamp>,
    /// A hash that is no longer collision resistant was used: reason code `weak-hash`.
    pub weak_hash: bool,
    /// Content and signed attributes were hashed by different functions (allowed, unusual).
    pub hashes_differ: bool,
    /// What reading and verifying tolerated.
    pub leniencies: Vec<Leniency>,
    /// Signers of the further `SignerInfos`, all of whose signatures hold too.
    pub further_signers: Vec<Certificate>,
}

/// Why a `SignedData` does not stand. [`SignatureProblem::code`] is the reason code of the finding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureProblem {
    /// No `SignerInfo` at all.
    #[error("nobody signed the content")]
    NoSigner,
    /// The content is not inside.
    #[error("the signed content is missing")]
    NoContent,
    /// The signer's certificate did not come along.
    #[error("the signer's certificate is missing")]
    NoSignerCertificate,
    /// No signed attributes, or none that binds the content (Doc 9303-10 §4.6.2.2 makes them mandatory).
    #[error("the signed attributes do not bind the content")]
    NoSignedAttributes,
    /// An attribute that must occur once has several values.
    #[error("a signed attribute is repeated")]
    RepeatedAttribute,
    /// The signed content type is not that of the content.
    #[error("the signed content type is another")]
    ContentTypeMismatch,
    /// The signed digest is not that of the content.
    #[error("the content does not have the signed digest")]
    MessageDigestMismatch,
    /// The signature is not one of these attributes by this key.
    #[error("the signature does not verify")]
    SignatureInvalid,
    /// The signer's key cannot be used at all.
    #[error("the signer's key is not usable: {0}")]
    UnusableKey(&'static str),
    /// An algorithm, curve or key type that is not known here: undetermined.
    #[error(transparent)]
    UnknownAlgorithm(#[from] UnknownAlgorithm),
}

impl SignatureProblem {
    /// Stable reason code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSigner | Self::NoContent | Self::NoSignedAttributes => "unsigned-content",
            Self::NoSignerCertificate => "no-signer-certificate",
            Self::RepeatedAttribute => "malformed-data",
            Self::ContentTypeMismatch => "content-type-mismatch",
            Self::MessageDigestMismatch => "message-digest-mismatch",
            Self::SignatureInvalid | Self::UnusableKey(_) => "signature-invalid",
            Self::UnknownAlgorithm(_) => "unknown-algorithm",
        }
    }

    /// Not false but not decidable here: the check is inconclusive, not failed.
    #[must_use]
    pub const fn is_undetermined(&self) -> bool {
        matches!(self, Self::UnknownAlgorithm(_))
    }
}

impl From<VerifyError> for SignatureProblem {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Invalid | VerifyError::KeyTypeMismatch => Self::SignatureInvalid,
            VerifyError::UnusableKey(why) => Self::UnusableKey(why),
            VerifyError::Unknown(unknown) => Self::UnknownAlgorithm(unknown),
        }
    }
}

/// Whose keys are laid out in tables.
#[derive(Clone, Copy)]
pub(crate) enum Laid<'k> {
    /// Nobody's.
    Nobodys,
    /// Those of signers that are known.
    Known(&'k KnownSigners<'k>),
    /// This one's.
    Own(&'k PublicKey),
}

impl SignedData {
    /// Verifies every signature over the content. With several `SignerInfos` all must hold, so that none can be added
    /// to hide behind another; the facts are those of the first.
    ///
    /// # Errors
    /// The first [`SignatureProblem`] met; a definite failure goes before an unknown algorithm.
    pub fn verify(&self) -> Result<SignatureFacts, SignatureProblem> {
        self.verify_with(None)
    }

    /// As [`verify`](Self::verify), with the tables of signers that are known, if any are: the same facts, sooner.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_with(&self, known: Option<&KnownSigners<'_>>) -> Result<SignatureFacts, SignatureProblem> {
        self.verify_by(known.map_or(Laid::Nobodys, Laid::Known))
    }

    /// As [`verify`](Self::verify), with these tables.
    pub(crate) fn verify_by(&self, laid: Laid<'_>) -> Result<SignatureFacts, SignatureProblem> {
        let content = self.econtent().ok_or(SignatureProblem::NoContent)?;
        let results: Vec<_> =
            self.signers().iter().map(|info| self.verify_signer(info, content, laid)).collect();
        let mut good = Vec::new();
        let mut unknown = None;
        for result in results {
            match result {
                Ok(facts) => good.push(facts),
                Err(problem) if problem.is_undetermined() => unknown = Some(problem),
                Err(problem) => return Err(problem),
            }
        }
        if let Some(problem) = unknown {
            return Err(problem);
        }
        let mut good = good.into_iter();
        let mut first = good.next().ok_or(SignatureProblem::NoSigner)?;
        for further in good {
            first.weak_hash |= further.weak_hash;
            first.leniencies.extend(further.leniencies);
            first.further_signers.push(further.signer);
        }
        first.leniencies.sort_unstable();
        first.leniencies.dedup();
        Ok(first)
    }

    /// The certificate that a `SignerInfo` names, among those that came along, else among those that were supplied
    /// ([`SignedData::supply`]).
    #[must_use]
    pub fn certificate_of(&self, info: &SignerInfo) -> Option<&Certificate> {
        let mut named = self.certificates().iter().filter(|certificate| info.names(certificate));
        let first = named.clone().next();
        named
            .find(|certificate| !info.writes_issuer_otherwise(certificate))
            .or(first)
            .or_else(|| {
                let mut meant = self.certificates().iter().filter(|certificate| info.might_mean(certificate));
                meant.next().filter(|_| meant.next().is_none())
            })
            .or_else(|| self.supplied.iter().find(|certificate| info.names(certificate)))
    }

    fn verify_signer(
        &self,
        info: &SignerInfo,
        content: &[u8],
        laid: Laid<'_>,
    ) -> Result<SignatureFacts, SignatureProblem> {
        let signer = self.certificate_of(info);
        let is_supplied = |signer: &Certificate| self.supplied.iter().any(|one| std::ptr::eq(one, signer));
        self.verify_signer_by(info, content, laid, signer.map(|signer| (signer, is_supplied(signer))))
    }

    /// As above, by a certificate, of which is told whether it was supplied.
    pub(super) fn verify_signer_by(
        &self,
        info: &SignerInfo,
        content: &[u8],
        laid: Laid<'_>,
        signer: Option<(&Certificate, bool)>,
    ) -> Result<SignatureFacts, SignatureProblem> {
        let attributes = info.attributes.as_ref().ok_or(SignatureProblem::NoSignedAttributes)?;
        if attributes.repeated {
            return Err(SignatureProblem::RepeatedAttribute);
        }
        let content_type = attributes.content_type.ok_or(SignatureProblem::NoSignedAttributes)?;
        let signed_digest = attributes.message_digest.as_ref().ok_or(SignatureProblem::NoSignedAttributes)?;
        if content_type != self.econtent_type() {
            return Err(SignatureProblem::ContentTypeMismatch);
        }
        let digest = info.digest.clone()?;
        if !bool::from(digest.digest(content).ct_eq(signed_digest)) {
            return Err(SignatureProblem::MessageDigestMismatch);
        }
        let (signer, is_supplied) = signer.ok_or(SignatureProblem::NoSignerCertificate)?;
        let algorithm = info.algorithm.clone()?;
        let known = if let Laid::Known(known) = laid { known.key_of(signer) } else { None };
        let key = match (laid, &known) {
            (Laid::Own(own), _) if own == signer.public_key() => own,
            (_, Some(known)) => known,
            _ => signer.public_key(),
        };
        let verify = |message: &[u8]| key.verify_leniently(algorithm, message, &info.signature);
        let mut leniencies = self.leniencies().to_vec();
        let tolerated = match verify(&attributes.encoded) {
            // The signature is over the DER form; a card may carry the attributes in another order.
            Err(VerifyError::Invalid) => {
                let sorted = asn1::set_of(tag::SET, attributes.parts.clone());
                // Attributes that are in order have no other form: nothing is computed twice.
                if sorted == attributes.encoded {
                    return Err(SignatureProblem::SignatureInvalid);
                }
                leniencies.push(Leniency::AttributesOutOfOrder);
                verify(&sorted)?
            }
            other => other?,
        };
        if let Some(SignatureLeniency::DigestInfoWithoutNull) = tolerated {
            leniencies.push(Leniency::DigestInfoWithoutNull);
        }
        if is_supplied {
            leniencies.push(Leniency::CertificateFromElsewhere);
        }
        if !info.names(signer) {
            leniencies.push(Leniency::IssuerNameOther);
        } else if info.writes_issuer_otherwise(signer) {
            leniencies.push(Leniency::IssuerNameDiffers);
        }
        Ok(SignatureFacts {
            signer: signer.clone(),
            digest,
            algorithm,
            signing_time: attributes.signing_time,
            weak_hash: digest.is_weak() || algorithm.hash().is_weak(),
            hashes_differ: digest != algorithm.hash(),
            leniencies,
            further_signers: Vec::new(),
        })
    }
}
