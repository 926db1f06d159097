//! One card through the whole station, into a chip in this process: as it should be, refused, and interrupted everywhere.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod capture;
mod cli;
mod crash;
mod cut_off;
mod desk;
mod fingerprints;
mod issue;
mod jmrtd;
mod over_http;
mod portrait_quality;
mod queue;
mod refusals;
mod stock;
mod support;
mod token;
mod upgrade;
mod verified;
