//! A revocation list, field by field.

use anyhow::Result;
use cccd_keys::algorithm::oids;
use cccd_keys::asn1::{self, tag};
use const_oid::ObjectIdentifier;
use jiff::Timestamp;

use super::certificate::{RawExtension, authority_key, days_after, key_identifier};
use super::keys::{LabKey, Scheme};

/// `deltaCRLIndicator` (RFC 5280 §5.2.4).
pub const DELTA_INDICATOR: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.27");

/// A revocation list before it is signed.
#[derive(Debug, Clone)]
pub struct RawCrl {
    /// Whose list it is.
    pub issuer: Vec<u8>,
    /// When it was made.
    pub this_update: Timestamp,
    /// When the next is due; `None` leaves it out.
    pub next_update: Option<Timestamp>,
    /// Serial numbers, content octets.
    pub revoked: Vec<Vec<u8>>,
    /// Its extensions.
    pub extensions: Vec<RawExtension>,
    /// How it is signed.
    pub scheme: Scheme,
}

impl RawCrl {
    /// An empty list of this authority, thirty days long.
    ///
    /// # Errors
    /// Beyond the calendar.
    pub fn of(issuer: &[u8], spki: &[u8], scheme: Scheme, at: Timestamp) -> Result<Self> {
        let number = asn1::integer(&[7]);
        Ok(Self {
            issuer: issuer.to_vec(),
            this_update: at,
            next_update: Some(days_after(at, 30)?),
            revoked: Vec::new(),
            extensions: vec![
                authority_key(&key_identifier(spki)?),
                RawExtension::new(oids::CRL_NUMBER, false, number),
            ],
            scheme,
        })
    }

    /// The list, signed.
    ///
    /// # Errors
    /// If the key does not sign so.
    pub fn sign(&self, key: &LabKey) -> Result<Vec<u8>> {
        let entries: Vec<u8> = self
            .revoked
            .iter()
            .flat_map(|serial| {
                asn1::sequence(&[&asn1::tlv(tag::INTEGER, serial), &asn1::time(self.this_update)])
            })
            .collect();
        let entries = if entries.is_empty() { entries } else { asn1::tlv(tag::SEQUENCE, &entries) };
        let extensions: Vec<u8> = self.extensions.iter().flat_map(RawExtension::to_der).collect();
        let algorithm = self.scheme.identifier();
        let tbs = asn1::sequence(&[
            &asn1::integer(&[1]),
            &algorithm,
            &self.issuer,
            &asn1::time(self.this_update),
            &self.next_update.map(asn1::time).unwrap_or_default(),
            &entries,
            &asn1::tlv(tag::context(0), &asn1::tlv(tag::SEQUENCE, &extensions)),
        ]);
        let signature = key.sign(self.scheme, &tbs)?;
        Ok(asn1::sequence(&[&tbs, &algorithm, &asn1::bit_string(&signature)]))
    }
}
