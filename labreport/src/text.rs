//! Text of others, made visible: what deceives the eye or steers a terminal is written as an escape, and what
//! is long is cut.
//!
//! Honest text stays as it is, in whichever script: letters, combining marks, emoji.

/// The text with every character as one sees it.
///
/// Lines and tabs stay. Control characters, characters that change the direction of writing, have no width or
/// no meaning, and those that XML cannot hold are written as `\u{1b}`.
#[must_use]
pub fn visible(text: &str) -> String {
    cut(text, usize::MAX)
}

/// The same, with the end cut off behind `limit` characters of `text`.
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
        if matches!(c, '\n' | '\t') || is_seen(previous, c, next) {
            visible.push(c);
        } else {
            visible.extend(c.escape_unicode());
        }
        previous = Some(c);
    }
    visible
}

/// The text in one line, with the end cut off behind `limit` characters: a space stands for the end of a line
/// and for a tab.
#[must_use]
pub fn one_line(text: &str, limit: usize) -> String {
    cut(text, limit).replace(['\n', '\t'], " ")
}

/// The text with the beginning cut off, so that its last `limit` characters stay.
#[must_use]
pub fn end(text: &str, limit: usize) -> String {
    let left = text.chars().count().saturating_sub(limit);
    if left == 0 {
        return visible(text);
    }
    let end: String = text.chars().skip(left).collect();
    format!("{left} characters before, and then … {}", visible(&end))
}

/// Whether a character is seen for what it is between its neighbours. Ends of lines and tabs are not.
fn is_seen(previous: Option<char>, c: char, next: Option<char>) -> bool {
    let is_foreign = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && !deceives(c));
    match c {
        // Choose between two forms of an emoji; `1️⃣` is a digit, this, and a frame.
        '\u{fe0e}' | '\u{fe0f}' => is_foreign(previous) || next == Some('\u{20e3}'),
        // Join and part letters of scripts that are joined, and join emoji. Between others they are there to
        // deceive.
        '\u{200c}' | '\u{200d}' => {
            (is_foreign(previous) || matches!(previous, Some('\u{fe0e}' | '\u{fe0f}'))) && is_foreign(next)
        }
        c => !deceives(c),
    }
}

/// Whether a character is not seen for what it is, whatever stands beside it.
fn deceives(c: char) -> bool {
    // Without a width, or taken for a space, though Unicode calls some of them letters.
    let blank = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}');
    blank || !is_printable(c)
}

/// Whether the character has a form of its own: what std does not escape. It knows controls, formats, private
/// use, surrogates, and what is not assigned.
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
    fn what_deceives_is_seen() {
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
    fn honest_text_stays() {
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
        // The same characters where they are there to deceive.
        assert_eq!(visible("ad\u{200d}min"), r"ad\u{200d}min");
        assert_eq!(visible("x\u{fe0f}"), r"x\u{fe0f}");
    }

    #[test]
    fn what_is_long_is_cut() {
        assert_eq!(cut("größe", 5), "größe");
        assert_eq!(cut("größer", 5), "größe … and 1 characters more");
        assert_eq!(end("größe", 5), "größe");
        assert_eq!(end("größer", 5), "1 characters before, and then … rößer");
    }
}
