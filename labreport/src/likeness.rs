//! [`likeness`]: the text that equal failures have in common.

/// The text that failures of the same cause have in common, apart from their kind: the message with `#` for
/// each number, and for each list of numbers. "saw {0, 2} in term 4" is "saw {1} in term 17".
///
/// For a time-out or livelock, only the first line counts: the lines below it describe the state of the run,
/// which differs from run to run.
#[must_use]
pub fn likeness(kind: &str, message: &str) -> String {
    let is_late = ["timeout", "livelock"].contains(&kind);
    let first = message.lines().next().filter(|_| is_late);
    without_numbers(first.unwrap_or(message))
}

fn without_numbers(message: &str) -> String {
    let mut plain = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        plain.push_str(&rest[..start]);
        rest = after_number(&rest[start..]);
        if !plain.ends_with("#, ") {
            plain.push('#');
        } else {
            // One more of a list: how long the list is, is a number too.
            plain.truncate(plain.len() - ", ".len());
        }
    }
    plain + rest
}

/// The rest of a text behind the number that it begins with: decimal, with a fraction, or hexadecimal.
fn after_number(text: &str) -> &str {
    if let Some(digits) = text.strip_prefix("0x") {
        let end = digits.trim_start_matches(|c: char| c.is_ascii_hexdigit());
        if end.len() < digits.len() {
            return end;
        }
    }
    let digit = |c: char| c.is_ascii_digit();
    let end = text.trim_start_matches(digit);
    match end.strip_prefix('.') {
        Some(fraction) if fraction.starts_with(digit) => fraction.trim_start_matches(digit),
        _ => end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_ignored() {
        for (message, plain) in [
            ("term 4", "term #"),
            ("after 12.5s.", "after #s."),
            ("seed 0x1f or 0xg", "seed # or #xg"),
            ("saw {0, 2} in term 4", "saw {#} in term #"),
            ("saw {1} in term 17", "saw {#} in term #"),
            ("1, 2, x", "#, x"),
            ("3", "#"),
            ("nothing", "nothing"),
            ("größer als 3 €", "größer als # €"),
        ] {
            assert_eq!(likeness("assertion", message), plain, "{message}");
        }
    }

    #[test]
    fn only_the_first_line_of_a_time_out_counts() {
        assert_eq!(likeness("timeout", "late\nbusiest: a"), "late");
        assert_eq!(likeness("panic", "one\ntwo"), "one\ntwo");
    }
}
