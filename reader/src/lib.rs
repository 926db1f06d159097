//! Real readers through PC/SC (Interoperability Specification for ICCs and Personal Computer Systems, part 5).
//!
//! | module | what |
//! |---|---|
//! | [`service`] | the PC/SC resource manager: list readers, wait for a card, cancel a wait |
//! | [`connection`] | a card in a reader as a [`Transport`](cccd_card_profile::apdu::Transport), transactions |
//! | [`error`] | what went wrong in one sentence, and what to do |
//!
//! ```no_run
//! use std::time::Duration;
//! use cccd_card_profile::apdu::Transport as _;
//! use cccd_reader::{Disposition, Protocols, Service, Share};
//!
//! let service = Service::open()?;
//! let reader = service.find("ACS")?;
//! service.wait_for_card(&reader, Duration::from_secs(10))?;
//! let mut card = service.connect(&reader, Share::Exclusive, Protocols::Any)?;
//! let answer = card.transmit(&[0x00, 0xA4, 0x04, 0x0C, 0x07, 0xA0, 0, 0, 2, 0x47, 0x10, 0x01]);
//! card.disconnect(Disposition::Reset)?;
//! # let _ = answer; Ok::<(), cccd_reader::ReaderError>(())
//! ```

pub mod connection;
pub mod error;
pub mod service;

pub use connection::{Disposition, PcscTransport, Protocols, Share, Transaction};
pub use error::ReaderError;
pub use service::{Canceller, ReaderInfo, Service};

/// The readers that the PC/SC service knows now; none is an empty list, not an error.
///
/// # Errors
/// When the service can't be reached.
pub fn readers() -> Result<Vec<ReaderInfo>, ReaderError> {
    Service::open()?.readers()
}
