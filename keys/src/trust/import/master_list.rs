//! Master lists: who vouches for the signer, how old the list is, what it replaces.
//!
//! A list makes anchors for every state, so its signer needs more than a CSCA that is believed for its own documents: one
//! that somebody gave by itself, the state's own from a list of that state held already, or a fingerprint that somebody
//! compared.

use super::read::Item;
use super::report::{CertificateReport, Outcome};
use super::{ImportError, Session};
use crate::certificate::Certificate;
use crate::master_list::{MasterList, Use};
use crate::path::Budget;
use crate::signed_data::SignatureFacts;
use crate::trust::directory::list_name;
use crate::trust::{Age, RevocationResult, TrustStore, ValidityStatus};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// How far a signer's clock may be before ours.
const CLOCK: SignedDuration = SignedDuration::from_hours(24);

/// Who vouches for the signer of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Vouching {
    /// An authority that is believed for lists of this state.
    Trusted,
    /// Somebody compared a fingerprint: the signer's, or that of the authority above it.
    AcceptedFingerprint,
    /// An authority that stands in the list itself, or came along with it: whoever made the list made that, too.
    SelfListed,
    /// An authority that only another state's list brought.
    ListedElsewhere,
    /// No authority at all, neither believed nor listed.
    Nobody,
    /// The signer is revoked.
    Revoked,
    /// It was signed later than now.
    FromTheFuture,
}

impl Vouching {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::AcceptedFingerprint => "accepted-fingerprint",
            Self::SelfListed => "self-listed",
            Self::ListedElsewhere => "listed-elsewhere",
            Self::Nobody => "chains-to-nobody",
            Self::Revoked => "signer-revoked",
            Self::FromTheFuture => "from-the-future",
        }
    }

    /// The list may be used.
    #[must_use]
    pub const fn is_enough(&self) -> bool {
        matches!(self, Self::Trusted | Self::AcceptedFingerprint)
    }
}

/// What was found about a master list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListReport {
    /// Country of the signer.
    pub country: Option<String>,
    /// Who signed it.
    pub signer: String,
    /// SHA-256 of the signer's certificate, hex.
    pub signer_sha256: String,
    /// The authority above the signer, and SHA-256 of its certificate, hex.
    pub authority: Option<(String, String)>,
    /// Who vouches for the signer.
    pub vouching: Vouching,
    /// When it was signed, as the signer says.
    pub signed_at: Option<Timestamp>,
    /// How old that is.
    pub age: Option<Age>,
    /// The signer's certificate has ended since.
    pub signer_expired: bool,
    /// A newer list of the same state is here: this one changes nothing.
    pub older_than_held: bool,
    /// Certificates in it.
    pub certificates: usize,
    /// Countries in it.
    pub countries: usize,
    /// Certificates of the list that it replaces and that it no longer has.
    pub dropped: usize,
    /// What was tolerated in its signature.
    pub leniencies: Vec<&'static str>,
}

impl std::fmt::Display for ListReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self.vouching {
            Vouching::Trusted => "an authority that is believed vouches for the signer",
            Vouching::AcceptedFingerprint => "its fingerprint was accepted",
            Vouching::SelfListed => "only an authority in the list itself vouches for the signer",
            Vouching::ListedElsewhere => "the authority is known from another state's list only",
            Vouching::Nobody => {
                "the signer chains to no authority, neither a trusted one nor one in the list"
            }
            Vouching::Revoked => "the signer is revoked",
            Vouching::FromTheFuture => "it was signed later than now",
        };
        // The fingerprints first: names are as long as states like, and a terminal shows only so much.
        write!(f, "master list, signer SHA-256 {}", self.signer_sha256)?;
        if let Some((_, fingerprint)) = &self.authority {
            write!(f, ", its authority SHA-256 {fingerprint}")?;
        }
        write!(f, ": {what} ({}); signer {}", self.vouching.code(), self.signer)?;
        match &self.authority {
            Some((name, _)) => write!(f, "; authority {name}"),
            None => Ok(()),
        }
    }
}

impl Session<'_> {
    pub(super) fn master_list(&mut self, item: &Item) -> Result<(), ImportError> {
        let list = match MasterList::parse(&item.bytes) {
            Ok(list) => list,
            Err(error) => return self.not_used(item, &error.to_string()),
        };
        let facts = match list.verify() {
            Ok(facts) => facts,
            Err(problem) => return self.not_used(item, &problem.to_string()),
        };
        let mut report = self.report_of(&list, &facts);
        if !report.vouching.is_enough() {
            if item.line.is_none() {
                return Err(ImportError::ListSigner { path: item.source.clone(), report: Box::new(report) });
            }
            self.report.lists.push(report);
            return Ok(());
        }
        let digest = Sha256::digest(&item.bytes);
        let name = format!("masterlist/{}.ml", list_name(report.country.clone(), report.signed_at, &digest));
        let held = self.held_lists(report.country.as_deref());
        report.older_than_held = held.iter().any(|(_, signed_at)| *signed_at > report.signed_at);
        if report.older_than_held {
            self.report.lists.push(report);
            return Ok(());
        }
        let before: BTreeSet<[u8; 32]> = self.certificates_of(report.country.as_deref());
        let listed = self.known.add_master_list(&list);
        let now: BTreeSet<[u8; 32]> = list.certificates().map(Certificate::fingerprint).collect();
        report.dropped = before.difference(&now).count();
        for (entry, listed) in list.entries().iter().zip(listed) {
            let outcome = match &listed.outcome {
                Ok(Use::Anchor) => Outcome::Anchor,
                Ok(Use::Link) => Outcome::Link,
                Err(problem) => Outcome::from(problem),
            };
            let certificate = entry.certificate.as_ref().ok();
            self.report.certificates.push(CertificateReport::new(
                item,
                certificate,
                Some(listed.offset),
                outcome,
            ));
        }
        let older = held.into_iter().map(|(held, _)| held).filter(|held| *held != name).collect();
        self.remove(older);
        let description =
            format!("master list, {} certificates, signed by {}", report.certificates, report.signer);
        if let Some(age @ (Age::Old | Age::GrowsOld | Age::Unknown)) = report.age {
            let signed = report.signed_at.map(|signed| signed.to_string()).unwrap_or_default();
            self.report.warnings.push(format!("master list {} ({}), {signed}", age.code(), report.signer));
        }
        self.report.lists.push(report);
        self.keep(&item.source, name, description, item.bytes.clone());
        Ok(())
    }

    fn report_of(&self, list: &MasterList, facts: &SignatureFacts) -> ListReport {
        let signer = &facts.signer;
        let (vouching, authority) = self.vouching(list, facts);
        let validity = self.options.at.map(|at| ValidityStatus::of(signer, at));
        ListReport {
            country: signer.country(),
            signer: signer.subject().to_string(),
            signer_sha256: hex::encode(signer.fingerprint()),
            authority: authority.map(|one| (one.subject().to_string(), hex::encode(one.fingerprint()))),
            vouching,
            signed_at: facts.signing_time,
            age: self.options.at.map(|at| Age::of_master_list(facts.signing_time, at)),
            signer_expired: validity == Some(ValidityStatus::Expired),
            older_than_held: false,
            certificates: list.entries().len(),
            countries: list.countries().len(),
            dropped: 0,
            leniencies: facts
                .leniencies
                .iter()
                .map(|leniency| leniency.code())
                .chain(facts.weak_hash.then_some("weak-hash"))
                .collect(),
        }
    }

    /// Who vouches for the signer, and the authority above it. The path is judged at the time of the signature: that the
    /// certificate has ended since is told, and the list's age with it.
    fn vouching(&self, list: &MasterList, facts: &SignatureFacts) -> (Vouching, Option<Certificate>) {
        let (signer, time) = (&facts.signer, facts.signing_time);
        let path = |anchors: &[Certificate]| {
            list.signer_path(signer, anchors, time, &mut Budget::default())
                .ok()
                .map(|path| path.anchor().clone())
        };
        let accepted = |one: &Certificate| self.options.accepted_signers.contains(&one.fingerprint());
        let country = signer.country();
        let own = |one: &&Certificate| country.is_some() && one.country() == country;
        let known: Vec<Certificate> = self.known.anchors().iter().filter(own).cloned().collect();
        let believed: Vec<Certificate> = known
            .iter()
            .filter(|anchor| {
                self.known.is_given(anchor)
                    || self.known.lists_with(anchor).any(|held| held.country == country)
            })
            .cloned()
            .collect();
        let listed: Vec<Certificate> = list
            .certificates()
            .chain(list.signed_data().certificates())
            .filter(own)
            .filter(|one| one.is_self_issued() && one.verify_signature_leniently(one.public_key()).is_ok())
            .cloned()
            .collect();
        let (trusted, elsewhere, within) = (path(&believed), path(&known), path(&listed));
        let authority = trusted.clone().or_else(|| within.clone()).or_else(|| elsewhere.clone());
        let vouching = if self.options.at.zip(time).is_some_and(|(at, time)| time.duration_since(at) > CLOCK)
        {
            Vouching::FromTheFuture
        } else if is_revoked(&self.known, signer, self.options.at.or(time)) {
            Vouching::Revoked
        } else if trusted.is_some() {
            Vouching::Trusted
        } else if accepted(signer) || within.iter().chain(&elsewhere).any(accepted) {
            Vouching::AcceptedFingerprint
        } else if elsewhere.is_some() {
            Vouching::ListedElsewhere
        } else if within.is_some() {
            Vouching::SelfListed
        } else {
            Vouching::Nobody
        };
        (vouching, authority)
    }

    /// Lists of a state that the directory has: their names, and when they were signed.
    fn held_lists(&self, country: Option<&str>) -> Vec<(String, Option<Timestamp>)> {
        let Some(country) = country else { return Vec::new() };
        let Ok(pending) = crate::trust::transaction::Pending::read(self.into) else { return Vec::new() };
        let names =
            crate::trust::directory::names(self.into, "masterlist", "ml", &pending).unwrap_or_default();
        let planned = self.changes.writes.iter().filter(|(name, _)| name.starts_with("masterlist/"));
        let planned = planned.map(|(name, bytes)| (name.clone(), bytes.clone()));
        let held =
            names.into_iter().filter(|name| !self.changes.removals.contains(name)).filter_map(|name| {
                let place = crate::trust::transaction::Pending::place(self.into, &name);
                Some((name, crate::trust::directory::read_bounded(&place).ok()?))
            });
        held.chain(planned)
            .filter_map(|(name, bytes)| {
                let list = MasterList::parse(&bytes).ok()?;
                let info = list.signed_data().signers().first()?;
                let signer = list.signed_data().certificate_of(info)?;
                (signer.country().as_deref() == Some(country)).then(|| (name, info.signing_time()))
            })
            .collect()
    }

    /// Fingerprints of the anchors that lists of this state brought.
    fn certificates_of(&self, country: Option<&str>) -> BTreeSet<[u8; 32]> {
        let brought = |anchor: &&Certificate| {
            self.known.lists_with(anchor).any(|held| held.country.as_deref() == country)
        };
        self.known.anchors().iter().filter(brought).map(Certificate::fingerprint).collect()
    }
}

fn is_revoked(known: &TrustStore, signer: &Certificate, at: Option<Timestamp>) -> bool {
    let at = at.unwrap_or(Timestamp::UNIX_EPOCH);
    matches!(
        known.check_signer(signer, at).revocation,
        RevocationResult::Revoked { .. } | RevocationResult::AuthorityRevoked { .. }
    )
}
