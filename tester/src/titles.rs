//! [`Titles`]: the lines of tests that run side by side, each test's together and its title once.

/// The titles that are printed, and the lines that wait.
///
/// A title is printed when its test begins, so that a test that never ends is known by its name. Then no
/// other line may come between the title and the test's other lines. So one running test at a time has its
/// title printed, the one that began first; the lines of the others wait until that one has ended.
pub(crate) struct Titles {
    /// Tests that run, in the order in which they began. If there are any, the title of one is the last line
    /// printed.
    running: Vec<Running>,
    /// The lines of tests that have ended.
    waiting: String,
    last: u64,
}

struct Running {
    number: u64,
    title: String,
    printed: bool,
}

/// A running test.
pub(crate) struct Number(u64);

impl Titles {
    pub(crate) const fn new() -> Self {
        Self { running: Vec::new(), waiting: String::new(), last: 0 }
    }

    /// Begins a test. Returns the text to be printed.
    pub(crate) fn begin(&mut self, title: String) -> (Number, String) {
        self.last += 1;
        let first = self.running.is_empty();
        let print = if first { title.clone() } else { String::new() };
        self.running.push(Running { number: self.last, title, printed: first });
        (Number(self.last), print)
    }

    /// Ends a test, with its other lines. Returns the text to be printed.
    pub(crate) fn end(&mut self, test: &Number, lines: &str) -> String {
        let Some(position) = self.running.iter().position(|running| running.number == test.0) else {
            return String::new();
        };
        let Running { title, printed, .. } = self.running.remove(position);
        if !printed {
            self.waiting.push_str(&title);
            self.waiting.push_str(lines);
            return String::new();
        }
        let mut print = lines.to_owned();
        print.push_str(&std::mem::take(&mut self.waiting));
        if let Some(next) = self.running.first_mut() {
            next.printed = true;
            print.push_str(&next.title);
        }
        print
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines that are printed when tests begin (`+a`) and end (`-a`) in this order.
    fn printed(events: &[&str]) -> Vec<String> {
        let (mut titles, mut numbers, mut text) = (Titles::new(), Vec::new(), String::new());
        for event in events {
            let (what, name) = event.split_at(1);
            if what == "+" {
                let (number, print) = titles.begin(format!("{name}\n"));
                numbers.push((name, number));
                text.push_str(&print);
            } else {
                let (_, number) = numbers.iter().find(|(begun, _)| *begun == name).expect("it has begun");
                text.push_str(&titles.end(number, &format!("  {name} passed\n")));
            }
        }
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_title_is_printed_when_its_test_begins() {
        assert_eq!(printed(&["+a"]), ["a"]);
        assert_eq!(printed(&["+a", "-a", "+b"]), ["a", "  a passed", "b"]);
    }

    #[test]
    fn each_title_is_printed_once_and_above_its_tests_lines() {
        let all = ["a", "  a passed", "b", "  b passed", "c", "  c passed"];
        assert_eq!(printed(&["+a", "+b", "-a", "+c", "-b", "-c"]), all);
        assert_eq!(printed(&["+a", "+b", "+c", "-b", "-c", "-a"]), all);
        assert_eq!(printed(&["+a", "+b", "-b", "+c", "-a", "-c"]), all);
    }

    #[test]
    fn when_a_test_is_done_the_next_one_that_still_runs_is_named() {
        assert_eq!(printed(&["+a", "+b", "+c", "-b", "-a"]), ["a", "  a passed", "b", "  b passed", "c"]);
    }

    #[test]
    fn a_test_ends_once() {
        let mut titles = Titles::new();
        let (number, _) = titles.begin("a\n".to_owned());
        assert_eq!(titles.end(&number, "1"), "1");
        assert_eq!(titles.end(&number, "2"), "");
    }
}
