//! Reads a chip identity card over any transport, and judges the evidence.
//!
//! | module | what |
//! |---|---|
//! | [`session`] | a chip that was opened, as a type: PACE or BAC, secure messaging, files, proofs |
//! | [`inspection`] | the order of the steps: one call reads a card |
//! | [`recording`] | randomness kept and played back: a dump becomes a test |
//! | [`evidence`] | what reading produced: raw files and transcripts, signed and at rest |
//! | [`finding`] | what one check found: status, reason, what it proves and does not prove |
//! | [`policy`] | what is demanded of a card |
//! | [`mod@judge`] | evidence, trust, time and policy become findings |
//! | [`verdict`] | findings become one verdict and four statements |
//! | [`register`] | the register of persons as a port; its signed answers |
//! | [`report`] | the judgement for people and for machines |
//! | [`country`] | issuing states and the countries of certificates |
//!
//! Reading and judging are separate: evidence can be judged later, elsewhere and again. Time, randomness, trust, policy
//! and transport are arguments. Without default features there is no PC/SC, no HTTP and no asynchronous runtime here.

pub mod country;
pub mod evidence;
pub mod finding;
pub mod inspection;
pub mod judge;
pub mod policy;
pub mod recording;
pub mod register;
pub mod report;
pub mod session;
pub mod verdict;

pub use evidence::Evidence;
pub use finding::{Check, Finding, Reason, Status};
pub use inspection::{Access, InspectionOptions, Reading, Tap, inspect};
pub use judge::{Case, Judgement, Presented, judge, judge_among};
pub use policy::Policy;
pub use verdict::{Decision, Statements, Verdict};
