//! [`Text`]: keys with texts, to read, to replace and to append to.

use std::sync::Arc;

use crate::appends::Appends;
use crate::display::count;
use crate::model::{Exact, Interval, Model};
use crate::short::Short;

/// The key/value service of the course before 2025: a text for each key, without versions.
///
/// A key that nobody has written to has the empty text. `Put` replaces the text, and `Append` adds to its
/// end. The whole answer of `Get` is compared.
///
/// A history is decided exactly, whatever the budget, if no value is empty, and each text that was read is
/// made of the values of a key's operations in one way only: the text of one `Put`, or the empty one, and
/// then those of `Append`s. To make sure of that, give each operation on a key a value of its own with a mark
/// at its end, such as `x 3 17 y`. Other histories are decided by the search.
#[derive(Clone, Copy, Debug, Default)]
pub struct Text;

/// A request to the service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TextInput {
    /// Reads the text of a key.
    Get {
        /// The key.
        key: Arc<str>,
    },
    /// Replaces the text of a key.
    Put {
        /// The key.
        key: Arc<str>,
        /// The new text.
        value: Arc<str>,
    },
    /// Adds to the end of the text of a key.
    Append {
        /// The key.
        key: Arc<str>,
        /// What is added.
        value: Arc<str>,
    },
}

/// An answer of the service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TextOutput {
    /// The answer to `Get`: the text, which is empty if nobody has written to the key.
    Value(Arc<str>),
    /// The answer to `Put` and `Append`: done.
    Done,
}

impl Model for Text {
    type Key = Arc<str>;
    type Input = TextInput;
    type Output = TextOutput;
    type State = Arc<str>;

    fn key(&self, input: &TextInput) -> Arc<str> {
        match input {
            TextInput::Get { key } | TextInput::Put { key, .. } | TextInput::Append { key, .. } => {
                Arc::clone(key)
            }
        }
    }

    fn init(&self) -> Arc<str> {
        Arc::default()
    }

    fn step(&self, state: &Arc<str>, input: &TextInput, output: Option<&TextOutput>) -> Option<Arc<str>> {
        match (input, output) {
            (TextInput::Get { .. }, None) => Some(Arc::clone(state)),
            (TextInput::Get { .. }, Some(TextOutput::Value(value))) => {
                (value == state).then(|| Arc::clone(state))
            }
            (TextInput::Put { value, .. }, None | Some(TextOutput::Done)) => Some(Arc::clone(value)),
            (TextInput::Append { value, .. }, None | Some(TextOutput::Done)) => {
                Some([&**state, &**value].concat().into())
            }
            _ => None,
        }
    }

    fn only_reads(&self, input: &TextInput, _: Option<&TextOutput>) -> bool {
        matches!(input, TextInput::Get { .. })
    }

    fn state_bytes(&self, state: &Arc<str>) -> usize {
        size_of_val(state) + state.len()
    }

    fn describe_input(&self, input: &TextInput) -> String {
        match input {
            TextInput::Get { key } => format!("Get({key})"),
            TextInput::Put { key, value } => format!("Put({key}, {})", Short(value)),
            TextInput::Append { key, value } => format!("Append({key}, {})", Short(value)),
        }
    }

    fn describe_output(&self, output: &TextOutput) -> String {
        match output {
            TextOutput::Value(value) => Short(value).to_string(),
            TextOutput::Done => "Ok".to_owned(),
        }
    }

    fn describe_state(&self, state: &Arc<str>) -> String {
        Short(state).to_string()
    }

    fn allowed(&self, state: &Arc<str>, input: &TextInput) -> String {
        match input {
            TextInput::Get { .. } => Short(state).to_string(),
            TextInput::Put { .. } | TextInput::Append { .. } => "Ok".to_owned(),
        }
    }

    /// Of a long text, whether another operation's value is in it, or where another answer differs.
    fn remark(&self, answer: &TextOutput, input: &TextInput, output: Option<&TextOutput>) -> Option<String> {
        let TextOutput::Value(text) = answer else { return None };
        match (input, output) {
            _ if Short(text).is_whole() => None,
            (TextInput::Get { .. }, Some(TextOutput::Value(other))) => {
                let same = text.chars().zip(other.chars()).take_while(|(a, b)| a == b);
                let (number, bytes) =
                    same.fold((0, 0), |(number, bytes), (a, _)| (number + 1, bytes + a.len_utf8()));
                let rest = |text: &str| match &text[bytes..] {
                    "" => "ends".to_owned(),
                    rest => format!("goes on with {}", Short(rest)),
                };
                Some(format!(
                    "the answer has the same first {}; then this one {}, and the answer {}",
                    count(number, "character"),
                    rest(other),
                    rest(text)
                ))
            }
            (TextInput::Put { value, .. } | TextInput::Append { value, .. }, _) => {
                match text.matches(&**value).count() {
                    0 => Some(format!("the answer does not contain {}", Short(value))),
                    1 => None,
                    times => Some(format!("the answer contains {} {times} times", Short(value))),
                }
            }
            _ => None,
        }
    }

    fn exact<'a>(
        &self,
        operations: &'a [Interval<'a, TextInput, TextOutput>],
    ) -> Option<Box<dyn Exact<'a> + 'a>> {
        Some(Box::new(Appends::new(operations)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get() -> TextInput {
        TextInput::Get { key: "x".into() }
    }

    fn put(value: &str) -> TextInput {
        TextInput::Put { key: "x".into(), value: value.into() }
    }

    fn append(value: &str) -> TextInput {
        TextInput::Append { key: "x".into(), value: value.into() }
    }

    /// The state after one more operation, with its right answer.
    fn after(state: &Arc<str>, input: &TextInput) -> Arc<str> {
        let next = Text.step(state, input, Some(&TextOutput::Done)).expect("a write is always right");
        assert_eq!(Text.step(state, input, None), Some(Arc::clone(&next)));
        next
    }

    #[test]
    fn a_put_replaces_and_an_append_adds() {
        let mut state = Text.init();
        assert_eq!(&*state, "");
        for (input, expected) in
            [(append("a"), "a"), (append("b"), "ab"), (put("c"), "c"), (append("d"), "cd"), (put(""), "")]
        {
            state = after(&state, &input);
            assert_eq!(&*state, expected);
        }
    }

    #[test]
    fn a_get_is_right_if_it_has_the_whole_text() {
        let state: Arc<str> = "ab".into();
        for (value, is_right) in [("ab", true), ("a", false), ("abc", false), ("", false), ("ba", false)] {
            let output = TextOutput::Value(value.into());
            let expected = is_right.then(|| Arc::clone(&state));
            assert_eq!(Text.step(&state, &get(), Some(&output)), expected, "{value}");
        }
        assert_eq!(Text.step(&state, &get(), None), Some(Arc::clone(&state)));
    }

    #[test]
    fn an_answer_to_another_request_is_wrong() {
        let state: Arc<str> = "ab".into();
        let value = TextOutput::Value("ab".into());
        assert_eq!(Text.step(&state, &get(), Some(&TextOutput::Done)), None);
        assert_eq!(Text.step(&state, &put("ab"), Some(&value)), None);
        assert_eq!(Text.step(&state, &append("ab"), Some(&value)), None);
    }

    #[test]
    fn only_gets_only_read() {
        assert!(Text.only_reads(&get(), None));
        assert!(!Text.only_reads(&put("a"), Some(&TextOutput::Done)));
        assert!(!Text.only_reads(&append(""), Some(&TextOutput::Done)));
    }

    #[test]
    fn a_remark_tells_what_cannot_be_seen_of_a_long_text() {
        let long = "0123456789".repeat(5);
        let answer = TextOutput::Value(long.as_str().into());
        let remark = |input: TextInput, output| Text.remark(&answer, &input, output);
        assert_eq!(remark(append("ab"), None).as_deref(), Some("the answer does not contain \"ab\""));
        assert_eq!(remark(put("901"), None).as_deref(), Some("the answer contains \"901\" 4 times"));
        assert_eq!(remark(append(&long), None), None);
        let other = TextOutput::Value(format!("{}b", &long[..45]).into());
        assert_eq!(
            remark(get(), Some(&other)).as_deref(),
            Some(
                "the answer has the same first 45 characters; then this one goes on with \"b\", and the \
                 answer goes on with \"56789\""
            )
        );
        let other = TextOutput::Value(long[..45].into());
        assert_eq!(
            remark(get(), Some(&other)).as_deref(),
            Some(
                "the answer has the same first 45 characters; then this one ends, and the answer goes on \
                 with \"56789\""
            )
        );
        let short = TextOutput::Value("ab".into());
        assert_eq!(Text.remark(&short, &append("c"), None), None);
    }

    #[test]
    fn words() {
        let state: Arc<str> = "ab".into();
        assert_eq!(Text.describe_input(&get()), "Get(x)");
        assert_eq!(Text.describe_input(&put("a")), "Put(x, \"a\")");
        assert_eq!(Text.describe_input(&append("b")), "Append(x, \"b\")");
        assert_eq!(Text.describe_output(&TextOutput::Done), "Ok");
        assert_eq!(Text.describe_output(&TextOutput::Value("ab".into())), "\"ab\"");
        assert_eq!(Text.describe_state(&state), "\"ab\"");
        assert_eq!(
            (Text.allowed(&state, &get()), Text.allowed(&state, &put("c"))),
            ("\"ab\"".into(), "Ok".into())
        );
        let long = "0123456789".repeat(5);
        let shown = "\"01234567890123456789\"...\"0123456789\" (50 characters)";
        assert_eq!(Text.describe_input(&append(&long)), format!("Append(x, {shown})"));
    }
}
