//! Certificates as the standard and other people write them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a helper that fails is a test that fails")]

mod chains;
mod foreign;
mod no_panic;
mod requests;
mod support;
