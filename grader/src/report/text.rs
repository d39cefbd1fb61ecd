//! Text of others, made harmless: what deceives the eye is made visible, and what is long is cut.

/// Characters of a message that are shown.
pub(super) const MESSAGE: usize = 4_000;

/// Characters of a build's log that are shown.
pub(super) const LOG: usize = 40_000;

/// The text with every character as one sees it, and the end cut off behind `limit` characters.
///
/// Lines stay lines. Control characters, characters that change the direction of writing or have no width, and those that
/// XML cannot hold are written as `\u{1b}`.
pub(super) fn visible(text: &str, limit: usize) -> String {
    let mut visible = String::with_capacity(text.len().min(limit));
    for (number, c) in text.chars().enumerate() {
        if number == limit {
            let left = text.chars().count() - limit;
            return visible + &format!(" … and {left} characters more");
        }
        match c {
            '\n' | '\t' => visible.push(c),
            c if deceives(c) => visible.extend(c.escape_unicode()),
            c => visible.push(c),
        }
    }
    visible
}

/// The same in one line.
pub(super) fn one_line(text: &str, limit: usize) -> String {
    visible(text, limit).replace(['\n', '\t'], " ")
}

/// The same of the text's end, with the beginning cut off.
pub(super) fn end(text: &str, limit: usize) -> String {
    let left = text.chars().count().saturating_sub(limit);
    if left == 0 {
        return visible(text, limit);
    }
    let end: String = text.chars().skip(left).collect();
    format!("{left} characters before, and then … {}", visible(&end, limit))
}

fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_deceives_is_seen() {
        assert_eq!(
            visible("a\u{1b}[2J\r\0\u{202e}\u{ffff}ä\n\tb", 100),
            r"a\u{1b}[2J\u{d}\u{0}\u{202e}\u{ffff}ä".to_owned() + "\n\tb"
        );
        assert_eq!(one_line("a\nb\tc", 100), "a b c");
    }

    #[test]
    fn what_is_long_is_cut() {
        assert_eq!(visible("größe", 5), "größe");
        assert_eq!(visible("größer", 5), "größe … and 1 characters more");
        assert_eq!(end("größe", 5), "größe");
        assert_eq!(end("größer", 5), "1 characters before, and then … rößer");
    }
}
