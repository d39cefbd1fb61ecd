//! [`Manifest`]: the `Cargo.toml` of a package or a workspace, read and changed.
//!
//! Three kinds of workspace are derived from this one: the hand-out, the build of submissions, and the build
//! of mutants. Their manifests are this workspace's with other members, paths and profiles, so that versions
//! and profiles are defined in one place. Comments and order are kept.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value};

/// The tables in which a manifest names dependencies.
const DEPENDENCIES: [&str; 2] = ["dependencies", "dev-dependencies"];

/// A manifest.
#[derive(Clone, Debug)]
pub struct Manifest {
    path: PathBuf,
    document: DocumentMut,
}

/// The reason why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be used as a manifest: {why}", path.display())]
pub struct ManifestError {
    /// The file.
    pub path: PathBuf,
    /// The reason.
    pub why: String,
}

impl Manifest {
    /// Reads the manifest at `path`.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not TOML.
    pub fn read(path: &Path) -> Result<Self, ManifestError> {
        let text = fs::read_to_string(path)
            .map_err(|error| ManifestError { path: path.to_owned(), why: error.to_string() })?;
        Self::parse(path, &text)
    }

    /// The manifest with this text, which messages call `path`.
    ///
    /// # Errors
    ///
    /// The text is not TOML.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ManifestError> {
        match text.parse() {
            Ok(document) => Ok(Self { path: path.to_owned(), document }),
            Err(error) => Err(ManifestError { path: path.to_owned(), why: error.to_string() }),
        }
    }

    /// The manifest of a new package, which inherits its edition and, unless `lints` says otherwise, the
    /// lints of its workspace. Cargo finds no targets of it by itself.
    ///
    /// # Panics
    ///
    /// Panics when `lints` is not TOML.
    #[must_use]
    pub fn of_package(name: &str, lints: Option<&str>) -> Self {
        let mut document = DocumentMut::new();
        document["package"] = Item::Table(Table::new());
        let package = &mut document["package"];
        package["name"] = toml_edit::value(name);
        package["version"] = toml_edit::value("0.1.0");
        package["edition"]["workspace"] = toml_edit::value(true);
        for key in ["build", "autobins", "autoexamples", "autotests", "autobenches"] {
            package[key] = toml_edit::value(false);
        }
        let mut manifest = Self { path: name.into(), document };
        manifest.set_package_lints(lints);
        manifest
    }

    /// Gives the package these lints, in TOML; those of its workspace if there are none.
    ///
    /// # Panics
    ///
    /// Panics when `lints` is not TOML.
    pub fn set_package_lints(&mut self, lints: Option<&str>) {
        let lints: DocumentMut =
            lints.unwrap_or("workspace = true").parse().expect("lints are written by the program");
        self.document["lints"] = Item::Table(lints.as_table().clone());
    }

    /// Gives the package a library of this name.
    pub fn set_library(&mut self, name: &str, path: &str) {
        self.document["lib"] = Item::Table(Table::new());
        self.document["lib"]["name"] = toml_edit::value(name);
        self.document["lib"]["path"] = toml_edit::value(path);
    }

    /// Gives the package a program of this name.
    pub fn set_program(&mut self, name: &str, path: &str) {
        let mut program = Table::new();
        program["name"] = toml_edit::value(name);
        program["path"] = toml_edit::value(path);
        let mut programs = ArrayOfTables::new();
        programs.push(program);
        self.document["bin"] = Item::ArrayOfTables(programs);
    }

    /// Lets the package depend on `name`, as its workspace says.
    pub fn depend_on(&mut self, name: &str) {
        self.add_dependency(name, "workspace", toml_edit::value(true));
    }

    /// Lets the package depend on the package `package` in the folder `path`, under the name `name`.
    pub fn depend_on_path(&mut self, name: &str, package: &str, path: &str) {
        self.add_dependency(name, "path", toml_edit::value(path));
        if name != package {
            self.document["dependencies"][name]["package"] = toml_edit::value(package);
        }
    }

    fn add_dependency(&mut self, name: &str, key: &str, value: Item) {
        if self.document.get("dependencies").is_none() {
            self.document["dependencies"] = Item::Table(Table::new());
        }
        let mut dependency = InlineTable::new();
        dependency.insert(key, value.into_value().expect("a value"));
        self.document["dependencies"][name] = Item::Value(dependency.into());
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> String {
        self.document.to_string()
    }

    fn error(&self, why: &str) -> ManifestError {
        ManifestError { path: self.path.clone(), why: why.to_owned() }
    }

    /// The package's name.
    ///
    /// # Errors
    ///
    /// It is not the manifest of a package.
    pub fn package(&self) -> Result<&str, ManifestError> {
        let name = self.document.get("package").and_then(|package| package.get("name"));
        name.and_then(Item::as_str).ok_or_else(|| self.error("it names no package"))
    }

    /// Gives the package this name.
    ///
    /// # Errors
    ///
    /// It is not the manifest of a package.
    pub fn rename_package(&mut self, name: &str) -> Result<(), ManifestError> {
        self.package()?;
        self.document["package"]["name"] = toml_edit::value(name);
        Ok(())
    }

    /// Removes keys of the package, such as `autotests`.
    pub fn remove_from_package(&mut self, keys: &[&str]) {
        if let Some(package) = self.document.get_mut("package").and_then(Item::as_table_like_mut) {
            for key in keys {
                package.remove(key);
            }
        }
    }

    /// Removes whole tables, such as `dev-dependencies`.
    pub fn remove_tables(&mut self, keys: &[&str]) {
        for key in keys {
            self.document.remove(key);
        }
    }

    /// Copies whole tables of another manifest, where it has them.
    pub fn copy_tables(&mut self, from: &Self, keys: &[&str]) {
        for key in keys {
            if let Some(item) = from.document.get(key) {
                self.document.insert(key, item.clone());
            }
        }
    }

    /// Removes a dependency from all tables, those of `target` included.
    pub fn remove_dependency(&mut self, name: &str) {
        for key in DEPENDENCIES {
            if let Some(table) = self.document.get_mut(key).and_then(Item::as_table_like_mut) {
                table.remove(name);
            }
        }
        let systems = self.document.get_mut("target").and_then(Item::as_table_like_mut);
        for (_, system) in systems.into_iter().flat_map(TableLike::iter_mut) {
            for key in DEPENDENCIES {
                if let Some(table) = system.get_mut(key).and_then(Item::as_table_like_mut) {
                    table.remove(name);
                }
            }
        }
    }

    /// The names of all packages in any dependency table, those of `target` included.
    #[must_use]
    pub fn dependencies(&self) -> BTreeSet<String> {
        let systems = self.document.get("target").and_then(Item::as_table_like);
        let systems = systems.into_iter().flat_map(TableLike::iter).map(|(_, system)| system);
        let names = |item: &Item| -> Vec<String> {
            let tables = DEPENDENCIES.iter().filter_map(|key| item.get(key)?.as_table_like());
            tables.flat_map(TableLike::iter).map(|(name, _)| name.to_owned()).collect()
        };
        std::iter::once(self.document.as_item()).chain(systems).flat_map(names).collect()
    }

    fn workspace(&self) -> Result<&dyn TableLike, ManifestError> {
        let workspace = self.document.get("workspace").and_then(Item::as_table_like);
        workspace.ok_or_else(|| self.error("it has no workspace"))
    }

    fn workspace_mut(&mut self) -> Result<&mut dyn TableLike, ManifestError> {
        self.workspace()?;
        Ok(self.document["workspace"].as_table_like_mut().expect("the workspace is a table"))
    }

    /// The workspace's members, as folders.
    ///
    /// # Errors
    ///
    /// It is not the manifest of a workspace with members.
    pub fn members(&self) -> Result<Vec<String>, ManifestError> {
        let members = self.workspace()?.get("members").and_then(Item::as_array);
        let members = members.ok_or_else(|| self.error("it has no members"))?;
        Ok(members.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect())
    }

    /// Sets the members of the workspace. `defaults` are the members that `cargo test` tests; all if it is
    /// empty.
    ///
    /// # Errors
    ///
    /// It is not the manifest of a workspace.
    pub fn set_members(&mut self, members: &[&str], defaults: &[&str]) -> Result<(), ManifestError> {
        let list = |folders: &[&str]| {
            let mut array: Array = folders.iter().copied().collect();
            if folders.len() > 3 {
                for value in array.iter_mut() {
                    value.decor_mut().set_prefix("\n    ");
                }
                array.set_trailing("\n");
                array.set_trailing_comma(true);
            }
            toml_edit::value(array)
        };
        let workspace = self.workspace_mut()?;
        workspace.insert("members", list(members));
        if defaults.is_empty() {
            workspace.remove("default-members");
        } else if let Some(item) = workspace.get_mut("default-members") {
            // Keeps the comment above it.
            *item = list(defaults);
        } else {
            workspace.insert("default-members", list(defaults));
        }
        Ok(())
    }

    /// Replaces the workspace's lints by this TOML, or removes them if it is empty.
    ///
    /// # Errors
    ///
    /// It is not the manifest of a workspace.
    ///
    /// # Panics
    ///
    /// Panics when `lints` is not TOML.
    pub fn set_lints(&mut self, lints: &str) -> Result<(), ManifestError> {
        let workspace = self.workspace_mut()?;
        workspace.remove("lints");
        if !lints.is_empty() {
            let lints: DocumentMut = lints.parse().expect("lints are written by the program");
            workspace.insert("lints", Item::Table(lints.as_table().clone()));
        }
        Ok(())
    }

    /// Keeps those of the workspace's dependencies that `keep` accepts, given a name and the path, if it has
    /// one.
    pub fn retain_dependencies(&mut self, keep: impl Fn(&str, Option<&str>) -> bool) {
        let Ok(workspace) = self.workspace_mut() else { return };
        let Some(table) = workspace.get_mut("dependencies").and_then(Item::as_table_like_mut) else { return };
        let gone: Vec<String> = table
            .iter()
            .filter(|(name, item)| !keep(name, item.get("path").and_then(Item::as_str)))
            .map(|(name, _)| name.to_owned())
            .collect();
        for name in gone {
            table.remove(&name);
        }
    }

    /// Makes the paths of the workspace's dependencies, which are relative to `root`, absolute.
    pub fn make_paths_absolute(&mut self, root: &Path) {
        let Ok(workspace) = self.workspace_mut() else { return };
        let table = workspace.get_mut("dependencies").and_then(Item::as_table_like_mut);
        for (_, dependency) in table.into_iter().flat_map(TableLike::iter_mut) {
            let Some(dependency) = dependency.as_table_like_mut() else { continue };
            if let Some(path) = dependency.get("path").and_then(Item::as_str).map(|path| root.join(path)) {
                dependency.insert("path", toml_edit::value(path.to_string_lossy().into_owned()));
            }
        }
    }

    /// Keeps those package profiles that `keep` accepts, given the package's name.
    pub fn retain_profiles(&mut self, keep: impl Fn(&str) -> bool) {
        let profiles = self.document.get_mut("profile").and_then(Item::as_table_like_mut);
        for (_, profile) in profiles.into_iter().flat_map(TableLike::iter_mut) {
            let Some(packages) = profile.get_mut("package").and_then(Item::as_table_like_mut) else {
                continue;
            };
            let gone: Vec<String> =
                packages.iter().map(|(name, _)| name).filter(|name| !keep(name)).map(str::to_owned).collect();
            for name in gone {
                packages.remove(&name);
            }
        }
    }

    /// Keeps only the release profile, without debug information. Its overflow checks and `debug_assert!`
    /// affect runs and must be the same in every build.
    pub fn keep_release_profile(&mut self) {
        let release = self.document.remove("profile").and_then(|mut profiles| {
            let release = profiles.as_table_like_mut()?.remove("release")?;
            Some(release)
        });
        let mut release = release.unwrap_or_else(|| Item::Table(Table::new()));
        release["debug"] = toml_edit::value(false);
        let mut profile = Table::new();
        profile.set_implicit(true);
        profile.insert("release", release);
        self.document.insert("profile", Item::Table(profile));
    }

    /// Gives the package `name` the release profile of the package `like`, changed by `differs`.
    pub fn profile_like(&mut self, name: &str, like: &str, differs: &[(&str, Value)]) {
        let release = &mut self.document["profile"]["release"];
        if release.get("package").is_none() {
            let mut packages = Table::new();
            packages.set_implicit(true);
            release["package"] = Item::Table(packages);
        }
        let packages = &mut release["package"];
        let mut package = packages.get(like).cloned().unwrap_or_else(|| Item::Table(Table::new()));
        for (key, value) in differs {
            package[key] = Item::Value(value.clone());
        }
        packages[name] = package;
    }

    /// The value at a path of keys; `None` if there is none.
    #[cfg(test)]
    fn at(&self, keys: &[&str]) -> Option<&Item> {
        keys.iter().try_fold(self.document.as_item(), |item, key| item.get(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(text: &str) -> Manifest {
        Manifest::parse(Path::new("Cargo.toml"), text).unwrap()
    }

    #[test]
    fn a_package_loses_tables_and_dependencies_and_keeps_comments() {
        let mut lab = manifest(
            "[package]\nname = \"lab\"\nautotests = false\n\n\
             [dependencies]\n# Parses.\nclap.workspace = true\nstaff.workspace = true\n\n\
             [target.'cfg(unix)'.dependencies]\nstaff.workspace = true\nlibc = \"0\"\n\n\
             [[bench]]\nname = \"pass\"\n",
        );
        assert_eq!(lab.dependencies(), BTreeSet::from(["clap", "libc", "staff"].map(str::to_owned)));
        lab.remove_dependency("staff");
        lab.remove_tables(&["bench"]);
        lab.remove_from_package(&["autotests"]);
        lab.rename_package("mine").unwrap();
        assert_eq!(
            lab.text(),
            "[package]\nname = \"mine\"\n\n[dependencies]\n# Parses.\nclap.workspace = true\n\n\
             [target.'cfg(unix)'.dependencies]\nlibc = \"0\"\n"
        );
        let mut other = manifest("[package]\nname = \"other\"\n");
        other.copy_tables(&lab, &["dependencies", "bench"]);
        assert_eq!(other.dependencies(), BTreeSet::from(["clap".to_owned()]));
    }

    #[test]
    fn a_workspace_gets_other_members_paths_and_lints() {
        let mut root = manifest(
            "[workspace]\nmembers = [\"raft\", \"staff\"]\n# The labs.\ndefault-members = [\"raft\"]\n\n\
             [workspace.dependencies]\nraft = { path = \"raft\" }\n# Logs.\nlog = \"0.4\"\n\
             staff = { path = \"staff\" }\n\n\
             [workspace.lints.rust]\nunsafe_code = \"deny\"\n",
        );
        assert_eq!(root.members().unwrap(), ["raft", "staff"]);
        root.set_members(&["raft"], &["raft"]).unwrap();
        root.retain_dependencies(|name, path| name != "staff" && path != Some("staff"));
        root.make_paths_absolute(Path::new("/there"));
        root.set_lints("rust.unsafe_code = 'forbid'").unwrap();
        assert_eq!(root.members().unwrap(), ["raft"]);
        assert!(root.text().contains("# The labs.\ndefault-members = [\"raft\"]"), "{}", root.text());
        let path = root.at(&["workspace", "dependencies", "raft", "path"]).and_then(Item::as_str);
        assert_eq!(path, Some("/there/raft"));
        assert!(root.at(&["workspace", "dependencies", "staff"]).is_none());
        let lint = root.at(&["workspace", "lints", "rust", "unsafe_code"]).and_then(Item::as_str);
        assert_eq!(lint, Some("forbid"));
        root.set_members(&["a"], &[]).unwrap();
        assert!(root.at(&["workspace", "default-members"]).is_none());
        root.set_lints("").unwrap();
        assert!(root.at(&["workspace", "lints"]).is_none());
    }

    #[test]
    fn a_variant_of_a_package_gets_its_profile() {
        let mut root = manifest(
            "[profile.dev]\ndebug = true\n\n[profile.release.package.raft]\noverflow-checks = true\n\n\
             [profile.release.package.staff]\nopt-level = 0\n",
        );
        root.keep_release_profile();
        root.retain_profiles(|name| name != "staff");
        root.profile_like("raft_wrong", "raft", &[("opt-level", 1.into())]);
        root.profile_like("echo_wrong", "echo", &[]);
        let expected = manifest(
            "[profile.release]\ndebug = false\n[profile.release.package]\nraft = { overflow-checks = true }\n\
             raft_wrong = { overflow-checks = true, opt-level = 1 }\necho_wrong = {}\n",
        );
        for keys in [
            &["profile", "release", "debug"][..],
            &["profile", "release", "package", "raft", "overflow-checks"],
            &["profile", "release", "package", "raft_wrong", "overflow-checks"],
            &["profile", "release", "package", "raft_wrong", "opt-level"],
        ] {
            let value =
                |manifest: &Manifest| manifest.at(keys).map(|item| item.to_string().trim().to_owned());
            assert_eq!(value(&root), value(&expected), "{keys:?}");
        }
        assert!(root.at(&["profile", "release", "package", "echo_wrong"]).is_some());
        assert!(root.at(&["profile", "release", "package", "staff"]).is_none());
        assert!(root.at(&["profile", "dev"]).is_none());
    }

    #[test]
    fn a_new_package_has_what_it_was_given() {
        let mut package = Manifest::of_package("program", None);
        package.set_program("lab", "main.rs");
        package.set_library("program", "lib.rs");
        package.depend_on("labapi");
        package.depend_on_path("own", "submitted-raft", "../raft");
        package.depend_on_path("raft_wrong", "raft_wrong", "../wrong");
        let again = manifest(&package.text());
        assert_eq!(again.package().unwrap(), "program");
        let names = ["labapi", "own", "raft_wrong"].map(str::to_owned);
        assert_eq!(again.dependencies(), BTreeSet::from(names));
        for (keys, value) in [
            (&["package", "edition", "workspace"][..], "true"),
            (&["package", "autobins"], "false"),
            (&["lints", "workspace"], "true"),
            (&["lib", "path"], "\"lib.rs\""),
            (&["dependencies", "own", "package"], "\"submitted-raft\""),
            (&["dependencies", "raft_wrong", "path"], "\"../wrong\""),
        ] {
            let found = again.at(keys).map(|item| item.to_string().trim().to_owned());
            assert_eq!(found.as_deref(), Some(value), "{keys:?}: {}", package.text());
        }
        assert!(package.text().contains("[[bin]]\nname = \"lab\""), "{}", package.text());
        let silent = Manifest::of_package("silent", Some("rust.warnings = 'allow'"));
        assert!(silent.at(&["lints", "rust", "warnings"]).is_some(), "{}", silent.text());
    }

    #[test]
    fn a_manifest_of_the_wrong_kind_is_refused() {
        assert!(Manifest::parse(Path::new("Cargo.toml"), "[package").is_err());
        let mut package = manifest("[package]\nname = \"raft\"\n");
        assert!(package.members().unwrap_err().to_string().ends_with("it has no workspace"));
        assert!(package.set_members(&[], &[]).is_err());
        let root = manifest("[workspace]\n");
        assert!(root.package().unwrap_err().to_string().contains("names no package"));
        assert!(root.members().unwrap_err().to_string().contains("no members"));
    }
}
