//! Whole-house stories: the demo, the forger's bench and what the integration tests share.

pub mod portrait;
