//! EF.SOD: the file, and the LDS security object that its signature covers (Doc 9303-10 §4.6.2, appendix D).
//!
//! The signature itself, CMS `SignedData`, is not this crate's.

mod digest_algorithm;

use std::collections::BTreeMap;

use der::asn1::{ObjectIdentifier, OctetString, PrintableString};
use der::{Decode, Encode, Sequence};
use spki::AlgorithmIdentifierOwned;

pub use digest_algorithm::DigestAlgorithm;

use super::{DataGroupNumber, LdsError};
use crate::tlv::{self, Reader};

/// id-icao-ldsSecurityObject: the eContentType of EF.SOD (Doc 9303-10 appendix D).
pub const ID_LDS_SECURITY_OBJECT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.136.1.1.1");

/// The tag of EF.SOD.
pub const TAG: u32 = 0x77;

/// EF.SOD around DER-encoded `SignedData` (a CMS `ContentInfo`).
#[must_use]
pub fn ef_sod(content_info: &[u8]) -> Vec<u8> {
    tlv::encode(TAG, content_info)
}

/// The CMS `ContentInfo` in EF.SOD, not yet looked at.
///
/// # Errors
/// [`LdsError::Tlv`] when the file is not one data object of tag 77.
pub fn content_info(ef_sod: &[u8]) -> Result<&[u8], LdsError> {
    Ok(Reader::new(ef_sod).expect(TAG)?.value)
}

/// ```text
/// LDSSecurityObject ::= SEQUENCE {
///   version LDSSecurityObjectVersion,
///   hashAlgorithm DigestAlgorithmIdentifier,
///   dataGroupHashValues SEQUENCE SIZE (2..ub-DataGroups) OF DataGroupHash,
///   ldsVersionInfo LDSVersionInfo OPTIONAL -- if present, version MUST be V1 }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct Asn1LdsSecurityObject {
    version: u8,
    hash_algorithm: AlgorithmIdentifierOwned,
    data_group_hash_values: Vec<Asn1DataGroupHash>,
    #[asn1(optional = "true")]
    lds_version_info: Option<Asn1LdsVersionInfo>,
}

/// ```text
/// DataGroupHash ::= SEQUENCE { dataGroupNumber DataGroupNumber, dataGroupHashValue OCTET STRING }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct Asn1DataGroupHash {
    data_group_number: u32,
    data_group_hash_value: OctetString,
}

/// ```text
/// LDSVersionInfo ::= SEQUENCE { ldsVersion PrintableString, unicodeVersion PrintableString }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
struct Asn1LdsVersionInfo {
    lds_version: PrintableString,
    unicode_version: PrintableString,
}

/// The hashes of the data groups, as signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LdsSecurityObject {
    raw: Vec<u8>,
    version: u8,
    algorithm: DigestAlgorithm,
    hashes: Vec<(u32, Vec<u8>)>,
    version_info: Option<(String, String)>,
}

/// What the LDS security object says about a data group's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashCheck {
    /// Listed once, and the hash is the file's.
    Matches,
    /// Listed, and the hash is another.
    Differs,
    /// Not listed: a file that nobody signed.
    NotListed,
    /// Listed more than once: nothing follows.
    Ambiguous,
    /// The digest algorithm is not known here.
    UnknownAlgorithm,
}

impl LdsSecurityObject {
    /// Version 0 over these files, whole and as stored. `None` for an algorithm that is not known here.
    #[must_use]
    pub fn new(algorithm: DigestAlgorithm, files: &BTreeMap<DataGroupNumber, Vec<u8>>) -> Option<Self> {
        let mut hashes = Vec::with_capacity(files.len());
        for (number, file) in files {
            hashes.push((u32::from(number.value()), algorithm.digest(file)?));
        }
        Self::encode(0, algorithm, hashes, None)
    }

    /// As [`LdsSecurityObject::new`], version 1 with `ldsVersionInfo`: LDS 1.8 (`0108`), Unicode `040000`.
    #[must_use]
    pub fn with_version_info(self, lds_version: &str, unicode_version: &str) -> Option<Self> {
        let info = (lds_version.to_owned(), unicode_version.to_owned());
        Self::encode(1, self.algorithm, self.hashes, Some(info))
    }

    fn encode(
        version: u8,
        algorithm: DigestAlgorithm,
        hashes: Vec<(u32, Vec<u8>)>,
        version_info: Option<(String, String)>,
    ) -> Option<Self> {
        let lds_version_info = match &version_info {
            None => None,
            Some((lds, unicode)) => Some(Asn1LdsVersionInfo {
                lds_version: PrintableString::new(lds).ok()?,
                unicode_version: PrintableString::new(unicode).ok()?,
            }),
        };
        let mut data_group_hash_values = Vec::with_capacity(hashes.len());
        for (number, hash) in &hashes {
            data_group_hash_values.push(Asn1DataGroupHash {
                data_group_number: *number,
                data_group_hash_value: OctetString::new(hash.as_slice()).ok()?,
            });
        }
        let object = Asn1LdsSecurityObject {
            version,
            hash_algorithm: AlgorithmIdentifierOwned { oid: algorithm.oid(), parameters: None },
            data_group_hash_values,
            lds_version_info,
        };
        Some(Self { raw: object.to_der().ok()?, version, algorithm, hashes, version_info })
    }

    /// Reads the eContent of EF.SOD. Duplicate and impossible numbers are kept and reported, not refused.
    ///
    /// # Errors
    /// [`LdsError::Der`].
    pub fn from_der(econtent: &[u8]) -> Result<Self, LdsError> {
        let object = Asn1LdsSecurityObject::from_der(econtent)
            .map_err(|source| LdsError::Der { what: "LDS security object", source })?;
        Ok(Self {
            raw: econtent.to_vec(),
            version: object.version,
            algorithm: DigestAlgorithm::from_oid(object.hash_algorithm.oid),
            hashes: object
                .data_group_hash_values
                .into_iter()
                .map(|hash| (hash.data_group_number, hash.data_group_hash_value.into_bytes().to_vec()))
                .collect(),
            version_info: object
                .lds_version_info
                .map(|info| (info.lds_version.to_string(), info.unicode_version.to_string())),
        })
    }

    /// The encoding: what the signature covers. Re-reading and re-encoding never changes it.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.raw
    }

    /// 0, or 1 with version info.
    #[must_use]
    pub fn version(&self) -> u8 {
        self.version
    }

    /// The digest algorithm of the data group hashes.
    #[must_use]
    pub fn digest_algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// LDS and Unicode version, if given.
    #[must_use]
    pub fn version_info(&self) -> Option<(&str, &str)> {
        self.version_info.as_ref().map(|(lds, unicode)| (lds.as_str(), unicode.as_str()))
    }

    /// The numbers and hashes as listed.
    pub fn hashes(&self) -> impl Iterator<Item = (u32, &[u8])> {
        self.hashes.iter().map(|(number, hash)| (*number, hash.as_slice()))
    }

    /// The data groups listed, ascending, each once.
    #[must_use]
    pub fn data_groups(&self) -> Vec<DataGroupNumber> {
        let mut groups: Vec<_> =
            self.hashes.iter().filter_map(|(number, _)| DataGroupNumber::new(*number).ok()).collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    /// Numbers listed more than once.
    #[must_use]
    pub fn duplicates(&self) -> Vec<u32> {
        let mut numbers: Vec<u32> = self.hashes.iter().map(|(number, _)| *number).collect();
        numbers.sort_unstable();
        let mut repeated: Vec<u32> = numbers
            .windows(2)
            .filter_map(|pair| (pair.first() == pair.last()).then(|| pair.first().copied())?)
            .collect();
        repeated.dedup();
        repeated
    }

    /// Numbers listed that no data group has.
    #[must_use]
    pub fn impossible_numbers(&self) -> Vec<u32> {
        self.hashes.iter().map(|(number, _)| *number).filter(|n| DataGroupNumber::new(*n).is_err()).collect()
    }

    /// Compares a file, whole and as read, with its hash (Doc 9303-11 §5.1 step 4).
    #[must_use]
    pub fn check(&self, number: DataGroupNumber, file: &[u8]) -> HashCheck {
        let mut listed = self.hashes.iter().filter(|(listed, _)| *listed == u32::from(number.value()));
        match (listed.next(), listed.next()) {
            (None, _) => HashCheck::NotListed,
            (Some(_), Some(_)) => HashCheck::Ambiguous,
            (Some((_, hash)), None) => match self.algorithm.digest(file) {
                None => HashCheck::UnknownAlgorithm,
                Some(digest) if digest == *hash => HashCheck::Matches,
                Some(_) => HashCheck::Differs,
            },
        }
    }
}
