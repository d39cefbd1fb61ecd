//! What the merge printed, and its exit status, as those of this command.

use std::fs;
use std::io::Write;

use lab::Verdict;
use lab::error::CommandError;

use super::engine_folder::EngineFolder;
use super::scripts::{ERRORS, OUTPUT, STATUS};

/// Prints what the merge printed, and gives its verdict; `None` while it has not ended.
///
/// # Errors
///
/// The merge could not be carried out, for the reason that it printed.
pub(super) fn of_merge(folder: &EngineFolder) -> Option<Result<Verdict, CommandError>> {
    let status: i32 = fs::read_to_string(folder.path(STATUS)).ok()?.trim().parse().ok()?;
    let read = |name: &str| fs::read(folder.path(name)).unwrap_or_default();
    let (output, errors) = (read(OUTPUT), read(ERRORS));
    let (verdict, errors) = verdict(status, &errors);
    // A closed pipe is not an error.
    let _ = std::io::stdout().write_all(&output);
    let _ = std::io::stderr().write_all(errors);
    Some(verdict)
}

/// The verdict of the exit status of [`lab::finish`], and what else is to be printed of the errors.
fn verdict(status: i32, errors: &[u8]) -> (Result<Verdict, CommandError>, &[u8]) {
    match status {
        0 => (Ok(Verdict::Passed), errors),
        1 => (Ok(Verdict::Failed), errors),
        3 => (Ok(Verdict::DoesNotBuild), errors),
        status => {
            // The last line is the error, which is printed when this command ends.
            let end = errors.trim_ascii_end();
            let start = end.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
            let (before, last) = end.split_at(start);
            let last = String::from_utf8_lossy(last);
            let error = match last.strip_prefix("error: ") {
                Some(error) => CommandError::new(error),
                None => CommandError::new(format!("the merge ended with status {status}: {last}")),
            };
            (Err(error), before)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_the_merge_is_that_of_the_command() {
        assert_eq!(verdict(0, b"x"), (Ok(Verdict::Passed), &b"x"[..]));
        assert_eq!(verdict(1, b""), (Ok(Verdict::Failed), &b""[..]));
        assert_eq!(verdict(3, b""), (Ok(Verdict::DoesNotBuild), &b""[..]));
        let (error, before) = verdict(2, b"warning: y\nerror: shard 2 is missing\n");
        assert_eq!(error.unwrap_err().to_string(), "shard 2 is missing");
        assert_eq!(before, b"warning: y\n");
        let (error, before) = verdict(137, b"Killed");
        assert_eq!(error.unwrap_err().to_string(), "the merge ended with status 137: Killed");
        assert_eq!(before, b"");
    }
}
