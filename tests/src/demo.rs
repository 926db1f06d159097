//! `make demo`: a small synthetic nation gets its first cards, a bank's counter verifies them, a forger tries ten times.

pub mod counter;
pub mod forgeries;
pub mod in_process;
pub mod people;
pub mod stage;
pub mod story;
pub mod tell;
