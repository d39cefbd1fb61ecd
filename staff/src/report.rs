//! What is told of a graded submission: to Gradescope, to programs that read JUnit, and to people.
//!
//! Everything that a solution has a say in (messages of panics, names of files, what the compiler quotes) is
//! shown as text and never as markup, with characters that could deceive made visible, and cut where it is
//! long. No file becomes larger than who receives it takes. The same [`Graded`] gives the same bytes.

mod graded;
mod gradescope;
mod junit;
mod page;
mod size;
mod table;

use std::fs;
use std::io;
use std::path::Path;

pub use graded::{Graded, Outcome};
pub use gradescope::results_json;
pub use junit::junit_xml;
pub use page::report_html;
pub use table::scores_csv;

/// Writes `results.json`, `junit.xml` and `report.html` into `folder`, which must be there.
///
/// Each file is there as a whole or not at all, whatever interrupts this.
///
/// # Errors
///
/// A file cannot be written.
pub fn write(graded: &Graded, folder: &Path) -> io::Result<()> {
    let files = [
        ("results.json", results_json(graded)),
        ("junit.xml", junit_xml(graded)),
        ("report.html", report_html(graded)),
    ];
    for (name, content) in files {
        replace(&folder.join(name), &content)?;
    }
    Ok(())
}

/// Writes the table of all submissions to the file `path`, as a whole or not at all.
///
/// # Errors
///
/// The file cannot be written.
pub fn write_scores(graded: &[Graded], path: &Path) -> io::Result<()> {
    replace(path, &scores_csv(graded))
}

fn replace(path: &Path, content: &str) -> io::Result<()> {
    // Always of the same name: what is left of one that was killed is gone when the next one is done.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = path.with_file_name(format!(".{name}.draft"));
    fs::write(&draft, content)?;
    #[cfg(unix)]
    {
        // Whatever the files of whoever grades are: a report is to be read by others.
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o644))?;
    }
    fs::rename(&draft, path)
}
