//! What the demo says to the person who watches it.

use std::io::Write;
use std::time::Instant;

/// Prints the story: numbered chapters, one line a fact.
#[derive(Debug)]
pub struct Teller {
    start: Instant,
    chapter: u32,
}

impl Teller {
    /// A new story, told from `start` on.
    #[must_use]
    pub fn new(start: Instant) -> Self {
        Self { start, chapter: 0 }
    }

    /// Opens the next chapter.
    pub fn chapter(&mut self, title: &str) {
        self.chapter += 1;
        self.line(&format!("\n{}. {title}  [{:.0} s]", self.chapter, self.start.elapsed().as_secs_f32()));
    }

    /// One fact.
    pub fn fact(&self, text: &str) {
        self.line(&format!("   {text}"));
    }

    /// Something that the watcher must not miss.
    pub fn loud(&self, text: &str) {
        let bar = "!".repeat(text.chars().count().min(100) + 6);
        self.line(&format!("{bar}\n!! {text} !!\n{bar}"));
    }

    /// A bare line. A closed pipe is no reason to stop issuing.
    pub fn line(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{text}").and_then(|()| out.flush());
    }
}
