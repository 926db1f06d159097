//! A chip in software: [`cccd_card_profile`]'s chip ends, a file system and a life cycle, in a file that survives.
//!
//! | module | what | clause |
//! |---|---|---|
//! | [`chip`] | APDU in, APDU out; power, reset, sessions | ISO/IEC 7816-4, Doc 9303-10, -11 |
//! | [`state`] | what the chip keeps: life cycle, files, keys | Doc 9303-10 §4.5 |
//! | [`store`] | the state on disk: checked, durable before the answer, held by one process | – |
//! | [`delay`] | waiting after wrong passwords, as a port | TR-03110-2 §2.5 |
//! | [`vpcd`] | the chip behind pcscd's virtual reader | vsmartcard |
//! | [`lab`] | the tester's bench: alter one thing in a chip | – |
//!
//! ```
//! use cccd_card_profile::apdu::Transport as _;
//! use cccd_virtual_chip::{Chip, ChipState, Profile};
//! # use rand_chacha::rand_core::SeedableRng as _;
//! # let rng = rand_chacha::ChaCha20Rng::from_seed([7; 32]);
//! let mut chip = Chip::in_memory(ChipState::blank([0x0A; 10], Profile::Cccd), Box::new(rng));
//! let answer = chip.transmit(&[0x00, 0xA4, 0x04, 0x0C, 0x07, 0xA0, 0, 0, 2, 0x47, 0x10, 0x01]).unwrap();
//! assert_eq!(answer, [0x90, 0x00]);
//! ```

pub mod chip;
pub mod delay;
pub mod lab;
pub mod state;
pub mod store;
pub mod vpcd;

pub use chip::{Chip, LengthSupport};
pub use delay::{Delay, NoDelay, RealDelay};
pub use state::{ChipState, LifeCycle, Profile};
pub use store::{StateFile, StoreError};
