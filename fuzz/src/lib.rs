//! One fuzz body for each parser of the house. The same bodies run under cargo-fuzz (`fuzz_targets/`, nightly) and for
//! a few seconds on the stable toolchain (`make fuzz-smoke`).

mod card_profile;
mod conversations;
mod cvc;
mod issuer;
mod keys;
pub mod mutate;
mod pace;
mod pictures;
mod population;

/// A parser under attack: good inputs to start from, and the call that must survive any bytes.
#[derive(Debug, Clone, Copy)]
pub struct Body {
    /// The name of the body and of its cargo-fuzz target.
    pub name: &'static str,
    /// Good inputs to mutate.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Must not panic and must end soon, whatever the bytes.
    pub run: fn(&[u8]),
}

/// Every body.
pub fn bodies() -> impl Iterator<Item = &'static Body> {
    card_profile::BODIES
        .iter()
        .chain(keys::BODIES)
        .chain(conversations::BODIES)
        .chain(cvc::BODIES)
        .chain(issuer::BODIES)
        .chain(pace::BODIES)
        .chain(pictures::BODIES)
        .chain(population::BODIES)
}
