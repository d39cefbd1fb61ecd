//! Text as a value in YAML.

use std::ffi::OsStr;

use lab::error::CommandError;

/// The text as a value in double quotes. Every string of JSON is one of YAML, with the same meaning.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text has a JSON form")
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
