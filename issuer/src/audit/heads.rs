//! Heads that a second party keeps: one JSON object a line, newest last.

use cccd_keys::audit_log::Head;

/// The longest list of heads that is read, in octets.
const MAX_TEXT: usize = 64 * 1024 * 1024;

/// A file of heads that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {0} of the file of heads is no signed head")]
pub struct HeadsError(pub usize);

/// The heads of a file.
///
/// # Errors
/// [`HeadsError`].
pub fn parse_heads(text: &str) -> Result<Vec<Head>, HeadsError> {
    if text.len() > MAX_TEXT {
        return Err(HeadsError(1));
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(position, line)| serde_json::from_str(line).map_err(|_| HeadsError(position + 1))).collect()
}
