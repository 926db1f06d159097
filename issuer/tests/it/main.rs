//! One card through the whole station, into a chip in this process: as it should be, refused, and interrupted everywhere.

mod crash;
mod issue;
mod refusals;
mod support;
