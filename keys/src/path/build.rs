//! The search for a path.

use super::{
    Budget, MAX_PATH, NameChaining, PathMaterial, PathPolicy, PathProblem, RevocationDemand, VerifiedPath,
};
use crate::certificate::{Certificate, DistinguishedName};
use jiff::Timestamp;

/// A signer of revocation lists may itself need a list of another signer; no deeper than this.
const MAX_LIST_SIGNERS: usize = 3;

/// What one search goes by.
pub(super) struct Search<'a> {
    pub(super) material: PathMaterial<'a>,
    pub(super) at: Option<Timestamp>,
    pub(super) policy: &'a PathPolicy,
}

/// A certificate on the way, and who of those that may have issued it comes next.
struct Frame<'a> {
    certificate: &'a Certificate,
    candidates: Vec<Candidate<'a>>,
}

#[derive(Clone, Copy)]
enum Candidate<'a> {
    Anchor(&'a Certificate),
    Intermediate(&'a Certificate),
}

impl<'a> Search<'a> {
    pub(super) const fn new(
        material: PathMaterial<'a>,
        at: Option<Timestamp>,
        policy: &'a PathPolicy,
    ) -> Self {
        Self { material, at, policy }
    }

    /// Finds a path for `end`; `level` counts how many signers of lists led here.
    pub(super) fn run(
        &self,
        end: &'a Certificate,
        level: usize,
        budget: &mut Budget,
    ) -> Result<VerifiedPath, PathProblem> {
        let mut furthest = PathProblem::UnknownIssuer;
        let mut stack = vec![Frame { certificate: end, candidates: self.candidates(end, budget)? }];
        while let Some(frame) = stack.last_mut() {
            let Some(candidate) = frame.candidates.pop() else {
                stack.pop();
                continue;
            };
            let attempt = match candidate {
                Candidate::Anchor(anchor) => {
                    let path: Vec<&'a Certificate> = stack.iter().map(|frame| frame.certificate).collect();
                    match self.validate(&path, anchor, level, budget) {
                        Ok(leniencies) => {
                            let certificates = path.into_iter().cloned().collect();
                            return Ok(VerifiedPath { certificates, anchor: anchor.clone(), leniencies });
                        }
                        Err(problem) => Err(problem),
                    }
                }
                Candidate::Intermediate(issuer) => {
                    let child = frame.certificate;
                    self.may_issue(issuer, child, &stack, budget)
                }
            };
            match (attempt, candidate) {
                (Err(PathProblem::BudgetExhausted), _) => return Err(PathProblem::BudgetExhausted),
                (Err(problem), _) => furthest = furthest.max(problem),
                (Ok(()), Candidate::Intermediate(issuer)) => {
                    let candidates = self.candidates(issuer, budget)?;
                    stack.push(Frame { certificate: issuer, candidates });
                }
                (Ok(()), Candidate::Anchor(_)) => {}
            }
        }
        Err(furthest)
    }

    /// Who may have issued a certificate by name, the best last: those whose key identifier fits, anchors first.
    fn candidates(
        &self,
        child: &'a Certificate,
        budget: &mut Budget,
    ) -> Result<Vec<Candidate<'a>>, PathProblem> {
        let anchors = self.material.anchors.iter().map(Candidate::Anchor);
        let intermediates = self.material.intermediates.iter().map(Candidate::Intermediate);
        let mut found = Vec::new();
        for candidate in anchors.chain(intermediates) {
            budget.step()?;
            let (Candidate::Anchor(issuer) | Candidate::Intermediate(issuer)) = candidate;
            if self.same_name(issuer.subject(), child.issuer()) {
                found.push(candidate);
            }
        }
        found.sort_by_key(|candidate| {
            let (Candidate::Anchor(issuer) | Candidate::Intermediate(issuer)) = candidate;
            let fits = match (child.authority_key_identifier(), issuer.subject_key_identifier()) {
                (Some(wanted), Some(own)) => i8::from(wanted == own) - i8::from(wanted != own),
                _ => 0,
            };
            (fits, matches!(candidate, Candidate::Anchor(_)))
        });
        Ok(found)
    }

    /// What can be said about an intermediate before its own issuer is known: it prunes the search.
    fn may_issue(
        &self,
        issuer: &Certificate,
        child: &Certificate,
        stack: &[Frame<'_>],
        budget: &mut Budget,
    ) -> Result<(), PathProblem> {
        if stack.len() >= MAX_PATH {
            return Err(PathProblem::TooLong);
        }
        // The same key under the same name again leads nowhere new.
        let again = |known: &Certificate| {
            known.subject() == issuer.subject() && known.public_key() == issuer.public_key()
        };
        if stack.iter().skip(1).any(|frame| again(frame.certificate)) || issuer.der() == child.der() {
            return Err(PathProblem::UnknownIssuer);
        }
        super::validate::is_authority(issuer)?;
        if !issuer.public_key().inherits_parameters() {
            budget.signature()?;
            child.verify_signature_leniently(issuer.public_key())?;
        }
        Ok(())
    }

    pub(super) fn same_name(&self, one: &DistinguishedName, other: &DistinguishedName) -> bool {
        match self.policy.names {
            NameChaining::InOrder => one.matches_in_order(other),
            NameChaining::AnyOrder => one.matches(other),
        }
    }

    pub(super) fn asks_revocation(&self) -> bool {
        self.policy.revocation == RevocationDemand::WholePath
    }

    /// Whether another signer of lists may be looked for.
    pub(super) const fn may_go_deeper(level: usize) -> bool {
        level < MAX_LIST_SIGNERS
    }
}
