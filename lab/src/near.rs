//! Suggestions: the names that are spelled like a mistyped one.

/// The similarity, from 0 to 1, below which a name is not suggested.
const MIN_SIMILARITY: f64 = 0.75;

/// Names that are suggested at most.
const MAX_SUGGESTIONS: usize = 3;

/// The `names` that are spelled most like `wanted`, the most similar first.
pub(crate) fn names<'a>(wanted: &str, names: &[&'a str]) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let mut similar: Vec<(f64, &str)> = names
        .iter()
        .map(|name| (similarity(&wanted, &name.to_lowercase()), *name))
        .filter(|(similarity, _)| *similarity >= MIN_SIMILARITY)
        .collect();
    similar.sort_by(|a, b| b.0.total_cmp(&a.0));
    similar.into_iter().take(MAX_SUGGESTIONS).map(|(_, name)| name).collect()
}

/// The similarity of a typed text and a name, from 0 to 1. The text is also compared with the pieces of the
/// name that begin at a word and have its length, give or take one: a mistyped `unrelable` is near
/// `figure8_unreliable_3c`.
fn similarity(wanted: &str, name: &str) -> f64 {
    let length = wanted.chars().count();
    let words = name.char_indices().filter(|&(at, _)| at == 0 || name[..at].ends_with('_'));
    let pieces = words.flat_map(|(at, _)| {
        let lengths = length.saturating_sub(1).max(1)..=length + 1;
        lengths.map(move |length| name[at..].chars().take(length).collect::<String>())
    });
    pieces
        .chain([name.to_owned()])
        .map(|candidate| strsim::normalized_damerau_levenshtein(wanted, &candidate))
        .fold(0.0, f64::max)
}

/// A sentence that suggests similar names if there are any, and otherwise lists all.
pub(crate) fn advice(wanted: &str, all: &[&str]) -> String {
    let near = names(wanted, all);
    if near.is_empty() {
        format!("there are: {}", all.join(", "))
    } else {
        format!("did you mean {}?", either(&near))
    }
}

/// ``a`, `b` or `c`` for a sentence.
pub(crate) fn either(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((only, _)) => only.clone(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["initial_election_3a", "re_election_3a", "backup_3b", "rejoin_3b"];

    #[test]
    fn a_typing_error_finds_its_name() {
        assert_eq!(names("bakcup", &NAMES), ["backup_3b"]);
        assert_eq!(names("Rejion_3b", &NAMES), ["rejoin_3b"]);
        assert_eq!(names("elecion", &NAMES), ["initial_election_3a", "re_election_3a"]);
        assert_eq!(names("initial_elecion_3a", &NAMES), ["initial_election_3a"]);
    }

    #[test]
    fn something_else_finds_nothing() {
        assert!(names("paxos", &NAMES).is_empty());
        assert!(names("", &NAMES).is_empty());
    }

    #[test]
    fn advice_falls_back_to_all_names() {
        assert_eq!(advice("rfat", &["raft", "mine"]), "did you mean `raft`?");
        assert_eq!(advice("paxos", &["raft", "mine"]), "there are: raft, mine");
    }

    #[test]
    fn alternatives_read_as_a_sentence() {
        assert_eq!(either(&["a"]), "`a`");
        assert_eq!(either(&["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
