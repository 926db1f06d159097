//! Keys in a token: a hardware security module or smart card behind PKCS#11 (OASIS PKCS#11 v3.1).
//!
//! | module | what |
//! |---|---|
//! | [`port`] | what is asked of a token, one small trait: over `cryptoki` in [`crate::pkcs11`], over a fake in tests |
//! | [`Token`] | one token found by its label, logged in, with a bounded pool of sessions; comes back after a loss |
//! | [`TokenKey`] | a private key that never leaves the token: a [`Signer`](crate::signer::Signer) |
//! | [`TokenMaster`] | the master of transport keys, whose CMACs are computed in the token |
//! | [`Pin`] | what opens it |
//!
//! A signature that comes out of a token is verified under the key's public half before anyone sees it. A call that
//! was lost with its session is made again on a new one, a bounded number of times: to sign twice does no harm, and a
//! key is generated under an identifier chosen before, so that the second attempt finds what the first one made.

mod error;
mod key;
#[cfg(any(test, feature = "lab-token"))]
pub mod lab;
mod master;
mod pin;
mod pool;
pub mod port;
mod vietnamese;

pub use error::{Retries, TokenError};
pub use key::{KeyReference, TokenKey};
pub use master::{MasterReference, TokenMaster};
pub use pin::{PIN_ENV, Pin, PinError};
pub use pool::{Token, TokenIdentity, TokenLimits};
pub use vietnamese::vietnamese;
