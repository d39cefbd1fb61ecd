//! `lab export gradescope`: the autograder that Gradescope takes, as a zip.
//!
//! Gradescope unpacks it to `/autograder/source`, runs `setup.sh` once when it makes an image, and
//! `run_autograder` in a container of that image for each submission. The zip has this program, the sources
//! that submissions are built against, and the crates that these need. It must be kept secret: it has the
//! references and the seed in it.
//!
//! - `bin/lab`: this program;
//! - `labs/`: a workspace with the framework and the references;
//! - `cargo/`: the folder of cargo, with the crates where builds in the sandbox may read them;
//! - `rubric.toml`, `environment.sh`, `setup.sh`, `run_autograder`.

use std::env::consts::{ARCH, OS};
use std::path::Path;
use std::time::Duration;
use std::{env, fs};

use lab::Verdict;
use lab::error::CommandError;
use tester::seed;
use toml_edit::{Array, DocumentMut, value};

use super::archive::Archive;
use super::args::GradescopeArgs;
use super::{vendor, write as write_file};
use crate::build::{Toolchain, folders};
use crate::grade::{fresh_seed, known_tests};
use crate::rubric::{self, Rubric};

/// The time after its limit in which a grading must end by itself.
const GRACE: Duration = Duration::from_secs(15);

/// The configuration of cargo. The path is seen from the folder above that of cargo.
const CARGO_CONFIG: &str = "\
[source.crates-io]
replace-with = \"vendored\"

[source.vendored]
directory = \"cargo/registry/vendored\"
";

/// Where the crates are in the zip.
const CRATES: &str = "cargo/registry/vendored";

/// Files of the workspace that are taken as they are.
const WHOLE: [&str; 4] = ["Cargo.toml", "Cargo.lock", "LICENSE-APACHE", "LICENSE-MIT"];

/// Writes the zip.
pub(super) fn write(args: &GradescopeArgs) -> Result<Verdict, CommandError> {
    let text = |error: &dyn std::fmt::Display| CommandError::new(error.to_string());
    let workspace = tester::workspace::find().map_err(|error| text(&error))?;
    let rubric = rubric(args)?;
    let toolchain = Toolchain::of(workspace).map_err(|error| text(&error))?;
    let first_seed = args.seed.unwrap_or_else(fresh_seed);
    let scripts = Scripts::new(args, first_seed, &release(&toolchain.version));

    let mut archive = Archive::default();
    scripts.add(&mut archive);
    archive.add("rubric.toml", rubric);
    archive.add("cargo/config.toml", CARGO_CONFIG);
    vendor::add(workspace, &mut archive, CRATES)?;
    add_workspace(workspace, &mut archive)
        .map_err(|cause| CommandError::new(format!("cannot read {}: {cause}", workspace.display())))?;
    let program = env::current_exe()
        .and_then(fs::read)
        .map_err(|cause| CommandError::new(format!("cannot read this program: {cause}")))?;
    archive.add_program("bin/lab", program);
    let zip = archive.to_zip().map_err(|cause| CommandError::new(format!("cannot make the zip: {cause}")))?;
    write_file(&args.out, &zip)?;
    println!(
        "{}: {} MB, seed {}, for {}; keep it secret, since the references and the seed are in it",
        args.out.display(),
        zip.len().div_ceil(1_000_000),
        seed::format(first_seed),
        platform()
    );
    Ok(Verdict::Passed)
}

/// The sources of the base, which submissions are built against.
fn add_workspace(workspace: &Path, archive: &mut Archive) -> std::io::Result<()> {
    for name in WHOLE {
        archive.copy(&workspace.join(name), &format!("labs/{name}"))?;
    }
    for folder in folders() {
        for name in ["Cargo.toml", "src"] {
            archive.copy(&workspace.join(folder).join(name), &format!("labs/{folder}/{name}"))?;
        }
    }
    Ok(())
}

/// The text of the rubric, with the parts that are given.
fn rubric(args: &GradescopeArgs) -> Result<String, CommandError> {
    let (mut text, name) = match &args.rubric {
        None => (rubric::DEFAULT.to_owned(), "the default rubric".to_owned()),
        Some(file) => {
            let text = fs::read_to_string(file).map_err(|cause| {
                CommandError::new(format!("cannot read the rubric {}: {cause}", file.display()))
            })?;
            (text, file.display().to_string())
        }
    };
    if !args.parts.is_empty() {
        text =
            with_parts(&text, &args.parts).map_err(|error| CommandError::new(format!("{name}: {error}")))?;
    }
    // What is wrong is better known now than by a student.
    Rubric::parse(&text, &known_tests()).map_err(|error| CommandError::new(format!("{name}: {error}")))?;
    Ok(text)
}

fn with_parts(text: &str, parts: &[String]) -> Result<String, toml_edit::TomlError> {
    let mut document: DocumentMut = text.parse()?;
    document["parts"] = value(parts.iter().collect::<Array>());
    Ok(document.to_string())
}

/// The release of the compiler, such as 1.95.0, of the output of `rustc -vV`.
fn release(version: &str) -> String {
    let release = version.lines().find_map(|line| line.strip_prefix("release: "));
    release.unwrap_or("stable").trim().to_owned()
}

/// The machines that this program runs on.
fn platform() -> String {
    let libc = if cfg!(target_env = "musl") { "" } else { " with a C library as new as this machine's" };
    format!("{OS} on {ARCH}{libc}")
}

/// The scripts of the autograder.
struct Scripts {
    environment: &'static str,
    setup: String,
    run: String,
}

impl Scripts {
    fn new(args: &GradescopeArgs, first_seed: u64, toolchain: &str) -> Self {
        let sandbox = if args.no_sandbox { " --no-sandbox" } else { "" };
        let options = format!("--rubric ../rubric.toml{sandbox}");
        let labs: Vec<&str> = tester::labs().iter().map(|lab| lab.folder).collect();
        Self {
            environment: include_str!("gradescope/environment.sh"),
            setup: format!(
                include_str!("gradescope/setup.sh"),
                toolchain = toolchain,
                platform = platform(),
                options = options,
            ),
            run: format!(
                include_str!("gradescope/run_autograder"),
                labs = labs.join(" "),
                hard_limit = (args.time_limit + GRACE).as_secs(),
                runs = args.runs,
                seed = seed::format(first_seed),
                time_limit = format!("{}ms", args.time_limit.as_millis()),
                options = options,
            ),
        }
    }

    fn add(&self, archive: &mut Archive) {
        archive.add("environment.sh", self.environment);
        archive.add_program("setup.sh", self.setup.as_str());
        archive.add_program("run_autograder", self.run.as_str());
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;
    use std::process::Command;

    use serde_json::Value;

    use super::*;

    fn args() -> GradescopeArgs {
        GradescopeArgs {
            out: PathBuf::from("autograder.zip"),
            rubric: None,
            parts: vec!["3A".to_owned(), "3B".to_owned()],
            runs: 7,
            seed: Some(31),
            time_limit: Duration::from_secs(30),
            no_sandbox: true,
        }
    }

    #[test]
    fn the_given_parts_are_graded_and_comments_stay() {
        let text = rubric(&args()).unwrap();
        let rubric = Rubric::parse(&text, &known_tests()).unwrap();
        assert!(rubric.tests().all(|test| test.part == "3A" || test.part == "3B"));
        assert!(
            text.contains("parts = [\"3A\", \"3B\"]\n") && text.contains("# \"all_or_nothing\""),
            "{text}"
        );
        let wrong = GradescopeArgs { parts: vec!["3Z".to_owned()], ..args() };
        let error = super::rubric(&wrong).unwrap_err().to_string();
        assert!(error.starts_with("the default rubric: ") && error.contains("3Z"), "{error}");
    }

    #[test]
    fn the_release_of_the_compiler_is_pinned() {
        assert_eq!(release("rustc 1.95.0 (5 2026)\nbinary: rustc\nrelease: 1.95.0\n"), "1.95.0");
        let scripts = Scripts::new(&args(), 31, "1.95.0");
        assert!(scripts.setup.contains("--default-toolchain 1.95.0\n"), "{}", scripts.setup);
    }

    #[test]
    fn the_scripts_are_understood_by_bash() {
        let Scripts { environment, setup, run } = Scripts::new(&args(), 31, "1.95.0");
        for script in [environment, &setup, &run] {
            let checked = Command::new("bash").args(["-n", "-c", script]).output().unwrap();
            assert!(checked.status.success(), "{}\n{script}", String::from_utf8_lossy(&checked.stderr));
        }
    }

    /// A root as Gradescope has it, with a program in the place of this one.
    fn root(program: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let scripts = Scripts::new(&args(), 31, "1.95.0");
        let write = |name: &str, text: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        };
        write("source/environment.sh", scripts.environment);
        write("run_autograder", &scripts.run);
        write("source/bin/lab", program);
        fs::create_dir(root.path().join("source/labs")).unwrap();
        root
    }

    fn run(root: &Path) -> (String, Value) {
        let output = Command::new("bash")
            .arg(root.join("run_autograder"))
            .env("AUTOGRADER_ROOT", root)
            .output()
            .unwrap();
        let results = fs::read(root.join("results/results.json")).unwrap();
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (printed, serde_json::from_slice(&results).unwrap())
    }

    #[test]
    fn the_outermost_workspace_of_a_submission_is_graded() {
        let program =
            "#!/bin/bash\necho \"$*\"\nmkdir -p \"$4/x\"\necho '{\"score\": 5}' >\"$4/x/results.json\"\n";
        for (files, top) in [
            (&["raft/src/lib.rs"][..], "submission"),
            (&["my labs/kvsrv/src/lib.rs", "my labs/old/raft/src/lib.rs"], "submission/my labs"),
            (&["notes.txt"], "submission"),
        ] {
            let root = root(program);
            for file in files {
                let path = root.path().join("submission").join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "").unwrap();
            }
            let (printed, results) = run(root.path());
            assert_eq!(results["score"], 5, "{printed}");
            let expected = format!("grade {} --out ", root.path().join(top).display());
            assert!(printed.starts_with(&expected), "{printed}");
            let options = "--runs 7 --seed 0x1f --time-limit 30000ms --rubric ../rubric.toml --no-sandbox\n";
            assert!(printed.contains(options), "{printed}");
        }
    }

    #[test]
    fn an_autograder_that_fails_says_so_to_the_student() {
        let root = root("#!/bin/sh\necho 'error: no disk' >&2\nexit 2\n");
        fs::create_dir(root.path().join("submission")).unwrap();
        let (printed, results) = run(root.path());
        assert!(printed.contains("status 2") && printed.contains("no disk"), "{printed}");
        assert_eq!((&results["score"], &results["stdout_visibility"]), (&0.into(), &"hidden".into()));
    }
}
