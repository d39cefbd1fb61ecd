//! Text as a value in YAML.

use std::ffi::OsStr;

use lab::error::CommandError;

/// The text as a value in double quotes. A string of JSON is one of YAML with the same meaning, except for
/// characters that YAML wants to be escaped and JSON does not.
pub(super) fn quoted(text: &str) -> String {
    let json = serde_json::to_string(text).expect("a text has a JSON form");
    let is_raw = |c: char| c.is_control() || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    json.chars().fold(String::new(), |quoted, c| {
        if is_raw(c) {
            quoted + &format!("\\u{:04x}", u32::from(c))
        } else {
            quoted + c.encode_utf8(&mut [0; 4])
        }
    })
}

/// The word as text.
///
/// # Errors
///
/// It is not Unicode, which YAML cannot express.
pub(super) fn text(word: &OsStr) -> Result<&str, CommandError> {
    word.to_str().ok_or_else(|| {
        CommandError::new(format!("`{}` is not Unicode, and cannot be written as YAML", word.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_is_read_as_it_was() {
        let hard = [
            "",
            "a b",
            "on",
            "no",
            "1",
            "0x1f",
            "1e3",
            "null",
            "~",
            "a: b",
            "- a",
            "# a",
            "'",
            "\"",
            "\\",
            "a\nb",
            "\t",
            "\u{1b}",
            "größe",
            "\u{2028}",
            "{{ x }}",
            "${{ x }}",
            "%",
            "@",
            "&a *b",
            "|",
            ">",
            "\u{7f}",
            "\u{9b}",
            "\u{85}",
            "\u{feff}x",
            "\u{ffff}",
            "\u{1f600}",
        ];
        for text in hard {
            let read: String = yaml_serde::from_str(&format!("{}\n", quoted(text))).expect(text);
            assert_eq!(read, text);
            let read: Vec<String> = yaml_serde::from_str(&format!("- {}\n", quoted(text))).expect(text);
            assert_eq!(read, [text]);
        }
    }
}
