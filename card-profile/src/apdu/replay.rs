//! Playing a dump back: a field bug becomes a test by copying a file.

use super::{LinkLost, Transport};
use std::collections::VecDeque;

/// A transport that answers from a dump written by [`Trace::dump`](super::Trace::dump), and only in its order.
pub struct Replay {
    script: VecDeque<(Vec<u8>, Option<Vec<u8>>)>,
    notes: Vec<(String, String)>,
}

/// Why a text is no dump.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the dump: {reason}")]
pub struct DumpError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: &'static str,
}

impl Replay {
    /// Longest dump.
    pub const MAX_TEXT: usize = 64 << 20;

    /// Reads a dump.
    ///
    /// # Errors
    /// At the first line that is no dump line, or whose bytes were not kept.
    pub fn parse(text: &str) -> Result<Self, DumpError> {
        if text.len() > Self::MAX_TEXT {
            return Err(DumpError { line: 1, reason: "the dump is too long" });
        }
        let mut script = VecDeque::new();
        let mut notes = Vec::new();
        let mut command: Option<Vec<u8>> = None;
        for (index, line) in text.lines().enumerate() {
            let fail = |reason| DumpError { line: index.saturating_add(1), reason };
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            if let Some(comment) = line.strip_prefix('#') {
                let (key, value) = comment.trim().split_once(' ').unwrap_or((comment.trim(), ""));
                notes.push((key.to_owned(), value.trim().to_owned()));
                continue;
            }
            match (line.split_at_checked(1), command.take()) {
                (Some((">", digits)), None) => {
                    command =
                        Some(from_hex(digits).ok_or_else(|| fail("the command's bytes were not kept"))?);
                }
                (Some(("<", digits)), Some(sent)) => {
                    let answer = from_hex(digits).ok_or_else(|| fail("the answer's bytes were not kept"))?;
                    script.push_back((sent, Some(answer)));
                }
                (Some(("!", "")), Some(sent)) => script.push_back((sent, None)),
                _ => return Err(fail("expected `> command`, then `< answer` or `!`")),
            }
        }
        if command.is_some() {
            return Err(DumpError { line: text.lines().count(), reason: "the last command has no answer" });
        }
        Ok(Self { script, notes })
    }

    /// What the first note `# KEY VALUE` of this key says.
    #[must_use]
    pub fn note(&self, key: &str) -> Option<&str> {
        self.notes.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// All notes, in order: key and value.
    #[must_use]
    pub fn notes(&self) -> &[(String, String)] {
        &self.notes
    }

    /// Whether every exchange was played.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.script.is_empty()
    }
}

impl Transport for Replay {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        match self.script.front() {
            None => Err(LinkLost::new("the dump has no further exchange")),
            Some((expected, _)) if expected != command => {
                Err(LinkLost::new("the command is not the one in the dump"))
            }
            Some(_) => self
                .script
                .pop_front()
                .and_then(|(_, answer)| answer)
                .ok_or_else(|| LinkLost::new("the link was lost here when the dump was made")),
        }
    }
}

impl std::fmt::Debug for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Replay {{ {} exchanges left }}", self.script.len())
    }
}

pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(high << 4 | low),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn broken_dumps_are_refused_with_their_line() {
        assert_eq!(Replay::parse("< 9000").unwrap_err().line, 1);
        assert_eq!(Replay::parse("# x\n> 00A4\n> 00").unwrap_err().line, 3);
        assert_eq!(Replay::parse("> 00A4").unwrap_err().reason, "the last command has no answer");
        assert!(Replay::parse("> 00A\n< 9000").is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[>< !#0-9A-Fa-f\n.é]{0,200}") {
            let _ = Replay::parse(&text);
        }
    }
}
