//! A CSCA, the Document Signer under it and what it signs: everything as Doc 9303-12 wants it, to be altered before it is
//! signed.

use std::sync::Arc;

use anyhow::Result;
use cccd_keys::algorithm::oids;
use cccd_keys::asn1::{self, tag};
use jiff::Timestamp;

use super::certificate::{
    CERTIFICATE_AND_CRL, DIGITAL_SIGNATURE, RawCertificate, RawExtension, authority_key, basic_constraints,
    days_after, document_types, key_identifier, key_usage, name, private_key_usage,
};
use super::keys::LabKey;
use super::revocation::RawCrl;
use super::signed::{RawSigned, RawSigner};

/// A CSCA and its Document Signer, before anything is signed.
#[derive(Debug, Clone)]
pub struct Chain {
    /// The self-signed certificate.
    pub csca: RawCertificate,
    /// The CSCA's key.
    pub csca_key: Arc<LabKey>,
    /// The signer's certificate.
    pub signer: RawCertificate,
    /// The key that signs EF.SOD.
    pub signer_key: Arc<LabKey>,
    /// The key that signs the signer's certificate.
    pub issuer_key: Arc<LabKey>,
    /// The list that the CSCA signs.
    pub crl: RawCrl,
    /// When all of it begins.
    pub from: Timestamp,
}

/// A chain, signed.
#[derive(Debug, Clone)]
pub struct Made {
    /// The CSCA's certificate.
    pub csca: Vec<u8>,
    /// The signer's.
    pub signer: Vec<u8>,
    /// Issuer and serial number of the signer, as a signer identifier.
    pub issuer_and_serial: Vec<u8>,
    /// The list.
    pub crl: Vec<u8>,
}

impl Chain {
    /// A chain of this country. The CSCA is its second: the name differs from the store's first.
    ///
    /// # Errors
    /// If a key cannot be written.
    pub fn new(
        country: &str,
        csca_key: Arc<LabKey>,
        signer_key: Arc<LabKey>,
        from: Timestamp,
    ) -> Result<Self> {
        let csca_name = name(country, &format!("CSCA {country} 009"));
        let csca_spki = csca_key.spki()?;
        let csca_id = key_identifier(&csca_spki)?;
        let base = |serial: u8, subject: Vec<u8>, spki: Vec<u8>| RawCertificate {
            version: asn1::tlv(tag::context(0), &asn1::integer(&[2])),
            serial: asn1::tlv(tag::INTEGER, &[[1; 15].as_slice(), &[serial]].concat()),
            inner_algorithm: csca_key.usual().identifier(),
            issuer: csca_name.clone(),
            not_before: Vec::new(),
            not_after: Vec::new(),
            subject,
            spki,
            extensions: vec![authority_key(&csca_id)],
            outer_algorithm: csca_key.usual().identifier(),
            scheme: csca_key.usual(),
        };
        let subject_key = |id: &[u8]| {
            RawExtension::new(oids::SUBJECT_KEY_IDENTIFIER, false, asn1::tlv(tag::OCTET_STRING, id))
        };
        let mut csca = base(1, csca_name.clone(), csca_spki.clone());
        csca.valid(from, days_after(from, 9_900)?);
        csca.extensions.extend([
            subject_key(&csca_id),
            key_usage(CERTIFICATE_AND_CRL),
            private_key_usage(from, days_after(from, 1_800)?),
            basic_constraints(true, Some(0)),
        ]);
        let signer_spki = signer_key.spki()?;
        let mut signer =
            base(2, name(country, &format!("Document Signer {country} 00009")), signer_spki.clone());
        signer.valid(from, days_after(from, 8_100)?);
        signer.extensions.extend([
            subject_key(&key_identifier(&signer_spki)?),
            key_usage(DIGITAL_SIGNATURE),
            private_key_usage(from, days_after(from, 90)?),
            document_types(&["ID", "P"]),
        ]);
        let crl = RawCrl::of(&csca_name, &csca_spki, csca_key.usual(), from)?;
        Ok(Self { csca, issuer_key: Arc::clone(&csca_key), csca_key, signer, signer_key, crl, from })
    }

    /// Signs it.
    ///
    /// # Errors
    /// If a key does not sign as it is asked to.
    pub fn make(&self) -> Result<Made> {
        Ok(Made {
            csca: self.csca.sign(&self.csca_key)?,
            signer: self.signer.sign(&self.issuer_key)?,
            issuer_and_serial: asn1::sequence(&[&self.signer.issuer, &self.signer.serial]),
            crl: self.crl.sign(&self.csca_key)?,
        })
    }

    /// EF.SOD over this content, not signed yet.
    #[must_use]
    pub fn sod(&self, made: &Made, content: &[u8]) -> RawSigned {
        let scheme = self.signer_key.usual();
        let content_type = oids::LDS_SECURITY_OBJECT;
        let signer = RawSigner::of(
            content,
            &content_type,
            made.issuer_and_serial.clone(),
            (scheme, Arc::clone(&self.signer_key)),
            self.from,
        );
        RawSigned {
            template: Some(0x77),
            version: 3,
            digest_algorithms: signer.digest_algorithm.clone(),
            content_type,
            content: content.to_vec(),
            certificates: vec![made.signer.clone()],
            signers: vec![signer],
            trailing: Vec::new(),
            is_indefinite: false,
        }
    }
}
