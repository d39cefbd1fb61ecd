//! The manifests, none of which is a submission's.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use toml::{Table, Value};

use super::program::PACKAGE;
use super::{BuildError, file_error};
use crate::profile::Profile;
use crate::submission::{CRATES, folder_of};

/// Reads a manifest.
pub(super) fn read(path: &Path) -> Result<Table, BuildError> {
    let text = fs::read_to_string(path).map_err(file_error(path))?;
    text.parse().map_err(|error: toml::de::Error| wrong(path, error.message()))
}

fn wrong(path: &Path, why: &str) -> BuildError {
    BuildError::Manifest { path: path.to_owned(), why: why.to_owned() }
}

/// The feature of the command line that its workers need for a submission.
const CONFINE: &str = "confine";

/// What a package of the base keeps of its manifest: what its library needs.
pub(super) fn framework_package(mut manifest: Table) -> Table {
    for left_out in ["dev-dependencies", "bench", "test", "example", "bin"] {
        manifest.remove(left_out);
    }
    if let Some(dependencies) = manifest.get_mut("dependencies").and_then(Value::as_table_mut) {
        dependencies.retain(|_, dependency| dependency.get("optional").is_none());
    }
    // What they would switch on is left out, but for what confines the threads of a submission.
    if let Some(features) = manifest.get_mut("features").and_then(Value::as_table_mut) {
        for (_, needs) in features.iter_mut().filter(|(name, _)| *name != CONFINE) {
            *needs = Value::Array(Vec::new());
        }
    }
    manifest
}

/// The manifest of the base's workspace, made of the original's.
pub(super) fn framework_workspace(path: &Path, members: &[&str]) -> Result<Table, BuildError> {
    let mut manifest = read(path)?;
    let workspace = manifest.get_mut("workspace").and_then(Value::as_table_mut);
    let workspace = workspace.ok_or_else(|| wrong(path, "it has no workspace"))?;
    let list = members.iter().copied().map(Value::from).collect::<Vec<_>>();
    workspace.insert("members".into(), list.into());
    workspace.remove("default-members");
    if let Some(dependencies) = workspace.get_mut("dependencies").and_then(Value::as_table_mut) {
        let is_there = |dependency: &Value| {
            let path = dependency.get("path").and_then(Value::as_str);
            path.is_none_or(|path| members.contains(&path))
        };
        dependencies.retain(|_, dependency| is_there(dependency));
    }
    Profile::take(&mut manifest).put(&mut manifest);
    Ok(manifest)
}

/// A submission's own crates are compiled for one submission: optimised less, they run as fast, nearly.
const SUBMITTED: [(&str, i64); 2] = [("opt-level", 1), ("codegen-units", 2)];

/// The program is one object, so that it can be kept.
const PROGRAM: [(&str, i64); 1] = [("codegen-units", 1)];

/// The manifest of a submission's workspace, on the base at `framework`.
pub(super) fn submission_workspace(framework: &Path) -> Result<String, BuildError> {
    let path = framework.join("Cargo.toml");
    let mut manifest = read(&path)?;
    let workspace = manifest.get_mut("workspace").and_then(Value::as_table_mut);
    let workspace = workspace.ok_or_else(|| wrong(&path, "it has no workspace"))?;
    let members: Vec<Value> = CRATES.into_iter().map(folder_of).chain(["program"]).map(Value::from).collect();
    workspace.insert("members".into(), members.into());
    let lints = "rust.unsafe_code = 'forbid'".parse::<Table>().expect("a constant that is well formed");
    workspace.insert("lints".into(), lints.into());
    let dependencies = workspace.get_mut("dependencies").and_then(Value::as_table_mut);
    for (_, dependency) in dependencies.into_iter().flatten() {
        if let Some(path) = dependency.get_mut("path") {
            let whole = framework.join(path.as_str().unwrap_or_default());
            *path = whole.to_string_lossy().into_owned().into();
        }
    }
    let mut profile = Profile::take(&mut manifest);
    for name in CRATES {
        profile.stand_in(name, &format!("submitted-{name}"), &SUBMITTED);
    }
    profile.stand_in(PACKAGE, PACKAGE, &PROGRAM);
    profile.put(&mut manifest);
    Ok(manifest.to_string())
}

/// The manifest of one of a submission's crates: it may use what the reference uses, and is called as the
/// reference is, in logs and names of types.
pub(super) fn submitted(name: &str, framework: &Path) -> Result<String, BuildError> {
    let reference = read(&framework.join(folder_of(name)).join("Cargo.toml"))?;
    let dependencies = reference.get("dependencies").cloned().unwrap_or_else(|| Table::new().into());
    let dependencies = Table::from_iter([("dependencies".to_owned(), dependencies)]);
    Ok(format!(
        "[package]\nname = \"submitted-{name}\"\nversion = \"0.1.0\"\nedition.workspace = true\n\
         build = false\nautobins = false\nautoexamples = false\nautotests = false\nautobenches = false\n\n\
         [lints]\nworkspace = true\n\n[lib]\nname = \"{name}\"\npath = \"src/lib.rs\"\n\n{dependencies}"
    ))
}

/// The manifest of the command line.
pub(super) fn program() -> String {
    let mut manifest =
        "[package]\nname = \"program\"\nversion = \"0.1.0\"\nedition.workspace = true\nbuild = false\n\n\
         [lints]\nworkspace = true\n\n[[bin]]\nname = \"lab\"\npath = \"src/main.rs\"\n\n\
         [dependencies]\nlab = { workspace = true, default-features = false, features = [\"confine\"] }\nlabapi.workspace = true\n\
         tester.workspace = true\n"
            .to_owned();
    for name in CRATES {
        let folder = folder_of(name);
        writeln!(manifest, "{name}.workspace = true").expect("a string takes any text");
        writeln!(manifest, "submitted_{name} = {{ package = \"submitted-{name}\", path = \"../{folder}\" }}")
            .expect("a string takes any text");
    }
    manifest
}
