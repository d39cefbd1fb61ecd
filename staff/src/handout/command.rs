//! `lab handout`: the students' workspace.

use crate::handout::{self, Options};

use crate::args::HandoutArgs;
use lab::Verdict;
use lab::error::CommandError;

/// Makes the hand-out of the workspace that this program runs in.
pub(crate) fn hand_out(args: &HandoutArgs) -> Result<Verdict, CommandError> {
    let workspace = tester::workspace::find().map_err(|error| CommandError::new(error.to_string()))?;
    let options = Options { parts: args.parts.clone(), force: args.force };
    handout::write(workspace, &args.folder, &options)
        .map_err(|error| CommandError::new(error.to_string()))?;
    println!("the hand-out is in {}; its README.md says how to begin", args.folder.display());
    Ok(Verdict::Passed)
}
