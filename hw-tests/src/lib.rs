//! The same card scripts against whatever sits in a reader: the virtual chip by default, a real card on demand.
//!
//! | module | what |
//! |---|---|
//! | [`script`] | a script as data: commands, and what the card must answer |
//! | [`runner`] | runs a script over any [`Transport`](cccd_card_profile::apdu::Transport) |
//! | [`conformity`] | chip cases in the manner of TR-03105-3.2; program `chip-conformity` |
//! | [`specimen`] | a small synthetic card, personalised over any transport |
//! | [`pcscd`] | a pcscd of one's own with a virtual reader, ended when dropped |
//!
//! Scripts lie in `scripts/`. Against a real card:
//!
//! ```text
//! HW_TESTS_READER="ACS" HW_TESTS_CAN=123456 cargo test -p cccd-hw-tests real
//! ```
//!
//! Only scripts that read are run there. Those that try to write (and expect to be refused) need the feature
//! `dangerous-real-card`.

pub mod conformity;
pub mod pcscd;
pub mod runner;
pub mod script;
pub mod specimen;

pub use pcscd::Pcscd;
