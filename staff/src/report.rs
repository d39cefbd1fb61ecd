//! The reports of a graded submission: for Gradescope, for JUnit readers, and for people.
//!
//! Text from a solution (panic messages, file names, compiler output) is shown as text and never as markup,
//! with misleading characters made visible, and truncated where it is long. No file exceeds the size limit of
//! its reader. The same [`Graded`] gives the same bytes.

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
pub(crate) use page::{POLICY, STYLE};
pub use table::scores_csv;

/// Writes `results.json`, `junit.xml` and `report.html` into `folder`, which must be there.
///
/// Each file is written atomically.
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

/// Writes the table of all submissions to the file `path`, atomically.
///
/// # Errors
///
/// The file cannot be written.
pub fn write_scores(graded: &[Graded], path: &Path) -> io::Result<()> {
    replace(path, &scores_csv(graded))
}

fn replace(path: &Path, content: &str) -> io::Result<()> {
    // A fixed name: the next writer replaces the draft of a killed one.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = path.with_file_name(format!(".{name}.draft"));
    fs::write(&draft, content)?;
    #[cfg(unix)]
    {
        // Readable by others regardless of the umask: students read the report.
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&draft, fs::Permissions::from_mode(0o644))?;
    }
    fs::rename(&draft, path)
}
