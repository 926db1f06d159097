//! Text from a card on a terminal: escapes and bidirectional controls would let a card write its own verdict.

/// The longest value that is shown, in characters.
const MAX_SHOWN: usize = 500;

/// The text with control characters, bidirectional and other invisible formatting characters made visible as `�`, line
/// ends as spaces, and cut at 500 characters.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_SHOWN).map(show).collect();
    if text.chars().nth(MAX_SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

fn show(character: char) -> char {
    match character {
        '\n' | '\r' | '\t' => ' ',
        _ if character.is_control() || is_invisible(character) => '\u{FFFD}',
        other => other,
    }
}

/// General category Cf and the line and paragraph separators: nothing that a name needs.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{00AD}'
            | '\u{0600}'..='\u{0605}'
            | '\u{061C}'
            | '\u{06DD}'
            | '\u{070F}'
            | '\u{180E}'
            | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E007F}'
    )
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn a_card_cannot_write_on_the_terminal() {
        assert_eq!(printable("Nguyễn Văn An"), "Nguyễn Văn An");
        assert_eq!(printable("An\u{1b}[2J\u{1b}[1;1HACCEPTED"), "An\u{FFFD}[2J\u{FFFD}[1;1HACCEPTED");
        assert_eq!(printable("An\u{202E}nA\nVERDICT\u{200B}"), "An\u{FFFD}nA VERDICT\u{FFFD}");
        assert_eq!(printable("\u{9b}31m"), "\u{FFFD}31m");
        assert_eq!(printable(&"x".repeat(600)).chars().count(), 501);
    }
}
