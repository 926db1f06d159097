//! The records of ISO/IEC 19794, first edition: part 4 fingers, part 5 faces, part 6 irises, as Doc 9303-10 §4.7 takes them.

pub mod face;
pub mod finger;
pub mod iris;
