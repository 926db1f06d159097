//! The benchmarks behind `make bench`.

pub mod measure;
pub mod sod;
