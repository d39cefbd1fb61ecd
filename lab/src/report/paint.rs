//! [`Paint`]: colours, where they are wanted.

use std::io::IsTerminal;

/// Puts colours around words on a terminal, and leaves them alone elsewhere.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    colours: bool,
}

impl Paint {
    /// Colours if the standard output is a terminal that has them and nobody set `NO_COLOR`.
    pub(crate) fn for_stdout() -> Self {
        let terminal = std::io::stdout().is_terminal();
        Self { colours: terminal && wanted(std::env::var("NO_COLOR").ok(), std::env::var("TERM").ok()) }
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.wrap(text, "32")
    }

    pub(crate) fn bad(self, text: &str) -> String {
        self.wrap(text, "31;1")
    }

    pub(crate) fn doubtful(self, text: &str) -> String {
        self.wrap(text, "33")
    }

    pub(crate) fn faint(self, text: &str) -> String {
        self.wrap(text, "2")
    }

    fn wrap(self, text: &str, code: &str) -> String {
        if self.colours && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Any value of `NO_COLOR` but the empty one means no colours (no-color.org).
fn wanted(no_color: Option<String>, term: Option<String>) -> bool {
    no_color.is_none_or(|value| value.is_empty()) && term.is_none_or(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_is_obeyed() {
        let set = |value: &str| Some(value.to_owned());
        assert!(wanted(None, set("xterm")));
        assert!(wanted(set(""), None));
        assert!(!wanted(set("1"), set("xterm")));
        assert!(!wanted(None, set("dumb")));
    }

    #[test]
    fn without_colours_words_stay_as_they_are() {
        assert_eq!(Paint { colours: false }.bad("FAILED"), "FAILED");
        assert_eq!(Paint { colours: true }.bad("FAILED"), "\x1b[31;1mFAILED\x1b[0m");
    }
}
