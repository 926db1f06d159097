//! EF.SOD: the file that signs all others, Doc 9303-10 §4.6.2.
//!
//! ```text
//! 77 { ContentInfo { signedData, SignedData { version 3, …, ldsSecurityObject, certificates, signerInfos } } }
//! ```
//!
//! The content (`LDSSecurityObject`, the list of hashes) belongs to the card's profile; here it is bytes.

use crate::algorithm::oids;
use crate::asn1::{self, Malformed, Reader};
use crate::certificate::Certificate;
use crate::signed_data::{self, Laid, SignError, SignatureFacts, SignatureProblem, SignedData};
use crate::signer::Signer;
use crate::trust::{KnownSigners, TrustStore};
use const_oid::ObjectIdentifier;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// Largest EF.SOD that is read, in octets.
pub const MAX_EF_SOD: usize = 128 * 1024;

/// Template tag of EF.SOD.
const TAG: u8 = 0x77;

/// A file that is no EF.SOD; reason code `malformed-data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("EF.SOD is malformed: {source}")]
pub struct SodError {
    /// Where and what.
    #[from]
    pub source: Malformed,
}

impl SodError {
    /// Offset in the file.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.source.offset
    }

    /// Stable reason code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "malformed-data"
    }
}

/// A parsed EF.SOD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EfSod {
    signed_data: SignedData,
    econtent: Vec<u8>,
    file_digest: [u8; 32],
    padding: usize,
}

impl EfSod {
    /// Reads the file as it was read from the card. Zero octets after the template are padding and counted.
    ///
    /// # Errors
    /// Bytes that are no EF.SOD, or none with content; with the offset.
    pub fn parse(file: &[u8]) -> Result<Self, SodError> {
        if file.len() > MAX_EF_SOD {
            return Err(Malformed::at(MAX_EF_SOD, "an EF.SOD of at most 128 KiB").into());
        }
        let strict = match Self::parse_definite(file) {
            Ok(parsed) => return Ok(parsed),
            Err(strict) => strict,
        };
        // Some states write indefinite lengths. The file is known by its octets as they are on the card.
        let Ok(Some((mut definite, taken))) = asn1::to_definite(file) else { return Err(strict) };
        let (whole, padding) = file.split_at_checked(taken).ok_or(strict)?;
        definite.extend_from_slice(padding);
        let mut parsed = Self::parse_definite(&definite)?;
        parsed.file_digest = Sha256::digest(whole).into();
        parsed.signed_data = parsed.signed_data.read_from_ber();
        Ok(parsed)
    }

    fn parse_definite(file: &[u8]) -> Result<Self, SodError> {
        let mut reader = Reader::new(file);
        let template = reader.expect(TAG, "the tag 77 of EF.SOD")?;
        if reader.rest().iter().any(|b| *b != 0) {
            return Err(Malformed::at(reader.offset(), "bytes after EF.SOD that are not padding").into());
        }
        let mut inner = template.reader();
        let content_info = inner.expect(asn1::tag::SEQUENCE, "a ContentInfo")?;
        inner.finish("bytes after the ContentInfo")?;
        let signed_data = SignedData::from_element(&content_info)?;
        let econtent = signed_data
            .econtent()
            .ok_or(Malformed::at(content_info.offset, "the content of EF.SOD is missing"))?
            .to_vec();
        let padding = reader.rest().len();
        Ok(Self { signed_data, econtent, file_digest: Sha256::digest(template.raw).into(), padding })
    }

    /// eContentType: id-icao-ldsSecurityObject, or another that policy may tolerate (China writes id-data).
    #[must_use]
    pub const fn econtent_type(&self) -> ObjectIdentifier {
        self.signed_data.econtent_type()
    }

    /// eContentType is id-icao-ldsSecurityObject (Doc 9303-10 §4.6.2.2).
    #[must_use]
    pub fn has_lds_security_object_type(&self) -> bool {
        self.econtent_type() == oids::LDS_SECURITY_OBJECT
    }

    /// The encoded `LDSSecurityObject`.
    #[must_use]
    pub fn econtent(&self) -> &[u8] {
        &self.econtent
    }

    /// Looks among the signers that are kept ([`TrustStore::signers_named`]) for certificates that did not come along.
    pub fn supply(&mut self, trust: &TrustStore) {
        self.signed_data.supply(&|identifier| trust.signers_named(identifier));
    }

    /// The certificate that the first `SignerInfo` names, if it came along or was supplied. Not yet believed.
    #[must_use]
    pub fn signer_certificate(&self) -> Option<&Certificate> {
        self.signed_data.signers().first().and_then(|info| self.signed_data.certificate_of(info))
    }

    /// The whole `SignedData`.
    #[must_use]
    pub const fn signed_data(&self) -> &SignedData {
        &self.signed_data
    }

    /// SHA-256 of the file without padding: how a card is known.
    #[must_use]
    pub const fn file_digest(&self) -> [u8; 32] {
        self.file_digest
    }

    /// What reading tolerated, by stable code: the file's own departures and those of its `SignedData`.
    #[must_use]
    pub fn leniencies(&self) -> Vec<&'static str> {
        let mut codes: Vec<&'static str> =
            self.signed_data.leniencies().iter().map(|leniency| leniency.code()).collect();
        if self.padding > 0 {
            codes.push("trailing-padding");
        }
        if self.econtent_type() == oids::DATA {
            codes.push("id-data");
        }
        codes
    }

    /// Zero octets that followed the template.
    #[must_use]
    pub const fn padding(&self) -> usize {
        self.padding
    }

    /// Verifies the signature over the content, by the key of the certificate inside. Whether that certificate is to
    /// be believed is [`crate::trust`]'s question.
    ///
    /// # Errors
    /// [`SignatureProblem`], with its reason code.
    pub fn verify_signature(&self) -> Result<SignatureFacts, SignatureProblem> {
        self.signed_data.verify()
    }

    /// As [`verify_signature`](Self::verify_signature), with the tables of signers that are known.
    ///
    /// # Errors
    /// As [`verify_signature`](Self::verify_signature).
    pub fn verify_signature_with(
        &self,
        known: Option<&KnownSigners<'_>>,
    ) -> Result<SignatureFacts, SignatureProblem> {
        self.signed_data.verify_with(known)
    }
}

/// Makes an EF.SOD around an encoded `LDSSecurityObject` and verifies it before it is returned.
///
/// # Errors
/// [`SignError`]: nothing unverified is handed out.
pub fn sign(
    lds_security_object: &[u8],
    certificate: &Certificate,
    signer: &dyn Signer,
    signing_time: Timestamp,
) -> Result<Vec<u8>, SignError> {
    sign_by(lds_security_object, certificate, signer, Laid::Nobodys, signing_time)
}

/// As [`sign`], verified with these tables.
pub(crate) fn sign_by(
    lds_security_object: &[u8],
    certificate: &Certificate,
    signer: &dyn Signer,
    laid: Laid<'_>,
    signing_time: Timestamp,
) -> Result<Vec<u8>, SignError> {
    let content_info = signed_data::build(
        &oids::LDS_SECURITY_OBJECT,
        lds_security_object,
        certificate,
        &[],
        signer,
        signing_time,
    )?;
    let file = asn1::tlv(TAG, &content_info);
    EfSod::parse(&file).map_err(|error| error.source)?.signed_data.verify_by(laid)?;
    Ok(file)
}
