//! [`Paint`]: colours, if the output has them.

use std::io::IsTerminal;
use std::sync::OnceLock;

use clap::ColorChoice;
use labreport::text::visible;

/// Colours words if the output has colours, and leaves them as they are otherwise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    colours: bool,
}

/// Whether the standard output has colours: needed with every line of a log, and the same for a whole
/// command.
static COLOURS: OnceLock<bool> = OnceLock::new();

/// Decides whether the standard output has colours. Only the first decision counts.
pub(crate) fn choose(choice: ColorChoice) {
    let _ = COLOURS.set(match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => stdout_is_for_colours(),
    });
}

/// Whether the standard output is a terminal that has colours, and `NO_COLOR` is not set.
fn stdout_is_for_colours() -> bool {
    let terminal = std::io::stdout().is_terminal();
    terminal && wanted(std::env::var("NO_COLOR").ok(), std::env::var("TERM").ok())
}

impl Paint {
    /// Colours as [`choose`] decided; without a decision, as [`ColorChoice::Auto`].
    pub(crate) fn for_stdout() -> Self {
        Self { colours: *COLOURS.get_or_init(stdout_is_for_colours) }
    }

    /// Colours, whatever the output is.
    #[cfg(test)]
    pub(crate) const fn colourful() -> Self {
        Self { colours: true }
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

    /// The text with all control characters escaped except ends of lines and the codes of this module.
    /// Everything that is printed goes through it.
    pub(crate) fn printable(self, text: &str) -> String {
        let mut printable = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('\x1b').filter(|_| self.colours) {
            printable += &visible(&rest[..at]);
            rest = &rest[at..];
            let code = CODES.into_iter().find(|code| rest.starts_with(code)).unwrap_or_default();
            printable += code;
            rest = &rest[code.len()..];
            if code.is_empty() {
                printable += &visible("\x1b");
                rest = &rest[1..];
            }
        }
        printable + &visible(rest)
    }

    fn wrap(self, text: &str, code: &str) -> String {
        if self.colours && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// The terminal codes of this module.
const CODES: [&str; 5] = ["\x1b[0m", "\x1b[2m", "\x1b[31;1m", "\x1b[32m", "\x1b[33m"];

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
    fn only_colour_codes_reach_a_terminal() {
        let paint = Paint { colours: true };
        let all = [paint.good("ü"), paint.bad("b"), paint.doubtful("c"), paint.faint("d")].concat();
        assert_eq!(paint.printable(&all), all);
        let hostile = "\x1b[2J\x1b]0;title\x07\u{9b}31m\u{202e}\r\x1b";
        let printable = paint.printable(&(all.clone() + hostile));
        assert!(printable.starts_with(&all), "{printable:?}");
        assert_eq!(printable[all.len()..], *r"\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{202e}\u{d}\u{1b}");
        assert!(!Paint { colours: false }.printable(&all).contains('\x1b'));
    }

    #[test]
    fn without_colours_words_stay_as_they_are() {
        assert_eq!(Paint { colours: false }.bad("FAILED"), "FAILED");
        assert_eq!(Paint { colours: true }.bad("FAILED"), "\x1b[31;1mFAILED\x1b[0m");
    }
}
