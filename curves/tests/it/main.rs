//! The curves against published vectors, foreign test cases and OpenSSL.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod openssl;
mod prepared;
mod vectors;
mod wycheproof;
