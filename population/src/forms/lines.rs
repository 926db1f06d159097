//! Breaking a text into lines of a width.

/// Breaks at blanks; a word wider than the line between letters. Nothing is lost; a letter wider than the line stands
/// alone.
#[must_use]
pub fn break_lines(text: &str, room: f64, width: impl Fn(&str) -> f64) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if width(&longer) <= room {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(core::mem::take(&mut line));
        }
        for letter in word.chars() {
            line.push(letter);
            if line.chars().count() > 1 && width(&line) > room {
                line.pop();
                lines.push(core::mem::replace(&mut line, letter.to_string()));
            }
        }
    }
    lines.push(line);
    lines
}
