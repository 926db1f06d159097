//! issuer
fn main() {}
