//! The manifests of the hand-out: those of this workspace, less what it has no use for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, TableLike};

use super::HandoutError;

/// The features that students have no use for.
const FEATURES: [&str; 2] = ["grading", "confine"];

/// The tables in which a manifest names dependencies.
const DEPENDENCIES: [&str; 2] = ["dependencies", "dev-dependencies"];

/// A manifest that lines are taken out of.
#[derive(Debug)]
pub(super) struct Manifest {
    path: PathBuf,
    document: DocumentMut,
}

impl Manifest {
    /// The manifest at `path` with this text.
    ///
    /// # Errors
    ///
    /// The text is not TOML.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, HandoutError> {
        let document = text.parse().map_err(|error| HandoutError::form(path, error))?;
        Ok(Self { path: path.to_owned(), document })
    }

    /// Its text.
    pub(super) fn text(&self) -> String {
        self.document.to_string()
    }

    /// The package's name.
    pub(super) fn package(&self) -> Result<&str, HandoutError> {
        let name = self.document.get("package").and_then(|package| package.get("name"));
        name.and_then(Item::as_str).ok_or_else(|| HandoutError::form(&self.path, "it names no package"))
    }

    /// Takes out tests, benchmarks, what these need, and what is for teachers.
    pub(super) fn strip_framework(&mut self) {
        for key in ["bench", "test", "dev-dependencies"] {
            self.document.remove(key);
        }
        if let Some(package) = self.document.get_mut("package").and_then(Item::as_table_like_mut) {
            // There are no tests, so nothing needs to be said of where they are not.
            package.remove("autotests");
        }
        self.strip_grading();
    }

    fn strip_grading(&mut self) {
        let Some(features) = self.document.get_mut("features").and_then(Item::as_table_like_mut) else {
            return;
        };
        let members = FEATURES.iter().filter_map(|feature| features.remove(feature));
        let members: Vec<String> = members.flat_map(|members| texts(&members).collect::<Vec<_>>()).collect();
        if let Some(defaults) = features.get_mut("default").and_then(Item::as_array_mut) {
            defaults.retain(|feature| feature.as_str().is_none_or(|feature| !FEATURES.contains(&feature)));
            if defaults.is_empty() {
                features.remove("default");
            }
        }
        if features.is_empty() {
            self.document.remove("features");
        }
        for dependency in members.iter().filter_map(|member| member.strip_prefix("dep:")) {
            self.remove_dependency(dependency);
        }
    }

    /// The package depends on this one no longer.
    pub(super) fn remove_dependency(&mut self, name: &str) {
        for key in DEPENDENCIES {
            if let Some(table) = self.document.get_mut(key).and_then(Item::as_table_like_mut) {
                table.remove(name);
            }
        }
        let Some(systems) = self.document.get_mut("target").and_then(Item::as_table_like_mut) else { return };
        for (_, system) in systems.iter_mut() {
            let Some(system) = system.as_table_like_mut() else { continue };
            if let Some(table) = system.get_mut("dependencies").and_then(Item::as_table_like_mut) {
                table.remove(name);
                if table.is_empty() {
                    system.remove("dependencies");
                }
            }
        }
        let empty = |system: &Item| system.as_table_like().is_some_and(TableLike::is_empty);
        let gone: Vec<String> =
            systems.iter().filter(|(_, it)| empty(it)).map(|(name, _)| name.to_owned()).collect();
        for system in gone {
            systems.remove(&system);
        }
        if systems.is_empty() {
            self.document.remove("target");
        }
    }

    /// Makes the manifest of a skeleton that of the crate in whose place it stands: with its name, and with
    /// what the tests of `original` need.
    ///
    /// # Errors
    ///
    /// One of the two is the manifest of no package.
    pub(super) fn take_place_of(&mut self, original: &Self) -> Result<(), HandoutError> {
        let name = original.package()?;
        self.package()?;
        self.document["package"]["name"] = toml_edit::value(name);
        for key in ["dev-dependencies", "test"] {
            if let Some(item) = original.document.get(key) {
                self.document.insert(key, item.clone());
            }
        }
        Ok(())
    }

    /// What it takes from the workspace's dependencies.
    fn inherited(&self) -> impl Iterator<Item = &str> {
        let tables = DEPENDENCIES.iter().filter_map(|key| self.document.get(key)?.as_table_like());
        tables.flat_map(TableLike::iter).filter_map(|(name, item)| {
            let inherits = item.get("workspace").and_then(Item::as_bool) == Some(true);
            inherits.then_some(name)
        })
    }

    /// The workspace's members, as folders.
    ///
    /// # Errors
    ///
    /// It has none.
    pub(super) fn members(&self) -> Result<Vec<String>, HandoutError> {
        let members = self.document.get("workspace").and_then(|workspace| workspace.get("members"));
        let members = members.ok_or_else(|| HandoutError::form(&self.path, "it has no members"))?;
        Ok(texts(members).collect())
    }

    /// Makes a workspace of `members` alone, given with their folders. By default `cargo test` is about
    /// `defaults`.
    ///
    /// # Errors
    ///
    /// This is not the manifest of a workspace.
    pub(super) fn strip_workspace(
        &mut self,
        members: &[(String, Manifest)],
        defaults: &[&str],
    ) -> Result<(), HandoutError> {
        let mut packages = BTreeSet::new();
        let mut needed = BTreeSet::new();
        for (_, member) in members {
            packages.insert(member.package()?.to_owned());
            needed.extend(member.inherited().map(str::to_owned));
        }
        let workspace = self.document.get_mut("workspace").and_then(Item::as_table_like_mut);
        let workspace = workspace.ok_or_else(|| HandoutError::form(&self.path, "it is no workspace"))?;

        let mut retain = |key: &str, keep: &dyn Fn(&str) -> bool| {
            if let Some(array) = workspace.get_mut(key).and_then(Item::as_array_mut) {
                array.retain(|folder| folder.as_str().is_some_and(keep));
            }
        };
        retain("members", &|folder| members.iter().any(|(member, _)| member == folder));
        retain("default-members", &|folder| defaults.contains(&folder));

        if let Some(dependencies) = workspace.get_mut("dependencies").and_then(Item::as_table_like_mut) {
            retain_keys(dependencies, |name| needed.contains(name));
        }
        let profiles = self.document.get_mut("profile").and_then(Item::as_table_like_mut);
        for (_, profile) in profiles.into_iter().flat_map(TableLike::iter_mut) {
            if let Some(special) = profile.get_mut("package").and_then(Item::as_table_like_mut) {
                // `*` is every package that is no member.
                retain_keys(special, |name| name == "*" || packages.contains(name));
            }
        }
        Ok(())
    }
}

fn retain_keys(table: &mut dyn TableLike, keep: impl Fn(&str) -> bool) {
    let gone: Vec<String> =
        table.iter().map(|(key, _)| key).filter(|key| !keep(key)).map(str::to_owned).collect();
    for key in gone {
        table.remove(&key);
    }
}

/// The texts in an array.
fn texts(item: &Item) -> impl Iterator<Item = String> {
    item.as_array().into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(text: &str) -> Manifest {
        Manifest::parse(Path::new("Cargo.toml"), text).unwrap()
    }

    #[test]
    fn a_crate_loses_its_tests_and_what_is_for_teachers() {
        let mut lab = manifest(
            "[package]\nname = \"lab\"\n# Elsewhere.\nautotests = false\n\n[features]\ndefault = [\"grading\"]\ngrading = [\"confine\", \"dep:grader\"]\nconfine = [\"dep:landlock\"]\n\n\
             [dependencies]\n# Parses.\nclap.workspace = true\ngrader = { workspace = true, optional = true }\n\n\
             [target.'cfg(unix)'.dependencies]\nlandlock = { workspace = true, optional = true }\n\n\
             [dev-dependencies]\ncriterion.workspace = true\n\n[[test]]\nname = \"slow\"\nharness = false\n",
        );
        lab.strip_framework();
        assert_eq!(
            lab.text(),
            "[package]\nname = \"lab\"\n\n[dependencies]\n# Parses.\nclap.workspace = true\n"
        );
        assert_eq!(lab.inherited().collect::<Vec<_>>(), ["clap"]);
    }

    #[test]
    fn other_features_stay() {
        let mut manifest =
            manifest("[features]\ndefault = [\"grading\", \"color\"]\ngrading = []\ncolor = []\n");
        manifest.strip_framework();
        assert_eq!(manifest.text(), "[features]\ndefault = [ \"color\"]\ncolor = []\n");
    }

    #[test]
    fn a_skeleton_takes_the_place_of_a_solution_and_has_its_tests() {
        let mut skeleton = manifest(
            "[package]\nname = \"raft-skeleton\"\ndescription = \"To do\"\n\n[dependencies]\nlog.workspace = true\n",
        );
        let original = manifest(
            "[package]\nname = \"raft\"\ndescription = \"Done\"\n\n[dependencies]\nserde.workspace = true\n\n\
             [dev-dependencies]\n# For tests.\ntester.workspace = true\n",
        );
        skeleton.take_place_of(&original).unwrap();
        assert_eq!(
            skeleton.text(),
            "[package]\nname = \"raft\"\ndescription = \"To do\"\n\n[dependencies]\nlog.workspace = true\n\n\
             [dev-dependencies]\n# For tests.\ntester.workspace = true\n"
        );
    }

    #[test]
    fn a_workspace_keeps_what_its_members_need() {
        let mut root = manifest(
            "[workspace]\nmembers = [\n    \"raft\",\n    \"grader\",\n]\n# Students'.\n\
             default-members = [\"raft\", \"kvraft\"]\n\n[workspace.dependencies]\ngrader = { path = \"grader\" }\n\
             # For raft.\nlog = \"0.4\"\n\n[profile.dev.package.\"*\"]\nopt-level = 2\n[profile.dev.package.kvraft]\n\
             opt-level = 1\n",
        );
        let raft = manifest("[package]\nname = \"raft\"\n[dependencies]\nlog.workspace = true\n");
        root.strip_workspace(&[("raft".to_owned(), raft)], &["raft"]).unwrap();
        assert_eq!(
            root.text(),
            "[workspace]\nmembers = [\n    \"raft\",\n]\n# Students'.\ndefault-members = [\"raft\"]\n\n\
             [workspace.dependencies]\n# For raft.\nlog = \"0.4\"\n\n[profile.dev.package.\"*\"]\nopt-level = 2\n"
        );
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        assert!(Manifest::parse(Path::new("Cargo.toml"), "members = [").is_err());
        assert!(manifest("").package().is_err());
        assert!(manifest("").members().is_err());
        assert!(manifest("").strip_workspace(&[], &[]).is_err());
        let nameless = ("raft".to_owned(), manifest(""));
        assert!(manifest("[workspace]").strip_workspace(&[nameless], &[]).is_err());
    }
}
