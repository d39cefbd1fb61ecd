//! `lab completions`: a script with which a shell completes the command line.

use std::io::Write;

use clap::{Arg, Command, CommandFactory};
use clap_complete::{generate, shells};

use crate::Verdict;
use crate::args::{CompletionsArgs, Shell};
use crate::error::CommandError;

/// The name that the script completes. A shell completes the first word of a command, and cargo has a script
/// of its own, so it is the name of a function that calls `cargo lab`.
const NAME: &str = "lab";

/// Prints the script for the command line `C`.
///
/// # Errors
///
/// None: it is a command like the others.
pub fn completions<C: CommandFactory>(args: &CompletionsArgs) -> Result<Verdict, CommandError> {
    let mut command = without_hidden(&C::command());
    // `generate` panics where it cannot write.
    let mut script = Vec::new();
    match args.shell {
        Shell::Bash => generate(shells::Bash, &mut command, NAME, &mut script),
        Shell::Zsh => generate(shells::Zsh, &mut command, NAME, &mut script),
        Shell::Fish => generate(shells::Fish, &mut command, NAME, &mut script),
    }
    // A reader who closed the pipe has seen enough.
    let _ = std::io::stdout().write_all(&script);
    Ok(Verdict::Passed)
}

/// The command line as its help shows it: `clap_complete` would complete hidden commands, too.
fn without_hidden(command: &Command) -> Command {
    let options: Vec<Arg> = command.get_arguments().cloned().collect();
    let commands: Vec<Command> =
        command.get_subcommands().filter(|command| !command.is_hide_set()).cloned().collect();
    Command::new(NAME)
        .version(env!("CARGO_PKG_VERSION"))
        // They are among the options.
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args(options)
        .subcommands(commands)
}
