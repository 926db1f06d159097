//! Active Authentication, over a challenge of our own or of a verifier elsewhere.

use cccd_card_profile::apdu::{LinkLost, Transport};

use super::{Inspection, Stop, kind_of};
use crate::evidence::{ActiveAuthenticationRecord, IncidentKind, bound_challenge};
use crate::inspection::Step;
use crate::session::{ProofError, Secured, Session};

impl<R> Inspection<'_, R> {
    pub(super) fn active_authentication<T: Transport>(
        &mut self,
        mut session: Session<Secured<T>>,
    ) -> Result<Session<Secured<T>>, Stop>
    where
        R: FnMut(&mut T) -> Result<(), LinkLost>,
    {
        self.step(Step::ActiveAuthentication);
        let evidence = &self.reading.evidence;
        let bound = self.reading.options.nonce.as_ref().zip(evidence.sod_sha256()).map(|(nonce, sod)| {
            let station = self.reading.options.station.as_deref().unwrap_or_default();
            bound_challenge(nonce, station, evidence.read_at, &sod)
        });
        let challenge = bound.unwrap_or_else(|| {
            let mut challenge = [0; 8];
            self.rng.fill_bytes(&mut challenge);
            challenge
        });
        let mut record = ActiveAuthenticationRecord {
            challenge: challenge.to_vec(),
            nonce: self.reading.options.nonce.clone().filter(|_| bound.is_some()),
            answer: None,
        };
        loop {
            let awaited = self.unproven;
            let outcome = session.active_authentication(&challenge, self.reading.blocks);
            if awaited {
                self.conclude_by(&session, matches!(outcome, Err(ProofError::Link(_))));
            }
            let error = match outcome {
                Ok(answer) => {
                    record.answer = Some(answer);
                    break;
                }
                Err(ProofError::Refused(_) | ProofError::ChipAuthentication(_)) => break,
                Err(ProofError::Link(lost)) => {
                    self.keep_log(&session);
                    return Err(Stop::Lost(lost));
                }
                Err(ProofError::SecureMessaging(error)) => error,
            };
            self.keep_log(&session);
            let extended = self.reading.blocks.extended;
            match self.smaller_after(error).filter(|_| extended) {
                Some(smaller) => {
                    self.reading.blocks = smaller;
                    self.incident("active-authentication", IncidentKind::LengthRefused);
                    if awaited && session.verified_since_new_keys() == 0 {
                        self.evidence().chip_authentication = None;
                    }
                    session = self.reopen(session.abandon())?;
                }
                None => {
                    self.incident("active-authentication", kind_of(error));
                    return Err(Stop::GivenUp);
                }
            }
        }
        self.evidence().active_authentication = Some(record);
        Ok(session)
    }
}
