//! Whole-house stories: the demo, the forger's bench and what the integration tests share.

#[cfg(feature = "openssl-reference")]
pub mod bench;
pub mod demo;
pub mod portrait;
pub mod programs;
pub mod story_support;
