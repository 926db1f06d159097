//! Hash and signature algorithms and their identifiers, RFC 5754, RFC 5758, RFC 4055, TR-03111.

use crate::asn1::{self, Element, Malformed, Reader, tag};
use const_oid::ObjectIdentifier;
use sha2::Digest;

/// Object identifiers used by the PKI of the card.
pub mod oids {
    use const_oid::ObjectIdentifier;
    macro_rules! oids { ($($(#[$doc:meta])* $name:ident = $value:literal;)*) => {
        $($(#[$doc])* pub const $name: ObjectIdentifier = ObjectIdentifier::new_unwrap($value);)*
    } }
    oids! {
        /// id-sha1
        SHA1 = "1.3.14.3.2.26";
        /// id-sha224
        SHA224 = "2.16.840.1.101.3.4.2.4";
        /// id-sha256
        SHA256 = "2.16.840.1.101.3.4.2.1";
        /// id-sha384
        SHA384 = "2.16.840.1.101.3.4.2.2";
        /// id-sha512
        SHA512 = "2.16.840.1.101.3.4.2.3";
        /// ecdsa-plain-SHA1
        ECDSA_PLAIN_SHA1 = "0.4.0.127.0.7.1.1.4.1.1";
        /// ecdsa-plain-SHA224
        ECDSA_PLAIN_SHA224 = "0.4.0.127.0.7.1.1.4.1.2";
        /// ecdsa-plain-SHA256
        ECDSA_PLAIN_SHA256 = "0.4.0.127.0.7.1.1.4.1.3";
        /// ecdsa-plain-SHA384
        ECDSA_PLAIN_SHA384 = "0.4.0.127.0.7.1.1.4.1.4";
        /// ecdsa-plain-SHA512
        ECDSA_PLAIN_SHA512 = "0.4.0.127.0.7.1.1.4.1.5";
        /// ecdsa-with-SHA1
        ECDSA_SHA1 = "1.2.840.10045.4.1";
        /// ecdsa-with-SHA224
        ECDSA_SHA224 = "1.2.840.10045.4.3.1";
        /// ecdsa-with-SHA256
        ECDSA_SHA256 = "1.2.840.10045.4.3.2";
        /// ecdsa-with-SHA384
        ECDSA_SHA384 = "1.2.840.10045.4.3.3";
        /// ecdsa-with-SHA512
        ECDSA_SHA512 = "1.2.840.10045.4.3.4";
        /// rsaEncryption
        RSA = "1.2.840.113549.1.1.1";
        /// sha1WithRSAEncryption
        RSA_SHA1 = "1.2.840.113549.1.1.5";
        /// sha224WithRSAEncryption
        RSA_SHA224 = "1.2.840.113549.1.1.14";
        /// sha256WithRSAEncryption
        RSA_SHA256 = "1.2.840.113549.1.1.11";
        /// sha384WithRSAEncryption
        RSA_SHA384 = "1.2.840.113549.1.1.12";
        /// sha512WithRSAEncryption
        RSA_SHA512 = "1.2.840.113549.1.1.13";
        /// id-RSASSA-PSS
        RSA_PSS = "1.2.840.113549.1.1.10";
        /// id-dsa
        DSA = "1.2.840.10040.4.1";
        /// id-dsa-with-sha1
        DSA_SHA1 = "1.2.840.10040.4.3";
        /// id-dsa-with-sha224
        DSA_SHA224 = "2.16.840.1.101.3.4.3.1";
        /// id-dsa-with-sha256
        DSA_SHA256 = "2.16.840.1.101.3.4.3.2";
        /// id-dsa-with-sha384
        DSA_SHA384 = "2.16.840.1.101.3.4.3.3";
        /// id-dsa-with-sha512
        DSA_SHA512 = "2.16.840.1.101.3.4.3.4";
        /// id-mgf1
        MGF1 = "1.2.840.113549.1.1.8";
        /// id-ecPublicKey
        EC_PUBLIC_KEY = "1.2.840.10045.2.1";
        /// prime-field
        PRIME_FIELD = "1.2.840.10045.1.1";
        /// id-data
        DATA = "1.2.840.113549.1.7.1";
        /// id-signedData
        SIGNED_DATA = "1.2.840.113549.1.7.2";
        /// id-contentType
        CONTENT_TYPE = "1.2.840.113549.1.9.3";
        /// id-messageDigest
        MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
        /// id-signingTime
        SIGNING_TIME = "1.2.840.113549.1.9.5";
        /// id-icao-ldsSecurityObject, Doc 9303-10 §4.6.2.2
        LDS_SECURITY_OBJECT = "2.23.136.1.1.1";
        /// id-icao-cscaMasterList, Doc 9303-12 §9.1
        CSCA_MASTER_LIST = "2.23.136.1.1.2";
        /// id-icao-cscaMasterListSigningKey, Doc 9303-12 §7.1.1
        MASTER_LIST_SIGNING_KEY = "2.23.136.1.1.3";
        /// id-icao-DeviationList, Doc 9303-12 §10
        DEVIATION_LIST = "2.23.136.1.1.7";
        /// id-icao-DeviationListSigningKey, Doc 9303-12 §7.1.1
        DEVIATION_LIST_SIGNING_KEY = "2.23.136.1.1.8";
        /// id-SecurityObject, TR-03110-3 §A.1.2.5
        SECURITY_OBJECT = "0.4.0.127.0.7.3.2.1";
        /// id-icao-mrtd-security-extensions-nameChange, Doc 9303-12 §7.1.1
        NAME_CHANGE = "2.23.136.1.1.6.1";
        /// id-icao-mrtd-security-extensions-documentTypeList, Doc 9303-12 §7.1.1
        DOCUMENT_TYPE_LIST = "2.23.136.1.1.6.2";
        /// id-ce-subjectKeyIdentifier
        SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
        /// id-ce-keyUsage
        KEY_USAGE = "2.5.29.15";
        /// id-ce-privateKeyUsagePeriod
        PRIVATE_KEY_USAGE_PERIOD = "2.5.29.16";
        /// id-ce-subjectAltName
        SUBJECT_ALT_NAME = "2.5.29.17";
        /// id-ce-issuerAltName
        ISSUER_ALT_NAME = "2.5.29.18";
        /// id-ce-basicConstraints
        BASIC_CONSTRAINTS = "2.5.29.19";
        /// id-ce-cRLNumber
        CRL_NUMBER = "2.5.29.20";
        /// id-ce-cRLReasons
        CRL_REASON = "2.5.29.21";
        /// id-ce-issuingDistributionPoint
        ISSUING_DISTRIBUTION_POINT = "2.5.29.28";
        /// id-ce-deltaCRLIndicator
        DELTA_CRL_INDICATOR = "2.5.29.27";
        /// id-ce-certificateIssuer
        CERTIFICATE_ISSUER = "2.5.29.29";
        /// id-ce-certificatePolicies
        CERTIFICATE_POLICIES = "2.5.29.32";
        /// id-ce-cRLDistributionPoints
        CRL_DISTRIBUTION_POINTS = "2.5.29.31";
        /// id-ce-authorityKeyIdentifier
        AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
        /// id-ce-extKeyUsage
        EXTENDED_KEY_USAGE = "2.5.29.37";
        /// id-at-commonName
        COMMON_NAME = "2.5.4.3";
        /// id-at-serialNumber
        SERIAL_NUMBER = "2.5.4.5";
        /// id-at-countryName
        COUNTRY_NAME = "2.5.4.6";
        /// id-at-localityName
        LOCALITY_NAME = "2.5.4.7";
    }
}

/// A hash function of Doc 9303-12 §4.4.1. SHA-1 is computed and reported as weak, never accepted by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum HashAlgorithm {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl HashAlgorithm {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Sha1, Self::Sha224, Self::Sha256, Self::Sha384, Self::Sha512];

    /// Its object identifier.
    #[must_use]
    pub const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha1 => oids::SHA1,
            Self::Sha224 => oids::SHA224,
            Self::Sha256 => oids::SHA256,
            Self::Sha384 => oids::SHA384,
            Self::Sha512 => oids::SHA512,
        }
    }

    /// The hash function of an object identifier.
    #[must_use]
    pub fn from_oid(oid: &ObjectIdentifier) -> Option<Self> {
        Self::ALL.into_iter().find(|hash| hash.oid() == *oid)
    }

    /// The digest of a message.
    #[must_use]
    pub fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => sha1::Sha1::digest(message).to_vec(),
            Self::Sha224 => sha2::Sha224::digest(message).to_vec(),
            Self::Sha256 => sha2::Sha256::digest(message).to_vec(),
            Self::Sha384 => sha2::Sha384::digest(message).to_vec(),
            Self::Sha512 => sha2::Sha512::digest(message).to_vec(),
        }
    }

    /// No longer collision resistant.
    #[must_use]
    pub const fn is_weak(self) -> bool {
        matches!(self, Self::Sha1)
    }

    /// Its usual name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }
}

impl std::fmt::Display for HashAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A signature algorithm with its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// ECDSA, RFC 5758 §3.2.
    Ecdsa(HashAlgorithm),
    /// ECDSA as plain `r ‖ s`, TR-03111 §5.2.1 (`ecdsa-plain-SHA…`): some old signers name it. Verified, never made.
    EcdsaPlain(HashAlgorithm),
    /// DSA, RFC 5758 §3.1: verified for old authorities, never made.
    Dsa(HashAlgorithm),
    /// RSASSA-PKCS1-v1_5, RFC 8017 §8.2.
    RsaPkcs1v15(HashAlgorithm),
    /// RSASSA-PSS, RFC 4055 §3.1.
    RsaPss {
        /// Hash of the message.
        hash: HashAlgorithm,
        /// Hash of the mask generation function.
        mask_hash: HashAlgorithm,
        /// Salt length in octets.
        salt_length: usize,
    },
}

/// An algorithm this crate does not know: a finding (`unknown-algorithm`, undetermined), never a crash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown algorithm {0}")]
pub struct UnknownAlgorithm(pub String);

impl SignatureAlgorithm {
    /// The hash of the message.
    #[must_use]
    pub const fn hash(self) -> HashAlgorithm {
        match self {
            Self::Ecdsa(hash)
            | Self::EcdsaPlain(hash)
            | Self::Dsa(hash)
            | Self::RsaPkcs1v15(hash)
            | Self::RsaPss { hash, .. } => hash,
        }
    }

    /// `AlgorithmIdentifier`, DER.
    #[must_use]
    pub fn to_der(self) -> Vec<u8> {
        let oid = asn1::oid(&self.oid());
        match self {
            Self::Ecdsa(_) | Self::EcdsaPlain(_) | Self::Dsa(_) => asn1::sequence(&[&oid]),
            Self::RsaPkcs1v15(_) => asn1::sequence(&[&oid, &asn1::tlv(tag::NULL, &[])]),
            Self::RsaPss { hash, mask_hash, salt_length } => {
                let mask = asn1::sequence(&[&asn1::oid(&oids::MGF1), &hash_identifier(mask_hash)]);
                asn1::sequence(&[
                    &oid,
                    &asn1::sequence(&[
                        &asn1::tlv(tag::context(0), &hash_identifier(hash)),
                        &asn1::tlv(tag::context(1), &mask),
                        &asn1::tlv(tag::context(2), &asn1::integer(&salt_length.to_be_bytes())),
                    ]),
                ])
            }
        }
    }

    /// Reads an `AlgorithmIdentifier`. In CMS the signature algorithm may be bare `rsaEncryption`; then `digest`
    /// names the hash (RFC 3370 §3.2).
    ///
    /// # Errors
    /// Bytes that are no `AlgorithmIdentifier`. An identifier that is not known is `Ok(Err(_))`.
    pub fn from_element(
        element: &Element<'_>,
        digest: Option<HashAlgorithm>,
    ) -> Result<Result<Self, UnknownAlgorithm>, Malformed> {
        let mut reader = element.reader();
        let oid = reader.any()?.oid()?;
        let all = HashAlgorithm::ALL;
        let known = |make: fn(HashAlgorithm) -> Self| {
            all.into_iter().map(make).find(|algorithm| algorithm.oid() == oid)
        };
        if let Some(found) =
            [Self::Ecdsa, Self::EcdsaPlain, Self::RsaPkcs1v15, Self::Dsa].into_iter().find_map(known)
        {
            return Ok(Ok(found));
        }
        if oid == oids::RSA {
            return Ok(digest.map(Self::RsaPkcs1v15).ok_or_else(|| UnknownAlgorithm(oid.to_string())));
        }
        if oid == oids::RSA_PSS {
            return pss_parameters(reader);
        }
        Ok(Err(UnknownAlgorithm(oid.to_string())))
    }

    /// Its object identifier.
    #[must_use]
    pub const fn oid(self) -> ObjectIdentifier {
        use HashAlgorithm::{Sha1, Sha224, Sha256, Sha384, Sha512};
        match self {
            Self::Ecdsa(hash) => match hash {
                Sha1 => oids::ECDSA_SHA1,
                Sha224 => oids::ECDSA_SHA224,
                Sha256 => oids::ECDSA_SHA256,
                Sha384 => oids::ECDSA_SHA384,
                Sha512 => oids::ECDSA_SHA512,
            },
            Self::EcdsaPlain(hash) => match hash {
                Sha1 => oids::ECDSA_PLAIN_SHA1,
                Sha224 => oids::ECDSA_PLAIN_SHA224,
                Sha256 => oids::ECDSA_PLAIN_SHA256,
                Sha384 => oids::ECDSA_PLAIN_SHA384,
                Sha512 => oids::ECDSA_PLAIN_SHA512,
            },
            Self::Dsa(hash) => match hash {
                Sha1 => oids::DSA_SHA1,
                Sha224 => oids::DSA_SHA224,
                Sha256 => oids::DSA_SHA256,
                Sha384 => oids::DSA_SHA384,
                Sha512 => oids::DSA_SHA512,
            },
            Self::RsaPkcs1v15(hash) => match hash {
                Sha1 => oids::RSA_SHA1,
                Sha224 => oids::RSA_SHA224,
                Sha256 => oids::RSA_SHA256,
                Sha384 => oids::RSA_SHA384,
                Sha512 => oids::RSA_SHA512,
            },
            Self::RsaPss { .. } => oids::RSA_PSS,
        }
    }
}

impl std::fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ecdsa(hash) => write!(f, "ECDSA with {hash}"),
            Self::EcdsaPlain(hash) => write!(f, "plain ECDSA with {hash}"),
            Self::Dsa(hash) => write!(f, "DSA with {hash}"),
            Self::RsaPkcs1v15(hash) => write!(f, "RSA PKCS#1 v1.5 with {hash}"),
            Self::RsaPss { hash, .. } => write!(f, "RSASSA-PSS with {hash}"),
        }
    }
}

/// `AlgorithmIdentifier` of a hash function, parameters absent (RFC 5754 §2).
#[must_use]
pub fn hash_identifier(hash: HashAlgorithm) -> Vec<u8> {
    asn1::sequence(&[&asn1::oid(&hash.oid())])
}

/// Reads the `AlgorithmIdentifier` of a hash function; NULL and absent parameters are both accepted (RFC 5754 §2).
///
/// # Errors
/// Bytes that are no `AlgorithmIdentifier`. An identifier that is not known is `Ok(Err(_))`.
pub fn hash_from_element(
    element: &Element<'_>,
) -> Result<Result<HashAlgorithm, UnknownAlgorithm>, Malformed> {
    let oid = element.reader().any()?.oid()?;
    Ok(HashAlgorithm::from_oid(&oid).ok_or_else(|| UnknownAlgorithm(oid.to_string())))
}

/// RSASSA-PSS-params, RFC 4055 §3.1. The defaults are SHA-1, MGF1 with SHA-1, 20 octets of salt.
fn pss_parameters(mut reader: Reader<'_>) -> Result<Result<SignatureAlgorithm, UnknownAlgorithm>, Malformed> {
    let (mut hash, mut mask_hash, mut salt_length) = (HashAlgorithm::Sha1, HashAlgorithm::Sha1, 20usize);
    if reader.is_empty() {
        return Ok(Err(UnknownAlgorithm("RSASSA-PSS without parameters".into())));
    }
    let mut parameters = reader.sequence("parameters of RSASSA-PSS")?;
    if let Some(element) = parameters.optional(tag::context(0))? {
        match hash_from_element(&element.reader().any()?)? {
            Ok(found) => hash = found,
            Err(unknown) => return Ok(Err(unknown)),
        }
    }
    if let Some(element) = parameters.optional(tag::context(1))? {
        let mut mask = element.reader().sequence("a mask generation function")?;
        let function = mask.any()?.oid()?;
        if function != oids::MGF1 {
            return Ok(Err(UnknownAlgorithm(function.to_string())));
        }
        match hash_from_element(&mask.any()?)? {
            Ok(found) => mask_hash = found,
            Err(unknown) => return Ok(Err(unknown)),
        }
    }
    if let Some(element) = parameters.optional(tag::context(2))? {
        let inner = element.reader().any()?;
        salt_length = usize::try_from(inner.small_integer()?)
            .ok()
            .filter(|length| *length <= 1024)
            .ok_or(Malformed::at(inner.offset, "a salt of at most 1024 octets"))?;
    }
    if let Some(element) = parameters.optional(tag::context(3))?
        && element.reader().any()?.small_integer()? != 1
    {
        return Ok(Err(UnknownAlgorithm("RSASSA-PSS with another trailer field".into())));
    }
    Ok(Ok(SignatureAlgorithm::RsaPss { hash, mask_hash, salt_length }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_round_trip() {
        for hash in HashAlgorithm::ALL {
            let pss = SignatureAlgorithm::RsaPss { hash, mask_hash: HashAlgorithm::Sha256, salt_length: 32 };
            for algorithm in [
                SignatureAlgorithm::Ecdsa(hash),
                SignatureAlgorithm::EcdsaPlain(hash),
                SignatureAlgorithm::Dsa(hash),
                SignatureAlgorithm::RsaPkcs1v15(hash),
                pss,
            ] {
                let der = algorithm.to_der();
                let element = Reader::new(&der).any().unwrap();
                assert_eq!(SignatureAlgorithm::from_element(&element, None).unwrap().unwrap(), algorithm);
            }
            assert_eq!(HashAlgorithm::from_oid(&hash.oid()), Some(hash));
        }
    }

    #[test]
    fn unknown_is_a_finding_with_the_identifier() {
        let der = asn1::sequence(&[&asn1::oid(&oids::SIGNED_DATA)]);
        let element = Reader::new(&der).any().unwrap();
        let found = SignatureAlgorithm::from_element(&element, None).unwrap();
        assert_eq!(found, Err(UnknownAlgorithm("1.2.840.113549.1.7.2".into())));
    }
}
