//! Cards per second of one station, beside what cryptography alone allows on the same cores.
//!
//! A card is personalised, read back whole, locked and proven, through the real queue: its feeder, a thread for each
//! reader, the ledger in a file on the disk with its audit log, every commit synchronised. Applications were received and
//! approved beforehand, portraits brought to what DG2 carries, and blanks made their keys when they came to stock, as it is
//! on a day of many cards. The register is another machine and answers from memory.
//!
//! The simulated chip's own work is counted apart by not being there: [`chips`] keeps what went over each card's link when it
//! is made first, and the cards that are timed are made again from that. The station does everything, command by command;
//! only the answers cost nothing. Taking measured times off would not do: while a chip computes, the disk gets the
//! station's last commit done for nothing.
//!
//! `floor` (with the feature `openssl-reference`) is the cryptography alone, in turn with the queue: both suffer alike from what else the machine does, and the best round of
//! each counts.

pub mod chips;
#[cfg(feature = "openssl-reference")]
pub mod floor;
pub mod house;
pub mod line;
pub mod machine;

#[cfg(feature = "openssl-reference")]
mod report;

#[cfg(feature = "openssl-reference")]
pub use report::run;
