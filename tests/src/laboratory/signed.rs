//! EF.SOD and its content, field by field.

use std::sync::Arc;

use anyhow::Result;
use cccd_keys::algorithm::{HashAlgorithm, oids};
use cccd_keys::asn1::{self, tag};
use const_oid::ObjectIdentifier;
use jiff::Timestamp;

use super::keys::{LabKey, Scheme, hash_alone};

/// The LDS security object (Doc 9303-10 §4.6.2.3).
#[derive(Debug, Clone)]
pub struct RawObject {
    /// `version`.
    pub version: Vec<u8>,
    /// `hashAlgorithm`.
    pub algorithm: Vec<u8>,
    /// Number and digest of each group.
    pub hashes: Vec<RawHash>,
    /// `ldsVersionInfo`: LDS and Unicode version.
    pub version_info: Option<(String, String)>,
}

/// A `DataGroupHash`: both fields as whole encodings, an empty one is left out.
#[derive(Debug, Clone)]
pub struct RawHash {
    /// Which group it is about, whatever is written.
    pub group: u8,
    /// `dataGroupNumber`.
    pub number: Vec<u8>,
    /// `dataGroupHashValue`.
    pub digest: Vec<u8>,
}

impl RawHash {
    /// The digest of a file.
    #[must_use]
    pub fn of(group: u8, hash: HashAlgorithm, file: &[u8]) -> Self {
        Self {
            group,
            number: asn1::integer(&[group]),
            digest: asn1::tlv(tag::OCTET_STRING, &hash.digest(file)),
        }
    }
}

impl RawObject {
    /// Over these files.
    #[must_use]
    pub fn over(hash: HashAlgorithm, files: &[(u8, Vec<u8>)]) -> Self {
        Self {
            version: asn1::integer(&[]),
            algorithm: hash_alone(hash),
            hashes: files.iter().map(|(group, file)| RawHash::of(*group, hash, file)).collect(),
            version_info: None,
        }
    }

    /// What it says of a group.
    pub fn group(&mut self, group: u8) -> Option<&mut RawHash> {
        self.hashes.iter_mut().find(|hash| hash.group == group)
    }

    /// Its encoding.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        let hashes: Vec<u8> =
            self.hashes.iter().flat_map(|hash| asn1::sequence(&[&hash.number, &hash.digest])).collect();
        let info = self.version_info.as_ref().map(|(lds, unicode)| {
            let text = |text: &str| asn1::tlv(tag::PRINTABLE_STRING, text.as_bytes());
            asn1::sequence(&[&text(lds), &text(unicode)])
        });
        asn1::sequence(&[
            &self.version,
            &self.algorithm,
            &asn1::tlv(tag::SEQUENCE, &hashes),
            &info.unwrap_or_default(),
        ])
    }
}

/// One `SignerInfo` before it is signed.
#[derive(Debug, Clone)]
pub struct RawSigner {
    /// `CMSVersion`.
    pub version: u8,
    /// The signer identifier, whole.
    pub sid: Vec<u8>,
    /// `digestAlgorithm`.
    pub digest_algorithm: Vec<u8>,
    /// The signed attributes; `None` leaves them out and signs the content itself.
    pub attributes: Option<Vec<RawAttribute>>,
    /// `signatureAlgorithm`, as it is written.
    pub algorithm: Vec<u8>,
    /// How it is signed in truth.
    pub scheme: Scheme,
    /// By what.
    pub key: Arc<LabKey>,
    /// The last octet of the signature is another.
    pub is_broken: bool,
}

/// A signed attribute.
#[derive(Debug, Clone)]
pub struct RawAttribute {
    /// Its kind.
    pub oid: ObjectIdentifier,
    /// The values, whole encodings one after the other.
    pub values: Vec<u8>,
}

impl RawAttribute {
    fn to_der(&self) -> Vec<u8> {
        asn1::sequence(&[&asn1::oid(&self.oid), &asn1::tlv(tag::SET, &self.values)])
    }
}

impl RawSigner {
    /// The usual one: issuer and serial number, content type, digest and signing time.
    #[must_use]
    pub fn of(
        content: &[u8],
        content_type: &ObjectIdentifier,
        issuer_and_serial: Vec<u8>,
        (scheme, key): (Scheme, Arc<LabKey>),
        at: Timestamp,
    ) -> Self {
        let digest = asn1::tlv(tag::OCTET_STRING, &scheme.hash().digest(content));
        let attribute = |oid, values| RawAttribute { oid, values };
        Self {
            version: 1,
            sid: issuer_and_serial,
            digest_algorithm: hash_alone(scheme.hash()),
            attributes: Some(vec![
                attribute(oids::CONTENT_TYPE, asn1::oid(content_type)),
                attribute(oids::MESSAGE_DIGEST, digest),
                attribute(oids::SIGNING_TIME, asn1::time(at)),
            ]),
            algorithm: scheme.identifier(),
            scheme,
            key,
            is_broken: false,
        }
    }

    /// Another value of an attribute.
    pub fn set(&mut self, oid: ObjectIdentifier, values: Vec<u8>) {
        let mut attributes = self.attributes.iter_mut().flatten();
        if let Some(found) = attributes.find(|attribute| attribute.oid == oid) {
            found.values = values;
        }
    }

    /// Without an attribute.
    pub fn without(&mut self, oid: ObjectIdentifier) {
        if let Some(attributes) = &mut self.attributes {
            attributes.retain(|attribute| attribute.oid != oid);
        }
    }

    /// Another signature algorithm, in writing and in truth.
    pub fn signed_by_scheme(&mut self, scheme: Scheme) {
        self.scheme = scheme;
        self.algorithm = scheme.identifier();
    }

    fn to_der(&self, content: &[u8]) -> Result<Vec<u8>> {
        let encoded = self
            .attributes
            .as_ref()
            .map(|attributes| attributes.iter().map(RawAttribute::to_der).collect::<Vec<_>>());
        let message = match &encoded {
            Some(parts) => asn1::set_of(tag::SET, parts.clone()),
            None => content.to_vec(),
        };
        let mut signature = self.key.sign(self.scheme, &message)?;
        if let (true, Some(last)) = (self.is_broken, signature.last_mut()) {
            *last ^= 1;
        }
        Ok(asn1::sequence(&[
            &asn1::integer(&[self.version]),
            &self.sid,
            &self.digest_algorithm,
            &encoded.map(|parts| asn1::set_of(tag::context(0), parts)).unwrap_or_default(),
            &self.algorithm,
            &asn1::tlv(tag::OCTET_STRING, &signature),
        ]))
    }
}

/// EF.SOD, or another file around a `SignedData`, before it is signed.
#[derive(Debug, Clone)]
pub struct RawSigned {
    /// The tag around all, 77 for EF.SOD; `None` for EF.CardSecurity.
    pub template: Option<u8>,
    /// `CMSVersion`.
    pub version: u8,
    /// `digestAlgorithms`, the encodings one after the other.
    pub digest_algorithms: Vec<u8>,
    /// `eContentType`.
    pub content_type: ObjectIdentifier,
    /// `eContent`.
    pub content: Vec<u8>,
    /// The certificates that come along; none leaves the field out.
    pub certificates: Vec<Vec<u8>>,
    /// Who signs.
    pub signers: Vec<RawSigner>,
    /// Bytes behind the file.
    pub trailing: Vec<u8>,
    /// All constructed encodings around the content have indefinite length (X.690 §8.1.3.6).
    pub is_indefinite: bool,
}

impl RawSigned {
    /// The file.
    ///
    /// # Errors
    /// If a key does not sign so.
    pub fn to_file(&self) -> Result<Vec<u8>> {
        let signers: Vec<Vec<u8>> =
            self.signers.iter().map(|signer| signer.to_der(&self.content)).collect::<Result<_>>()?;
        let tlv = |kind: u8, content: &[u8]| {
            if self.is_indefinite {
                [&[kind, 0x80][..], content, &[0, 0]].concat()
            } else {
                asn1::tlv(kind, content)
            }
        };
        let inside = [
            asn1::oid(&self.content_type),
            tlv(tag::context(0), &asn1::tlv(tag::OCTET_STRING, &self.content)),
        ];
        let certificates = self.certificates.concat();
        let certificates =
            if certificates.is_empty() { certificates } else { tlv(tag::context(0), &certificates) };
        let data = [
            asn1::integer(&[self.version]),
            asn1::tlv(tag::SET, &self.digest_algorithms),
            tlv(tag::SEQUENCE, &inside.concat()),
            certificates,
            tlv(tag::SET, &signers.concat()),
        ];
        let data = tlv(tag::context(0), &tlv(tag::SEQUENCE, &data.concat()));
        let info = tlv(tag::SEQUENCE, &[asn1::oid(&oids::SIGNED_DATA), data].concat());
        let mut file = self.template.map_or(info.clone(), |template| tlv(template, &info));
        file.extend_from_slice(&self.trailing);
        Ok(file)
    }
}
