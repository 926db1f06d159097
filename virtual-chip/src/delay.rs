//! Waiting, as a port: the chip says how long, who runs it waits.

use std::fmt;
use std::time::Duration;

/// Waits before the chip compares a password, after wrong ones
/// ([`wait_before_try`](cccd_card_profile::protocol::pace::wait_before_try)).
pub trait Delay: Send {
    /// Returns after this time.
    fn wait(&mut self, time: Duration);
}

/// Does not wait: for tests and measurements.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDelay;

impl Delay for NoDelay {
    fn wait(&mut self, _: Duration) {}
}

/// Waits for as long as it says.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDelay;

impl Delay for RealDelay {
    fn wait(&mut self, time: Duration) {
        if !time.is_zero() {
            std::thread::sleep(time);
        }
    }
}

impl fmt::Debug for dyn Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Delay")
    }
}
