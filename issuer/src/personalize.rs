//! Writing a chip: the ordered script over a driver, the read-back through the citizen's interface, the lock and its
//! proof (Doc 9303-10 §4.5.1: what was locked after personalization cannot be written again).

mod atr;
mod driver;
mod icao9;
mod jmrtd;
mod link;
mod lock_proof;
mod probe;
mod read_back;
mod script;
mod timing;

pub use atr::announces_extended_length;
pub use driver::{Capabilities, CardDriver, DriverError, KeySource};
pub use icao9::{Icao9Driver, TransportKeySource};
pub use jmrtd::{JmrtdBlank, JmrtdDriver};
pub use link::CardLink;
pub use lock_proof::LockProof;
pub use probe::{ChipLife, ChipReport};
pub(crate) use read_back::is_closed;
pub use read_back::{Expected, ReadBackError, read_back, verify_locked_card};
pub(crate) use script::are_of;
pub(crate) use script::step as announce;
pub use script::{
    Book, Monitor, NoMonitor, Progress, ScriptError, Written, make_keys, sign_card, write_card,
};
pub use timing::Timings;
