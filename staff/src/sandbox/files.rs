//! The files that can be accessed: Landlock.

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd,
    RestrictionStatus, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus,
    Scope,
};

use super::Profile;

/// The required version: earlier ones allow truncating read-only files.
const NEEDED: ABI = ABI::V3;

/// The preferred version, which adds TCP ports and signals to other processes.
const WANTED: ABI = ABI::V6;

/// The rules of a profile, with all of its paths opened.
pub(super) struct Rules(RulesetCreated);

impl Rules {
    /// Opens the paths in the profile. Each must exist.
    pub(super) fn new(profile: &Profile) -> Result<Self, String> {
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(NEEDED))
            .map_err(text)?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(WANTED))
            .and_then(|rules| rules.handle_access(AccessNet::from_all(WANTED)))
            .and_then(|rules| rules.scope(Scope::from_all(WANTED)))
            .and_then(Ruleset::create)
            .map_err(text)?;
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        let devices = AccessFs::MakeBlock | AccessFs::MakeChar | AccessFs::Execute;
        let lists = [
            (&profile.readable, read),
            (&profile.executable, read | AccessFs::Execute),
            (&profile.writable, AccessFs::from_all(WANTED) & !devices),
        ];
        for (paths, access) in lists {
            for path in paths {
                rules = rules.add_rule(rule(path, access)?).map_err(text)?;
            }
        }
        Ok(Self(rules))
    }

    /// Applies the rules to this process and its descendants, irrevocably.
    pub(super) fn enter(self) -> Result<(), String> {
        let RestrictionStatus { ruleset, no_new_privs, .. } = self.0.restrict_self().map_err(text)?;
        if ruleset == RulesetStatus::NotEnforced || !no_new_privs {
            return Err("the rules are not enforced".to_owned());
        }
        Ok(())
    }
}

fn rule(path: &Path, access: BitFlags<AccessFs>) -> Result<PathBeneath<PathFd>, String> {
    let opened = PathFd::new(path).map_err(|error| format!("{}: {error}", path.display()))?;
    // Rights that only folders can have are refused for files.
    let access = if path.is_dir() { access } else { access & AccessFs::from_file(WANTED) };
    Ok(PathBeneath::new(opened, access))
}

#[expect(clippy::needless_pass_by_value)]
fn text(error: RulesetError) -> String {
    error.to_string()
}
