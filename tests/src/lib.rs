//! Whole-house stories: the demo, the forger's bench, foreign implementations beside ours, and what the integration
//! tests share.

#[cfg(feature = "openssl-reference")]
pub mod bench;
pub mod country;
pub mod demo;
pub mod foreign;
pub mod interop;
pub mod portrait;
pub mod programs;
pub mod story_support;
