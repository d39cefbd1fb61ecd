//! Untrusted text made visible: misleading characters and terminal escapes are written as Unicode escapes,
//! and long text is truncated.
//!
//! Ordinary text is unchanged in every script: letters, combining marks, emoji.

/// The text with every character visible.
///
/// Line breaks and tabs are kept. Control characters, characters that change the writing direction, have no
/// width or no meaning, and those that XML cannot represent are written as `\u{1b}`.
#[must_use]
pub fn visible(text: &str) -> String {
    cut(text, usize::MAX)
}

/// As [`visible`], truncated after `limit` characters of `text`.
#[must_use]
pub fn cut(text: &str, limit: usize) -> String {
    let mut visible = String::with_capacity(text.len().min(limit));
    let mut characters = text.chars().enumerate().peekable();
    let mut previous = None;
    while let Some((number, c)) = characters.next() {
        if number == limit {
            let left = 1 + characters.count();
            return visible + &format!(" … and {left} characters more");
        }
        let next = characters.peek().map(|&(_, next)| next);
        if matches!(c, '\n' | '\t') || is_visible(previous, c, next) {
            visible.push(c);
        } else {
            visible.extend(c.escape_unicode());
        }
        previous = Some(c);
    }
    visible
}

/// As [`cut`], in one line: line breaks and tabs become spaces.
#[must_use]
pub fn one_line(text: &str, limit: usize) -> String {
    cut(text, limit).replace(['\n', '\t'], " ")
}

/// The last `limit` characters of the text, made visible.
#[must_use]
pub fn end(text: &str, limit: usize) -> String {
    let left = text.chars().count().saturating_sub(limit);
    if left == 0 {
        return visible(text);
    }
    let end: String = text.chars().skip(left).collect();
    format!("{left} characters before, and then … {}", visible(&end))
}

/// Whether a character is visible and unambiguous between its neighbours. Line breaks and tabs are not.
fn is_visible(previous: Option<char>, c: char, next: Option<char>) -> bool {
    let is_foreign = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && !misleads(c));
    match c {
        // Choose between two forms of an emoji; `1️⃣` is a digit, this, and a frame.
        '\u{fe0e}' | '\u{fe0f}' => is_foreign(previous) || next == Some('\u{20e3}'),
        // Join and separate letters of joined scripts, and join emoji. Between other characters they can only
        // mislead.
        '\u{200c}' | '\u{200d}' => {
            (is_foreign(previous) || matches!(previous, Some('\u{fe0e}' | '\u{fe0f}'))) && is_foreign(next)
        }
        c => !misleads(c),
    }
}

/// Whether a character is invisible or ambiguous regardless of its neighbours.
fn misleads(c: char) -> bool {
    // Without a width, or easily mistaken for a space, though Unicode calls some of them letters.
    let blank = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}');
    blank || !is_printable(c)
}

/// Whether the character is printable: std does not escape it. std escapes controls, formats, private use,
/// surrogates and unassigned characters.
fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        // Spaces as Western and East Asian writing has them; std escapes all but the plain one.
        '\u{a0}' | '\u{202f}' | '\u{3000}' => true,
        c if c.is_ascii() => false,
        c => {
            // Combining marks are escaped where they stand alone.
            let mut bytes = [b'a', 0, 0, 0, 0];
            let length = 1 + c.encode_utf8(&mut bytes[1..]).len();
            let pair = std::str::from_utf8(&bytes[..length]).unwrap_or_default();
            pair.escape_debug().nth(1) == Some(c)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misleading_characters_are_escaped() {
        assert_eq!(
            visible("a\u{1b}[2J\r\0\u{202e}\u{ffff}ä\n\tb"),
            r"a\u{1b}[2J\u{d}\u{0}\u{202e}\u{ffff}ä".to_owned() + "\n\tb"
        );
        assert_eq!(one_line("a\nb\tc", 100), "a b c");
        // C1 controls, bidi isolates, line separators, tags, noncharacters, private use, invisible operators,
        // fillers.
        let hidden =
            "\u{9b}\u{85}\u{2066}\u{2028}\u{e0041}\u{fffe}\u{fdd0}\u{e000}\u{2062}\u{3164}\u{7f}\u{1d173}";
        let seen = visible(hidden);
        assert!(seen.is_ascii() && !seen.contains(|c: char| c.is_control()), "{seen}");
    }

    #[test]
    fn ordinary_text_is_unchanged() {
        for text in [
            "größer als 3 €, “quoted” – and a\u{a0}space",
            "张三 写了\u{3000}这个",
            "می\u{200c}خواهم",
            "नमस्ते",
            "a\u{308} decomposed",
            "👩\u{200d}💻 ❤\u{fe0f}\u{200d}🔥 1\u{fe0f}\u{20e3} 🇩🇪",
            "tab\tand\nline",
            "quotes ' \" and \\ backslash",
        ] {
            assert_eq!(visible(text), text);
        }
        // The same characters where they can only mislead.
        assert_eq!(visible("ad\u{200d}min"), r"ad\u{200d}min");
        assert_eq!(visible("x\u{fe0f}"), r"x\u{fe0f}");
    }

    #[test]
    fn long_text_is_truncated() {
        assert_eq!(cut("größe", 5), "größe");
        assert_eq!(cut("größer", 5), "größe … and 1 characters more");
        assert_eq!(end("größe", 5), "größe");
        assert_eq!(end("größer", 5), "1 characters before, and then … rößer");
    }
}
