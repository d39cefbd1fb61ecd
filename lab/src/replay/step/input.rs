//! [`Input`]: the lines that the user writes.

use std::io::{self, BufRead, IsTerminal};

use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

/// The lines of the standard input. On a terminal they can be edited, and former ones come back.
pub(super) enum Input {
    Terminal(Box<DefaultEditor>),
    Lines(io::Lines<io::StdinLock<'static>>),
}

impl Input {
    /// # Errors
    ///
    /// The terminal cannot be used.
    pub(super) fn new() -> io::Result<Self> {
        if io::stdin().is_terminal() && io::stdout().is_terminal() {
            Ok(Self::Terminal(Box::new(DefaultEditor::new().map_err(io::Error::other)?)))
        } else {
            Ok(Self::Lines(io::stdin().lock().lines()))
        }
    }

    /// The next line; `None` if there is none, or after Ctrl-C or Ctrl-D.
    ///
    /// # Errors
    ///
    /// The input cannot be read.
    pub(super) fn line(&mut self) -> io::Result<Option<String>> {
        match self {
            Self::Lines(lines) => lines.next().transpose(),
            Self::Terminal(editor) => match editor.readline("step> ") {
                Ok(line) => {
                    // Without its history, the editor still works.
                    let _ = editor.add_history_entry(&line);
                    Ok(Some(line))
                }
                Err(ReadlineError::Eof | ReadlineError::Interrupted) => Ok(None),
                Err(error) => Err(io::Error::other(error)),
            },
        }
    }
}
