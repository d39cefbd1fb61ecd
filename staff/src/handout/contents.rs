//! The files of the hand-out, and their origins.

use std::path::Path;

use tester::Lab;

use super::HandoutError;
use super::generated;
use super::parts::Parts;
use super::tree::Tree;
use crate::framework::FRAMEWORK;
use crate::manifest::Manifest;

/// Files that are copied unchanged if they exist.
const COPIED: [&str; 11] = [
    ".gitignore",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "docs/command-line.md",
    "docs/diagnoses.md",
    "docs/events.md",
    "docs/guarantees.md",
    "docs/rules.md",
    "docs/run-page.md",
    "rustfmt.toml",
    "scripts/stress",
];

/// The folder of the files that are written for students.
const HANDOUT: &str = "staff/handout";

/// Packages that only benchmarks depend on, which are not handed out.
const FOR_BENCHMARKS: [&str; 1] = ["criterion"];

/// All files of the hand-out but for its lock file.
pub(super) fn collect(workspace: &Path, parts: &Parts) -> Result<Tree, HandoutError> {
    Collector { workspace, parts, tree: Tree::default() }.collect()
}

struct Collector<'a> {
    workspace: &'a Path,
    parts: &'a Parts,
    tree: Tree,
}

impl Collector<'_> {
    fn collect(mut self) -> Result<Tree, HandoutError> {
        let mut root = self.manifest(Path::new("Cargo.toml"))?;
        let students: Vec<&Lab> = tester::labs().iter().filter(|lab| self.parts.need(lab)).collect();

        let mut members = Vec::new();
        for folder in FRAMEWORK {
            members.push((folder, self.framework(Path::new(folder), &students)?));
        }
        for lab in &students {
            members.push((lab.folder, self.student(lab)?));
        }
        for (folder, manifest) in &members {
            self.tree.add(Path::new(folder).join("Cargo.toml"), manifest.text());
        }
        self.tree.add("Cargo.toml", workspace_manifest(&mut root, &members, &students)?);
        self.tree.add(".cargo/config.toml", generated::CARGO_CONFIG);
        self.tree.add("lab/src/solutions.rs", generated::solutions(&students));
        self.tree.add("tester/src/released.rs", generated::released(self.parts));
        for path in COPIED.map(Path::new) {
            if self.workspace.join(path).exists() {
                self.copy(path, path)?;
            }
        }
        self.pages()?;
        Ok(self.tree)
    }

    /// Adds a crate that students use: its sources with their unit tests, unchanged.
    fn framework(&mut self, krate: &Path, students: &[&Lab]) -> Result<Manifest, HandoutError> {
        let sources = krate.join("src");
        self.copy(&sources, &sources)?;
        let mut manifest = self.manifest(&krate.join("Cargo.toml"))?;
        manifest.remove_tables(&["bench", "test"]);
        manifest.remove_from_package(&["autotests"]);
        let needs_solutions = krate == Path::new("lab");
        for lab in tester::labs() {
            if !needs_solutions || !students.iter().any(|it| it.krate == lab.krate) {
                manifest.remove_dependency(lab.krate);
            }
        }
        for name in FOR_BENCHMARKS {
            manifest.remove_dependency(name);
        }
        Ok(manifest)
    }

    /// Adds a crate that students write: the skeleton, under the solution's name and with its tests.
    fn student(&mut self, lab: &Lab) -> Result<Manifest, HandoutError> {
        let krate = Path::new(lab.folder);
        let skeleton = krate.join("skeleton");
        self.copy(&skeleton.join("src"), &krate.join("src"))?;
        self.copy(&Path::new(HANDOUT).join("clippy.toml"), &krate.join("clippy.toml"))?;
        let original = self.manifest(&krate.join("Cargo.toml"))?;
        let mut manifest = self.manifest(&skeleton.join("Cargo.toml"))?;
        manifest.rename_package(original.package()?)?;
        manifest.copy_tables(&original, &["dev-dependencies"]);
        if self.parts.have(lab) {
            self.copy(&krate.join("tests"), &krate.join("tests"))?;
            manifest.copy_tables(&original, &["test"]);
        }
        Ok(manifest)
    }

    /// Adds the README, the pages of the released labs, and other files written for students.
    fn pages(&mut self) -> Result<(), HandoutError> {
        self.copy(&Path::new(HANDOUT).join("docs"), Path::new("docs"))?;
        for lab in tester::labs().iter().filter(|lab| self.parts.have(lab)) {
            let page = Path::new(lab.folder).join("page.md");
            self.copy(&page, Path::new(&lab.page()))?;
        }
        let readme = Path::new("README.md");
        self.copy(&Path::new(HANDOUT).join(readme), readme)?;
        let text = generated::readme(self.tree.text(readme)?, self.parts);
        self.tree.add(readme, text.map_err(|why| HandoutError::form(&Path::new(HANDOUT).join(readme), why))?);
        Ok(())
    }

    fn copy(&mut self, from: &Path, to: &Path) -> Result<(), HandoutError> {
        self.tree.copy(&self.workspace.join(from), to)
    }

    fn manifest(&self, path: &Path) -> Result<Manifest, HandoutError> {
        Ok(Manifest::read(&self.workspace.join(path))?)
    }
}

/// The workspace's manifest with these members alone, and without dependencies that none of them uses. It may
/// still have profiles of other packages, which [`super::lock`] removes.
fn workspace_manifest(
    root: &mut Manifest,
    members: &[(&str, Manifest)],
    students: &[&Lab],
) -> Result<String, HandoutError> {
    let folders: Vec<&str> = members.iter().map(|(folder, _)| *folder).collect();
    let defaults: Vec<&str> = students.iter().map(|lab| lab.folder).collect();
    root.set_members(&folders, &defaults)?;
    let needed: Vec<_> = members.iter().map(|(_, manifest)| manifest.dependencies()).collect();
    root.retain_dependencies(|name, _| needed.iter().any(|names| names.contains(name)));
    Ok(root.text())
}
