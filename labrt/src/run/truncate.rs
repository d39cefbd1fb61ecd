//! [`truncated`]: limits the length of texts that come from lab code.

/// The most bytes that are kept of a message, a log line or a warning.
pub const LONGEST_MESSAGE: usize = 16 << 10;

/// The text, cut at a character boundary after at most `limit` bytes. A text that was cut ends with the
/// number of bytes left out.
#[must_use]
pub fn truncated(text: String, limit: usize) -> String {
    if text.len() <= limit { text } else { truncated_str(&text, limit) }
}

/// As [`truncated`], for a borrowed text.
pub(crate) fn truncated_str(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = (0..=limit).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    format!("{} … and {} bytes more", &text[..end], text.len() - end)
}

#[cfg(test)]
mod tests {
    use super::truncated;

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(truncated("größe".to_owned(), 7), "größe");
        assert_eq!(truncated("größer".to_owned(), 7), "größe … and 1 bytes more");
        assert_eq!(truncated("größe".to_owned(), 3), "gr … and 5 bytes more");
    }
}
