//! The integration tests of the card profile, one binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test's helper fails by panicking, as the test does"
)]

mod data_groups;
mod foreign;
mod lds;
mod mrz;
mod pace;
mod properties;
mod protocol;
mod qr;
mod support;
