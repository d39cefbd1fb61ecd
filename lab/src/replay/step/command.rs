//! [`Command`]: a command of the walk through a run.

/// What the user wants next.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Command {
    /// The next event, of this server if one is given.
    Next { server: Option<u64> },
    /// The next event of the server of the present one.
    NextHere,
    /// The event before, of this server if one is given.
    Back { server: Option<u64> },
    /// The first event at this time or later, in seconds.
    Time(f64),
    /// The event of this number.
    Number(u64),
    /// The cause of the present event.
    Cause,
    /// The next event that shows that a rule is broken.
    Rule,
    /// The events around the present one.
    List,
    /// What is known of a server; if none is given, of that of the present event.
    State { server: Option<u64> },
    /// The commands.
    Help,
    /// The end of the walk.
    Quit,
}

/// The commands.
pub(super) const HELP: &str = "\
n        next event                  b        the event before
n 2      next event of server 2      b 2      the event before, of server 2
N        next event of this server   c        the cause of this event
t 2.433  to the time 2.433 s         r        to the events of the broken rule, one by one
#123     to the event number 123     l        list the events around
s 1      what is known of server 1   s        of the server of this event
h        these commands              q        quit
An empty line repeats the last command.";

impl Command {
    /// The command of a line; `None` if the line is empty.
    ///
    /// # Errors
    ///
    /// A line for the user: it is no command.
    pub(super) fn parse(line: &str) -> Result<Option<Self>, String> {
        let line = line.trim();
        let (word, argument) = match line.split_once(char::is_whitespace) {
            Some((word, argument)) => (word, Some(argument.trim())),
            None => (line, None),
        };
        let server = || -> Result<Option<u64>, String> {
            let wrong = |_| format!("`{word}` takes the number of a server, such as {word} 1");
            argument.map(|argument| argument.parse().map_err(wrong)).transpose()
        };
        Ok(Some(match (word, argument) {
            ("", _) => return Ok(None),
            ("n" | "next", _) => Self::Next { server: server()? },
            ("N", None) => Self::NextHere,
            ("b" | "back", _) => Self::Back { server: server()? },
            ("s" | "state", _) => Self::State { server: server()? },
            ("t" | "time", Some(time)) => {
                let seconds: Option<f64> = time.trim_end_matches('s').trim_end().parse().ok();
                let wrong = "`t` takes a time in seconds, such as t 2.433";
                Self::Time(seconds.filter(|seconds| *seconds >= 0.0).ok_or(wrong)?)
            }
            ("t" | "time", None) => return Err("`t` takes a time in seconds, such as t 2.433".to_owned()),
            ("c" | "cause", None) => Self::Cause,
            ("r" | "rule", None) => Self::Rule,
            ("l" | "list", None) => Self::List,
            ("h" | "help" | "?", None) => Self::Help,
            ("q" | "quit" | "exit", None) => Self::Quit,
            _ => {
                let number = line.strip_prefix('#').map(|number| number.trim().parse());
                match number {
                    Some(Ok(number)) => Self::Number(number),
                    Some(Err(_)) => return Err("`#` takes the number of an event, such as #123".to_owned()),
                    None => return Err(format!("`{line}` is no command; h shows them")),
                }
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_commands() {
        for (line, command) in [
            ("n", Command::Next { server: None }),
            (" n  2 ", Command::Next { server: Some(2) }),
            ("N", Command::NextHere),
            ("b", Command::Back { server: None }),
            ("t 2.433", Command::Time(2.433)),
            ("t 2.433 s", Command::Time(2.433)),
            ("#123", Command::Number(123)),
            ("# 123", Command::Number(123)),
            ("s 1", Command::State { server: Some(1) }),
            ("c", Command::Cause),
            ("r", Command::Rule),
            ("l", Command::List),
            ("h", Command::Help),
            ("q", Command::Quit),
        ] {
            assert_eq!(Command::parse(line), Ok(Some(command)), "{line}");
        }
        assert_eq!(Command::parse("  "), Ok(None));
    }

    #[test]
    fn what_is_no_command_is_answered_with_advice() {
        for (line, advice) in [
            ("x", "h shows them"),
            ("n two", "n 1"),
            ("s -1", "s 1"),
            ("t", "t 2.433"),
            ("t soon", "t 2.433"),
            ("t -1", "t 2.433"),
            ("#x", "#123"),
            ("c 3", "h shows them"),
        ] {
            let answer = Command::parse(line).expect_err(line);
            assert!(answer.contains(advice) && !answer.contains('\n'), "{line}: {answer}");
        }
    }
}
