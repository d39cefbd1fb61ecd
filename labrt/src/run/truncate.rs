//! [`truncated`]: what lab code says may be long, and a report of it may not.

/// Bytes of a message, a log line or a warning that are kept: much more than anybody reads.
pub const LONGEST_MESSAGE: usize = 16 << 10;

/// The text up to about `limit` bytes, and how much more there was.
#[must_use]
pub fn truncated(text: String, limit: usize) -> String {
    if text.len() <= limit { text } else { truncated_str(&text, limit) }
}

/// The same of a text that somebody else has.
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
    fn what_is_short_stays_and_the_rest_is_cut_between_characters() {
        assert_eq!(truncated("größe".to_owned(), 7), "größe");
        assert_eq!(truncated("größer".to_owned(), 7), "größe … and 1 bytes more");
        assert_eq!(truncated("größe".to_owned(), 3), "gr … and 5 bytes more");
    }
}
