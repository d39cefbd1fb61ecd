//! The manifests of the base and of a submission's workspace. None comes from a submission.

use std::path::Path;

use toml_edit::Value;

use super::BuildError;
use super::program::PACKAGE;
use crate::manifest::Manifest;
use crate::submission::{crates, folder_of};

/// The manifest of a package of the base, reduced to its library.
pub(super) fn framework_package(path: &Path) -> Result<Manifest, BuildError> {
    let mut manifest = Manifest::read(path)?;
    manifest.remove_tables(&["dev-dependencies", "bench", "test", "example", "bin"]);
    Ok(manifest)
}

/// The manifest of the base's workspace, derived from the original's.
pub(super) fn framework_workspace(path: &Path, members: &[&str]) -> Result<Manifest, BuildError> {
    let mut manifest = Manifest::read(path)?;
    manifest.set_members(members, &[])?;
    manifest.retain_dependencies(|_, path| path.is_none_or(|path| members.contains(&path)));
    manifest.keep_release_profile();
    // This package is not built there.
    manifest.retain_profiles(|name| name != env!("CARGO_PKG_NAME"));
    Ok(manifest)
}

/// The manifest of a submission's workspace, on the base at `framework`.
pub(super) fn submission_workspace(framework: &Path) -> Result<String, BuildError> {
    let mut manifest = Manifest::read(&framework.join("Cargo.toml"))?;
    let members: Vec<&str> = crates().map(folder_of).chain(["program"]).collect();
    manifest.set_members(&members, &[])?;
    manifest.set_lints("rust.unsafe_code = 'forbid'")?;
    manifest.make_paths_absolute(framework);
    for name in crates() {
        // They are compiled for one submission only: less optimisation costs little run time.
        let differs: [(&str, Value); 2] = [("opt-level", 1.into()), ("codegen-units", 2.into())];
        manifest.profile_like(&format!("submitted-{name}"), name, &differs);
    }
    // One codegen unit gives one object file, which can be kept.
    manifest.profile_like(PACKAGE, PACKAGE, &[("codegen-units", 1.into())]);
    Ok(manifest.text())
}

/// The manifest of one of a submission's crates. It has the reference's dependencies, and the reference's
/// library name, which occurs in logs and type names.
pub(super) fn submitted(name: &str, framework: &Path) -> Result<String, BuildError> {
    let reference = Manifest::read(&framework.join(folder_of(name)).join("Cargo.toml"))?;
    let mut manifest = Manifest::of_package(&format!("submitted-{name}"), None);
    manifest.set_library(name, "src/lib.rs");
    manifest.copy_tables(&reference, &["dependencies"]);
    Ok(manifest.text())
}

/// The manifest of the command line.
pub(super) fn program() -> String {
    let mut manifest = Manifest::of_package(PACKAGE, None);
    manifest.set_program("lab", "src/main.rs");
    for name in ["labapi", "worker"].into_iter().chain(crates()) {
        manifest.depend_on(name);
    }
    for name in crates() {
        let path = format!("../{}", folder_of(name));
        manifest.depend_on_path(&format!("submitted_{name}"), &format!("submitted-{name}"), &path);
    }
    manifest.text()
}
