//! Failures in a row stop a reader, or everything, before they eat the stock.

/// Counts failures in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    allowed: u32,
    failed: u32,
}

/// What a failure led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trip {
    /// It goes on.
    No,
    /// So many in a row: it stands still until somebody has looked.
    Yes(u32),
}

impl Breaker {
    /// Trips at the failure of this number in a row; 0 counts as 1.
    #[must_use]
    pub fn new(allowed: u32) -> Self {
        Self { allowed: allowed.max(1), failed: 0 }
    }

    /// A card was made.
    pub fn made(&mut self) {
        self.failed = 0;
    }

    /// None was made.
    pub fn failed(&mut self) -> Trip {
        self.failed = self.failed.saturating_add(1);
        if self.failed >= self.allowed { Trip::Yes(self.failed) } else { Trip::No }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_in_a_row_trip_and_a_card_between_them_does_not() {
        let mut breaker = Breaker::new(3);
        for _ in 0..5 {
            assert_eq!((breaker.failed(), breaker.failed()), (Trip::No, Trip::No));
            breaker.made();
        }
        breaker.failed();
        breaker.failed();
        assert_eq!((breaker.failed(), breaker.failed()), (Trip::Yes(3), Trip::Yes(4)));
        assert_eq!(Breaker::new(0).failed(), Trip::Yes(1));
    }
}
