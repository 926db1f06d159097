//! Making a master list, verified before it leaves: Doc 9303-12 §9.

use super::{MAX_ENTRIES, MasterList};
use crate::algorithm::oids;
use crate::asn1::{self, Malformed, tag};
use crate::certificate::Certificate;
use crate::signed_data::{self, SignError};
use crate::signer::Signer;
use jiff::Timestamp;

/// Signs a list of CSCA certificates. Each is in it once, in the order of DER; the signer's certificate comes along and
/// the certificate of the authority above it, as Doc 9303-12 §9.2 wants. Read back and verified before it is returned.
///
/// # Errors
/// [`SignError`]; more certificates than a reader takes.
pub fn sign(
    certificates: &[Certificate],
    signer_certificate: &Certificate,
    authority: &Certificate,
    signer: &dyn Signer,
    signing_time: Timestamp,
) -> Result<Vec<u8>, SignError> {
    if certificates.len() > MAX_ENTRIES {
        return Err(Malformed::at(0, "at most 100,000 certificates").into());
    }
    let mut list: Vec<Vec<u8>> = certificates.iter().map(|certificate| certificate.der().to_vec()).collect();
    list.sort();
    list.dedup();
    let content = asn1::sequence(&[&asn1::integer(&[]), &asn1::set_of(tag::SET, list)]);
    let der = signed_data::build(
        &oids::CSCA_MASTER_LIST,
        &content,
        signer_certificate,
        &[authority],
        signer,
        signing_time,
    )?;
    let read = MasterList::parse(&der)?;
    read.verify().map_err(|problem| match problem {
        super::MasterListProblem::Signature(problem) => SignError::Verification(problem),
        _ => SignError::CertificateMismatch,
    })?;
    Ok(der)
}
