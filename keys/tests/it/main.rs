//! Integration tests of the PKI: one binary.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod attacks;
mod ceremony;
mod cli;
mod foreign;
mod house;
mod import;
mod known;
mod leniencies;
mod life;
mod master_lists;
mod mint;
mod no_panic;
mod openssl;
mod path;
mod revocation;
mod signers;
mod softhsm;
mod store;
mod token;
mod verifying;
