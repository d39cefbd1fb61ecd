//! [`shown()`]: a line of a run's log for a terminal.

use labreport::text::visible;

/// The line as it is printed. Further lines of a text are marked, so that none of them passes for a line of
/// the log.
pub(crate) fn shown(line: &str) -> String {
    visible(line.trim_end_matches('\n')).replace('\n', "\n            | ")
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_text_cannot_forge_a_log_line() {
        let forged =
            "   1.000000 INFO  server 1/ticker text\n   2.000000 ERROR server 0/ticker \u{1b}[2Jforged\n";
        assert_eq!(
            shown(forged),
            "   1.000000 INFO  server 1/ticker text\n            \
             |    2.000000 ERROR server 0/ticker \\u{1b}[2Jforged"
        );
    }
}
