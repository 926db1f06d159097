//! Opening a chip by PACE: which variant with which password, and what is tried when one is refused.

use cccd_card_profile::apdu::{StatusWord, Transport};
use cccd_card_profile::protocol::pace::PaceOffer;
use rand_core::CryptoRng;

use super::{Access, ReadError};
use crate::evidence::{PaceFailure, PasswordKind};
use crate::session::{
    BlockSizes, Connected, NotOpened, OpenError, PaceAttempt, PaceOpened, PaceShown, Secured, Session,
};

/// How many variants are tried with a password.
const MOST_VARIANTS: usize = 3;

pub(super) enum Opening<T: Transport> {
    /// The chip is open.
    Open { session: Box<Session<Secured<T>>>, shown: PaceShown, offer: PaceOffer, password: PasswordKind },
    /// It is not, and nobody said that the password is another card's: BAC may be tried.
    Closed { session: Session<Connected<T>>, failure: Option<PaceFailure> },
    /// It is not, and nothing else may be tried.
    Failed(ReadError),
}

/// Tries every password with the best variant; with the next ones only when the chip refuses or breaks a variant off. A PIN
/// is tried once: suspended, after the card access number; blocked, after the PUK.
pub(super) fn by_pace<T: Transport>(
    mut session: Session<Connected<T>>,
    offers: &[PaceOffer],
    several: bool,
    access: &Access,
    blocks: BlockSizes,
    rng: &mut dyn CryptoRng,
) -> Opening<T> {
    let (mut failure, mut refused) = (None, false);
    let variants = offers.get(..MOST_VARIANTS).unwrap_or(offers);
    for (password, kind) in access.pace() {
        for (number, offer) in variants.iter().enumerate() {
            let attempt = PaceAttempt { offer: *offer, several, password, blocks };
            let opened = match kind {
                PasswordKind::Pin => by_pin(session, &attempt, access, rng),
                _ => session.pace(&attempt, rng),
            };
            let NotOpened { session: given_back, error } = match opened {
                Ok((session, shown)) => {
                    let session = Box::new(session);
                    return Opening::Open { session, shown, offer: *offer, password: kind };
                }
                Err(not_opened) => *not_opened,
            };
            session = given_back;
            match error {
                OpenError::WrongPassword => {
                    refused = true;
                    break;
                }
                // The chip has PACE, and not with this password.
                OpenError::PasswordNotOffered(StatusWord::REFERENCED_DATA_NOT_FOUND) => {
                    failure = Some(PaceFailure::NotSupported);
                    break;
                }
                // It has it with this password perhaps, and not in this variant.
                OpenError::PasswordNotOffered(_) => failure = Some(PaceFailure::NotSupported),
                OpenError::Protocol(what) => {
                    failure = Some(PaceFailure::Broken);
                    if number.saturating_add(1) < variants.len() {
                        continue;
                    }
                    // Another password would hide that somebody breaks PACE.
                    if access.bac().is_none() {
                        return Opening::Failed(ReadError::Protocol(what));
                    }
                    return if refused {
                        Opening::Failed(ReadError::WrongPassword)
                    } else {
                        Opening::Closed { session, failure }
                    };
                }
                error => return Opening::Failed(error.into()),
            }
        }
    }
    // A password that opens another card is no reason to try a weaker protocol.
    if refused {
        Opening::Failed(ReadError::WrongPassword)
    } else if access.is_pin() {
        Opening::Failed(ReadError::NoPin)
    } else {
        Opening::Closed { session, failure }
    }
}

fn by_pin<T: Transport>(
    session: Session<Connected<T>>,
    attempt: &PaceAttempt<'_>,
    access: &Access,
    rng: &mut dyn CryptoRng,
) -> PaceOpened<T> {
    let not_opened = match session.pace(attempt, rng) {
        Ok(opened) => return Ok(opened),
        Err(not_opened) => not_opened,
    };
    match (&not_opened.error, access.resuming(), access.unblocking()) {
        (OpenError::PinSuspended, Some(can), _) => not_opened.session.pace_resuming(attempt, can, rng),
        (OpenError::PinBlocked, _, Some(puk)) => {
            let unblocking = PaceAttempt { password: puk, ..*attempt };
            not_opened.session.unblock_pin(&unblocking, rng)?.pace(attempt, rng)
        }
        _ => Err(not_opened),
    }
}
