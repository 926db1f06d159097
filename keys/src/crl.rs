//! Certificate revocation lists of the CSCA, Doc 9303-12 §7.1.4 and RFC 5280 §5.

use crate::algorithm::{SignatureAlgorithm, UnknownAlgorithm, oids};
use crate::asn1::{self, Element, Malformed, Reader, tag};
use crate::certificate::{BuildError, Certificate, DistinguishedName};
use crate::public_key::{PublicKey, SignatureLeniency, VerifyError};
use crate::signer::Signer;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

/// Largest CRL that is read, in octets.
pub const MAX_CRL: usize = 16 * 1024 * 1024;
/// More entries than this are refused.
pub const MAX_ENTRIES: usize = 500_000;
/// Doc 9303-12 §4.1: a new list at least every 90 days.
pub const LONGEST_INTERVAL: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A parsed CRL.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateRevocationList {
    der: Vec<u8>,
    tbs: Vec<u8>,
    issuer: DistinguishedName,
    this_update: Timestamp,
    next_update: Option<Timestamp>,
    entries: Vec<RevokedCertificate>,
    number: Option<Vec<u8>>,
    number_is_critical: bool,
    authority_key_identifier: Option<Vec<u8>>,
    unknown_critical: bool,
    limit: Option<Limit>,
    scope: Option<Vec<Vec<u8>>>,
    signature_algorithm: Result<SignatureAlgorithm, UnknownAlgorithm>,
    signature: Vec<u8>,
    leniencies: Vec<&'static str>,
}

/// Why a list, though signed, is not all that its issuer revoked: what it names is revoked, and what it does not name may be
/// (RFC 5280 §5.2.4, §5.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// It is of some kinds of certificates or some reasons only.
    Partial,
    /// It holds the changes since another list.
    Delta,
    /// It is of certificates of other issuers, too: an entry's number alone says nothing.
    Indirect,
}

impl Limit {
    /// Stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Partial => "crl-partial",
            Self::Delta => "crl-delta",
            Self::Indirect => "crl-indirect",
        }
    }
}

/// One revoked certificate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RevokedCertificate {
    /// Content octets of the serial number, as short as they can be.
    pub serial: Vec<u8>,
    /// When it was revoked.
    pub date: Timestamp,
    /// `CRLReason`, if stated.
    pub reason: Option<u8>,
}

impl RevokedCertificate {
    /// `removeFromCRL`: a list of changes takes the entry back.
    #[must_use]
    pub const fn is_taken_back(&self) -> bool {
        matches!(self.reason, Some(8))
    }

    /// The reason's name in RFC 5280 §5.3.1, in kebab case.
    #[must_use]
    pub const fn reason_name(&self) -> &'static str {
        match self.reason {
            Some(1) => "key-compromise",
            Some(2) => "ca-compromise",
            Some(3) => "affiliation-changed",
            Some(4) => "superseded",
            Some(5) => "cessation-of-operation",
            Some(6) => "certificate-hold",
            _ => "unspecified",
        }
    }
}

impl CertificateRevocationList {
    /// Reads a CRL in DER.
    ///
    /// # Errors
    /// Bytes that are none, or beyond the bounds; with the offset.
    pub fn parse(der: &[u8]) -> Result<Self, Malformed> {
        if der.len() > MAX_CRL {
            return Err(Malformed::at(MAX_CRL, "a CRL of at most 16 MiB"));
        }
        let mut reader = Reader::new(der);
        let list = reader.expect(tag::SEQUENCE, "a CRL")?;
        reader.finish("bytes after the CRL")?;
        let mut outer = list.reader();
        let tbs = outer.expect(tag::SEQUENCE, "a TBSCertList")?;
        let algorithm = outer.expect(tag::SEQUENCE, "a signature algorithm")?;
        let signature = outer.expect(tag::BIT_STRING, "a signature")?.bit_octets()?.to_vec();
        outer.finish("bytes after the signature")?;

        let mut fields = tbs.reader();
        fields.optional(tag::INTEGER)?;
        fields.expect(tag::SEQUENCE, "the signature algorithm of a TBSCertList")?;
        let issuer = DistinguishedName::from_element(&fields.expect(tag::SEQUENCE, "an issuer")?)?;
        let this_update = fields.any()?.time()?;
        let next_update = match fields.peek() {
            Some(tag::UTC_TIME | tag::GENERALIZED_TIME) => Some(fields.any()?.time()?),
            _ => None,
        };
        let mut entries = Vec::new();
        let (mut unknown_critical, mut limit) = (false, None);
        if let Some(revoked) = fields.optional(tag::SEQUENCE)? {
            let mut revoked = revoked.reader();
            while !revoked.is_empty() {
                if entries.len() == MAX_ENTRIES {
                    return Err(Malformed::at(revoked.offset(), "at most 500,000 entries"));
                }
                let mut entry = revoked.sequence("a revoked certificate")?;
                let serial = asn1::shortest(entry.any()?.integer()?).to_vec();
                let date = entry.any()?.time()?;
                let mut reason = None;
                if let Some(extensions) = entry.optional(tag::SEQUENCE)? {
                    each_extension(extensions.reader(), |oid, critical, value| {
                        if oid == oids::CRL_REASON {
                            let code = value.reader().expect(tag::ENUMERATED, "a reason")?;
                            reason = code.content.first().copied();
                        } else if oid == oids::CERTIFICATE_ISSUER {
                            limit = limit.max(Some(Limit::Indirect));
                        } else {
                            unknown_critical |= critical;
                        }
                        Ok(())
                    })?;
                }
                entries.push(RevokedCertificate { serial, date, reason });
            }
        }
        entries.sort();
        let mut scope = None;
        let (mut number, mut number_is_critical, mut authority_key_identifier) = (None, false, None);
        if let Some(extensions) = fields.optional(tag::context(0))? {
            let list = extensions.reader().sequence("extensions of a CRL")?;
            each_extension(list, |oid, critical, value| {
                match oid {
                    oids::CRL_NUMBER => {
                        number_is_critical = critical;
                        number = Some(asn1::unsigned(value.reader().any()?.integer()?).to_vec());
                    }
                    oids::AUTHORITY_KEY_IDENTIFIER => {
                        let mut fields = value.reader().sequence("an authority key identifier")?;
                        authority_key_identifier =
                            fields.optional(tag::context_primitive(0))?.map(|id| id.content.to_vec());
                    }
                    oids::ISSUING_DISTRIBUTION_POINT => match distribution_point(value)? {
                        Ok(names) => scope = Some(names),
                        Err(found) => limit = limit.max(Some(found)),
                    },
                    // Whether it is marked critical or not: who takes it for a whole list believes too much.
                    oids::DELTA_CRL_INDICATOR => limit = limit.max(Some(Limit::Delta)),
                    _ => unknown_critical |= critical,
                }
                Ok(())
            })?;
        }
        fields.finish("bytes after the TBSCertList")?;
        let leniencies =
            [(asn1::has_long_lengths(list.raw), "ber-lengths"), (number.is_none(), "no-crl-number")]
                .into_iter()
                .filter_map(|(present, code)| present.then_some(code))
                .collect();
        Ok(Self {
            der: list.raw.to_vec(),
            tbs: tbs.raw.to_vec(),
            issuer,
            this_update,
            next_update,
            entries,
            number,
            number_is_critical,
            authority_key_identifier,
            unknown_critical,
            limit,
            scope,
            signature_algorithm: SignatureAlgorithm::from_element(&algorithm, None)?,
            signature,
            leniencies,
        })
    }

    /// Makes and signs a list, then reads it back and verifies it.
    ///
    /// # Errors
    /// An interval above 90 days, a key that does not sign, or a result that does not verify.
    pub fn issue(
        csca: &Certificate,
        signer: &dyn Signer,
        number: u64,
        this_update: Timestamp,
        validity: SignedDuration,
        revoked: &[RevokedCertificate],
    ) -> Result<Self, BuildError> {
        if validity > LONGEST_INTERVAL || validity <= SignedDuration::ZERO {
            return Err(BuildError::Field("the next CRL is due within 90 days".to_owned()));
        }
        let next_update =
            this_update.checked_add(validity).map_err(|error| BuildError::Field(error.to_string()))?;
        let extension =
            |oid, value: Vec<u8>| asn1::sequence(&[&asn1::oid(oid), &asn1::tlv(tag::OCTET_STRING, &value)]);
        let entries: Vec<u8> = revoked
            .iter()
            .flat_map(|entry| {
                let reason = entry.reason.map(|code| {
                    asn1::sequence(&[&extension(&oids::CRL_REASON, asn1::tlv(tag::ENUMERATED, &[code]))])
                });
                asn1::sequence(&[
                    &asn1::integer(&entry.serial),
                    &asn1::time(entry.date),
                    &reason.unwrap_or_default(),
                ])
            })
            .collect();
        // An empty list of revoked certificates is left out (RFC 5280 §5.1.2.6).
        let entries = if entries.is_empty() { entries } else { asn1::tlv(tag::SEQUENCE, &entries) };
        let key_identifier =
            asn1::sequence(&[&asn1::tlv(tag::context_primitive(0), &signer.public_key().key_identifier())]);
        let extensions = asn1::sequence(&[
            &extension(&oids::AUTHORITY_KEY_IDENTIFIER, key_identifier),
            &extension(&oids::CRL_NUMBER, asn1::integer(&number.to_be_bytes())),
        ]);
        let algorithm = signer.algorithm().to_der();
        let tbs = asn1::sequence(&[
            &asn1::integer(&[1]),
            &algorithm,
            csca.subject().der(),
            &asn1::time(this_update),
            &asn1::time(next_update),
            &entries,
            &asn1::tlv(tag::context(0), &extensions),
        ]);
        let signature = signer.sign(&tbs)?;
        let der = asn1::sequence(&[&tbs, &algorithm, &asn1::bit_string(&signature)]);
        let list = Self::parse(&der)?;
        list.verify_signature(csca.public_key()).map_err(|error| BuildError::ReadBack(error.to_string()))?;
        Ok(list)
    }

    /// The list as received.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of the list.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(&self.der).into()
    }

    /// The algorithm of the issuer's signature.
    pub(crate) fn signature_algorithm(&self) -> Result<SignatureAlgorithm, UnknownAlgorithm> {
        self.signature_algorithm.clone()
    }

    /// The issuer's signature.
    pub(crate) fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Who signed it.
    #[must_use]
    pub const fn issuer(&self) -> &DistinguishedName {
        &self.issuer
    }

    /// When it was made.
    #[must_use]
    pub const fn this_update(&self) -> Timestamp {
        self.this_update
    }

    /// When the next is due.
    #[must_use]
    pub const fn next_update(&self) -> Option<Timestamp> {
        self.next_update
    }

    /// cRLNumber, if it fits 64 bits.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        let octets = self.number.as_deref()?;
        (octets.len() <= 8).then(|| octets.iter().fold(0, |value, b| (value << 8) | u64::from(*b)))
    }

    /// keyIdentifier of authorityKeyIdentifier.
    #[must_use]
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        self.authority_key_identifier.as_deref()
    }

    /// Why the list is not all that its issuer revoked; `None` of a whole one.
    #[must_use]
    pub const fn limit(&self) -> Option<Limit> {
        self.limit
    }

    /// A critical extension that this crate does not process: the list is not usable.
    #[must_use]
    pub const fn has_unknown_critical_extension(&self) -> bool {
        self.unknown_critical
    }

    /// The list has the form of Doc 9303-12 §7.1.4: a number that is not critical, and nothing critical that is not
    /// processed here, so that it speaks of all certificates of its issuer.
    #[must_use]
    pub const fn is_complete_and_numbered(&self) -> bool {
        self.number.is_some() && !self.number_is_critical && !self.unknown_critical && self.limit.is_none()
    }

    /// Whether the list speaks of this certificate, if it is of the same issuer: always, unless the list is of one
    /// distribution point (RFC 5280 §5.2.5); then only if the certificate names that point.
    #[must_use]
    pub fn covers(&self, certificate: &Certificate) -> bool {
        self.scope.as_ref().is_none_or(|names| {
            certificate.crl_distribution_points().iter().any(|point| names.contains(point))
        })
    }

    /// Both lists speak of the same certificates of their issuer.
    #[must_use]
    pub fn has_same_scope(&self, other: &Self) -> bool {
        self.scope == other.scope && self.limit == other.limit
    }

    /// What reading tolerated, by stable code.
    #[must_use]
    pub fn leniencies(&self) -> &[&'static str] {
        &self.leniencies
    }

    /// The revoked certificates, by serial number.
    #[must_use]
    pub fn entries(&self) -> &[RevokedCertificate] {
        &self.entries
    }

    /// The entry of a serial number (content octets).
    #[must_use]
    pub fn find(&self, serial: &[u8]) -> Option<&RevokedCertificate> {
        let serial = asn1::shortest(serial);
        let index = self.entries.partition_point(|entry| entry.serial.as_slice() < serial);
        self.entries.get(index).filter(|entry| entry.serial == serial)
    }

    /// Whether `issuer_key` signed this list.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify_signature(&self, issuer_key: &PublicKey) -> Result<(), VerifyError> {
        issuer_key.verify(self.signature_algorithm.clone()?, &self.tbs, &self.signature)
    }

    /// As [`verify_signature`](Self::verify_signature), but tolerates what old signers write, and says so.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify_signature_leniently(
        &self,
        issuer_key: &PublicKey,
    ) -> Result<Option<SignatureLeniency>, VerifyError> {
        issuer_key.verify_leniently(self.signature_algorithm.clone()?, &self.tbs, &self.signature)
    }

    /// It is signed with a hash that is no longer collision resistant.
    #[must_use]
    pub fn has_weak_signature(&self) -> bool {
        self.signature_algorithm.as_ref().is_ok_and(|algorithm| algorithm.hash().is_weak())
    }
}

impl std::fmt::Debug for CertificateRevocationList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CertificateRevocationList")
            .field("issuer", &self.issuer)
            .field("this_update", &self.this_update)
            .field("next_update", &self.next_update)
            .field("entries", &self.entries.len())
            .finish_non_exhaustive()
    }
}

/// ```text
/// IssuingDistributionPoint ::= SEQUENCE { distributionPoint [0] DistributionPointName OPTIONAL, … }
/// ```
/// The names of a list that is of one distribution point and otherwise of everything; else by what it is limited.
fn distribution_point(value: &Element<'_>) -> Result<Result<Vec<Vec<u8>>, Limit>, Malformed> {
    let mut fields = value.reader().sequence("an issuing distribution point")?;
    let point = fields.optional(tag::context(0))?;
    let names = point.map(|point| crate::certificate::full_names(&point)).transpose()?.flatten();
    let mut limit = None;
    while !fields.is_empty() {
        let field = fields.any()?;
        let indirect = field.tag == tag::context_primitive(4) && field.content.iter().any(|b| *b != 0);
        limit = limit.max(Some(if indirect { Limit::Indirect } else { Limit::Partial }));
    }
    Ok(match limit {
        Some(limit) => Err(limit),
        None => names.ok_or(Limit::Partial),
    })
}

fn each_extension(
    mut list: Reader<'_>,
    mut take: impl FnMut(const_oid::ObjectIdentifier, bool, &Element<'_>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    while !list.is_empty() {
        let mut extension = list.sequence("an extension")?;
        let oid = extension.any()?.oid()?;
        let critical =
            extension.optional(tag::BOOLEAN)?.is_some_and(|flag| flag.content.iter().any(|b| *b != 0));
        let value = extension.expect(tag::OCTET_STRING, "the value of an extension")?;
        take(oid, critical, &value)?;
    }
    Ok(())
}
