//! The protocols of Doc 9303-11 and TR-03110, chip and terminal ends side by side in one file each. No I/O.
//!
//! A terminal end is a [`TerminalProtocol`]: it gives the next [`Command`] and takes its [`Response`]; [`drive`]
//! runs one over a [`Transport`]. A chip end is a value whose methods take a command and give a response or the
//! status word of the refusal. Randomness is drawn when a value is made, never later.
//!
//! [`bac`] and [`pace`] open a session, [`secure_messaging`] carries it, [`chip_authentication`] and
//! [`active_authentication`] show whether the chip is genuine. [`terminal_authentication`] shows the chip what the
//! terminal may read.

pub mod active_authentication;
pub mod bac;
pub(crate) mod block_cipher;
pub mod chip_authentication;
pub mod curve;
pub mod dh;
pub mod group;
pub mod kdf;
pub mod pace;
pub mod private_key;
pub mod secure_messaging;
pub mod terminal_authentication;

use crate::apdu::{Command, LinkLost, Response, Transport, exchange};

/// What a terminal end wants next.
#[derive(Debug)]
pub enum Step<T> {
    /// Send this, and come back with the answer.
    Send(Command),
    /// The protocol is over.
    Done(T),
}

/// The terminal's end of a protocol.
pub trait TerminalProtocol {
    /// What a completed run gives.
    type Output;
    /// How a run fails.
    type Error;

    /// Takes the answer to the last command (`None` at the start) and says what comes next.
    ///
    /// # Errors
    /// When the chip refuses or its answer does not hold; the run is over then.
    fn advance(&mut self, answer: Option<Response>) -> Result<Step<Self::Output>, Self::Error>;
}

/// Why a driven protocol ended without its output.
#[derive(Debug, thiserror::Error)]
pub enum DriveError<E> {
    /// No answer came.
    #[error(transparent)]
    Link(#[from] LinkLost),
    /// The protocol failed.
    #[error("{0}")]
    Protocol(E),
}

/// Runs a terminal end over a transport, to its end.
///
/// # Errors
/// [`DriveError`].
pub fn drive<T, P>(transport: &mut T, mut protocol: P) -> Result<P::Output, DriveError<P::Error>>
where
    T: Transport + ?Sized,
    P: TerminalProtocol,
{
    let mut answer = None;
    loop {
        match protocol.advance(answer).map_err(DriveError::Protocol)? {
            Step::Done(output) => return Ok(output),
            Step::Send(command) => answer = Some(exchange(transport, &command)?),
        }
    }
}

#[cfg(test)]
pub(crate) mod test_rng {
    use rand_core::{TryCryptoRng, TryRng};
    use std::convert::Infallible;

    /// Plays given bytes back, then goes on with `SplitMix64`.
    pub(crate) struct Given(Vec<u8>, u64);

    impl Given {
        pub(crate) fn new(parts: &[&[u8]]) -> Self {
            Self(parts.concat(), 1)
        }
    }

    impl TryRng for Given {
        type Error = Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            let mut bytes = [0; 4];
            self.try_fill_bytes(&mut bytes)?;
            Ok(u32::from_le_bytes(bytes))
        }
        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            let mut bytes = [0; 8];
            self.try_fill_bytes(&mut bytes)?;
            Ok(u64::from_le_bytes(bytes))
        }
        fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
            for byte in dst {
                *byte = if self.0.is_empty() {
                    self.1 = self.1.wrapping_add(0x9E37_79B9_7F4A_7C15);
                    let mixed = (self.1 ^ self.1 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                    (mixed >> 56) as u8
                } else {
                    self.0.remove(0)
                };
            }
            Ok(())
        }
    }

    impl TryCryptoRng for Given {}
}
