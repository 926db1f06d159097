//! The integration tests of the picture decoder, one binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test's helper fails by panicking, as the test does"
)]

mod process;
mod wsq;
