//! The variants, by part of the verifier.

mod channel;
mod data_groups;
mod genuineness;
mod payload;
mod signed_object;
mod tolerated;
mod trust;

use anyhow::{Context as _, Result};
use cccd_keys::algorithm::oids;
use cccd_keys::asn1::{self, tag};

use super::{Expected, Variant};
use cccd_verifier::{Check, Reason};

/// Every variant, by class.
pub fn all() -> impl Iterator<Item = &'static Variant> {
    [
        trust::VARIANTS,
        signed_object::VARIANTS,
        data_groups::VARIANTS,
        channel::VARIANTS,
        genuineness::VARIANTS,
        payload::VARIANTS,
        tolerated::VARIANTS,
    ]
    .into_iter()
    .flatten()
}

const fn refused(check: Check, reason: Reason) -> Expected {
    Expected::Refused(check, reason)
}

const fn undetermined(check: Check, reason: Reason) -> Expected {
    Expected::Undetermined(check, reason)
}

/// Replaces the first occurrence of some bytes by as many others.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Result<Vec<u8>> {
    let at = bytes.windows(from.len()).position(|window| window == from).context("no such bytes")?;
    let (before, rest) = bytes.split_at_checked(at).context("no such bytes")?;
    let after = rest.get(from.len()..).context("no such bytes")?;
    Ok([before, to, after].concat())
}

/// The value of the attribute `messageDigest` for this digest.
fn octets(digest: &[u8]) -> Vec<u8> {
    asn1::tlv(tag::OCTET_STRING, digest)
}

/// The value of the attribute `contentType` for EF.SOD.
fn lds_content_type() -> Vec<u8> {
    asn1::oid(&oids::LDS_SECURITY_OBJECT)
}
