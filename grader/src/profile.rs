//! [`Profile`]: how solutions are compiled that are built elsewhere than in their workspace.

use toml::{Table, Value};

/// The release profile of a workspace of solutions, made of the original's: what arithmetic overflow and
/// `debug_assert!` do there they must do here, for they decide what a run is.
pub(crate) struct Profile(Table);

impl Profile {
    /// Takes the profiles out of the original's manifest.
    pub(crate) fn take(manifest: &mut Table) -> Self {
        let profiles = manifest.remove("profile").and_then(|it| it.as_table().cloned());
        let release = profiles.and_then(|mut profiles| profiles.remove("release"));
        let mut release = release.and_then(|it| it.as_table().cloned()).unwrap_or_default();
        release.insert("debug".into(), false.into());
        let mut profile = Self(release);
        // It is no part of what is built.
        profile.packages().remove(env!("CARGO_PKG_NAME"));
        profile
    }

    /// Compiles the package `name` as the solution in the place of which it stands, but for what `differs`.
    pub(crate) fn stand_in(&mut self, solution: &str, name: &str, differs: &[(&str, i64)]) {
        let packages = self.packages();
        let mut package = packages.get(solution).and_then(Value::as_table).cloned().unwrap_or_default();
        package.extend(differs.iter().map(|&(key, value)| (key.to_owned(), value.into())));
        packages.insert(name.to_owned(), package.into());
    }

    /// Puts it into a manifest.
    pub(crate) fn put(self, manifest: &mut Table) {
        manifest.insert("profile".into(), Table::from_iter([("release".to_owned(), self.0.into())]).into());
    }

    fn packages(&mut self) -> &mut Table {
        let packages = self.0.entry("package").or_insert_with(|| Table::new().into());
        if !packages.is_table() {
            *packages = Table::new().into();
        }
        packages.as_table_mut().expect("it is a table now")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_is_compiled_as_the_solution_is() {
        let mut manifest: Table = "
            [profile.dev]
            debug = true
            [profile.release.package.raft]
            overflow-checks = true
            [profile.release.package.grader]
            opt-level = 0
        "
        .parse()
        .unwrap();
        let mut profile = Profile::take(&mut manifest);
        assert!(manifest.is_empty());
        profile.stand_in("raft", "raft_wrong", &[("opt-level", 1)]);
        profile.stand_in("kvraft", "kvraft_wrong", &[]);
        profile.put(&mut manifest);
        let expected: Table = "
            [profile.release]
            debug = false
            [profile.release.package]
            raft = { overflow-checks = true }
            raft_wrong = { overflow-checks = true, opt-level = 1 }
            kvraft_wrong = {}
        "
        .parse()
        .unwrap();
        assert_eq!(manifest, expected);
    }
}
