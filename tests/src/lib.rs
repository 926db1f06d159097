//! Whole-house stories: the demo, the forger's bench, foreign implementations beside ours, the fault campaigns, and what
//! the integration tests share.

pub mod attacks;
pub mod bench;
pub mod cards;
pub mod commands;
pub mod country;
pub mod demo;
pub mod desk;
pub mod faults;
pub mod foreign;
pub mod inspection;
pub mod interop;
pub mod laboratory;
pub mod nation;
pub mod officers;
pub mod portrait;
#[path = "../../population/tests/it/postgres/pair.rs"]
mod postgres_pair;
#[path = "../../population/tests/it/postgres/server.rs"]
mod postgres_server;
pub mod programs;
pub mod story_support;
