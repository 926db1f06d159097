//! Who may do what with a file: rules as values, kept apart from what a session has proved.

mod condition;
mod status;

pub use condition::{AccessCondition, TerminalRight};
pub use status::{AccessStatus, ChipAccess};
