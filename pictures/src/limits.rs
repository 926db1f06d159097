//! What a picture may cost.

use std::time::Duration;

/// The caps of one decoding. The defaults are far beyond any picture of a card, and far below what hurts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the picture.
    pub input_bytes: usize,
    /// Pixels, width times height.
    pub pixels: u64,
    /// Address space of the child in bytes.
    pub memory_bytes: u64,
    /// Processor time of the child in seconds.
    pub cpu_seconds: u64,
    /// Time by the wall from start to end.
    pub wall_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            input_bytes: 1 << 20,
            pixels: 1 << 24,
            memory_bytes: 512 << 20,
            cpu_seconds: 5,
            wall_time: Duration::from_secs(10),
        }
    }
}

impl Limits {
    /// As the arguments of the child: input bytes, pixels, memory, processor time.
    pub(crate) fn to_arguments(self) -> [String; 4] {
        [
            self.input_bytes.to_string(),
            self.pixels.to_string(),
            self.memory_bytes.to_string(),
            self.cpu_seconds.to_string(),
        ]
    }

    /// From the child's arguments. `None` unless they are exactly these four numbers.
    #[must_use]
    pub fn from_arguments<S: AsRef<str>>(arguments: &[S]) -> Option<Self> {
        let [input_bytes, pixels, memory_bytes, cpu_seconds] = arguments else { return None };
        Some(Self {
            input_bytes: input_bytes.as_ref().parse().ok()?,
            pixels: pixels.as_ref().parse().ok()?,
            memory_bytes: memory_bytes.as_ref().parse().ok()?,
            cpu_seconds: cpu_seconds.as_ref().parse().ok()?,
            ..Self::default()
        })
    }

    /// Whether a picture of this size is allowed.
    pub(crate) fn allows(&self, width: u32, height: u32) -> bool {
        width > 0 && height > 0 && u64::from(width).saturating_mul(u64::from(height)) <= self.pixels
    }
}
