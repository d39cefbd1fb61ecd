//! Which system calls can be made: seccomp.
//!
//! The kernel asks a filter once for each number whether it always says yes, and remembers that. So a call
//! that is allowed whatever its arguments costs next to nothing, wherever it stands in a list; only those
//! with conditions are looked at.

mod lists;

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::ffi::CStr;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter,
};

use super::Profile;

/// A system call, and what its arguments must be: one of the rules, or anything if there is none.
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Takes the filters upon this process and all that it starts, for good. Unless the profile allows children,
/// no program can be started but by a call of `execveat` with this very `name`; an attempt ends the process.
pub(super) fn enter(profile: &Profile, name: &CStr) -> Result<(), String> {
    // All are made before the first is entered. The last one knows no call that would enter another.
    for filter in filters(profile, name)? {
        apply_filter(&filter).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn filters(profile: &Profile, name: &CStr) -> Result<Vec<BpfProgram>, String> {
    let mut filters = Vec::new();
    if !profile.children {
        let elsewhere = argument(1, SeccompCmpArgLen::Qword, SeccompCmpOp::Ne, name.as_ptr().addr() as u64);
        let starts = BTreeMap::from([(libc::SYS_execve, vec![]), (libc::SYS_execveat, vec![elsewhere])]);
        filters.push(compile(starts, SeccompAction::Allow, SeccompAction::KillProcess)?);
    }
    let refused = lists::refused(profile);
    // What is refused must not be unknown to the last filter, which would have the last word.
    let mut known = lists::allowed(profile);
    for (&call, rules) in &refused {
        let too = known.entry(call).or_default();
        if rules.is_empty() { too.clear() } else { too.extend(rules.iter().cloned()) }
    }
    filters.push(compile(refused, SeccompAction::Allow, SeccompAction::Errno(errno(libc::EPERM)))?);
    // "No such call" is what a library expects of a system that is older than itself: it then does without.
    filters.push(compile(known, SeccompAction::Errno(errno(libc::ENOSYS)), SeccompAction::Allow)?);
    Ok(filters)
}

fn compile(rules: Rules, otherwise: SeccompAction, matching: SeccompAction) -> Result<BpfProgram, String> {
    let arch = TargetArch::try_from(ARCH).map_err(|_| format!("no filters for {ARCH}"))?;
    let filter = SeccompFilter::new(rules, otherwise, matching, arch).map_err(|error| error.to_string())?;
    filter.try_into().map_err(|error: seccompiler::BackendError| error.to_string())
}

fn errno(number: libc::c_int) -> u32 {
    number.cast_unsigned()
}

/// One condition on one argument, counted from 0.
fn argument(index: u8, length: SeccompCmpArgLen, compare: SeccompCmpOp, value: u64) -> SeccompRule {
    let condition = SeccompCondition::new(index, length, compare, value).expect("a call has six arguments");
    SeccompRule::new(vec![condition]).expect("it has a condition")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_not_allowed_as_well() {
        for profile in [Profile::run("/bin/true".as_ref()), lists::tests::build()] {
            let (allowed, refused) = (lists::allowed(&profile), lists::refused(&profile));
            for (call, rules) in &refused {
                let partly = !rules.is_empty();
                assert!(partly || !allowed.contains_key(call), "call {call} is on both lists");
            }
        }
    }
}
