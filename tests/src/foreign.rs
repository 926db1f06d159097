//! `make foreign`: cases that nobody here wrote, judged through the project's public API.
//!
//! A folder holds `cases.jsonl`, one case a line, and the files that the cases name. Nothing here knows a case by name:
//! what is done follows from its `kind`, what must come of it from its `expected`. A kind, an expectation or a file that
//! is not known is a failure; nothing is skipped.
//!
//! | module | what |
//! |---|---|
//! | [`case`] | a line of `cases.jsonl` |
//! | [`data`] | the files of the folder, read within bounds and never outside of it |
//! | [`outcome`] | what came of a case, and whether it is what was expected |
//! | [`kinds`] | one module per kind |
//! | [`run`] | all cases, on all cores |
//! | [`report`] | what is printed |

pub mod case;
pub mod data;
pub mod kinds;
pub mod outcome;
pub mod report;
pub mod run;
