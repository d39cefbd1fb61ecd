//! The system calls that are allowed: seccomp.
//!
//! The kernel evaluates a filter once for each call number and caches unconditional permission. So an
//! unconditionally allowed call costs next to nothing, regardless of its position in a list; only calls with
//! conditions are evaluated each time.

mod lists;

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::ffi::CStr;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter,
};

use super::Profile;

/// The conditions on the arguments of each system call, one of which must hold; none if any arguments are
/// allowed.
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Installs the filters for this process and its descendants, irrevocably. Unless the profile allows
/// children, the only way to execute a program is a call of `execveat` with this very `name`; any other
/// attempt ends the process.
pub(super) fn enter(profile: &Profile, name: &CStr) -> Result<(), String> {
    // All filters are compiled before the first is installed. The last one forbids installing another.
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
    // Refused calls must be known to the last filter, whose answer takes precedence.
    let mut known = lists::allowed(profile);
    for (&call, rules) in &refused {
        let too = known.entry(call).or_default();
        if rules.is_empty() { too.clear() } else { too.extend(rules.iter().cloned()) }
    }
    filters.push(compile(refused, SeccompAction::Allow, SeccompAction::Errno(errno(libc::EPERM)))?);
    // Libraries expect "no such call" from an older kernel, and use a fallback.
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
    fn no_call_is_both_refused_and_allowed() {
        for profile in [Profile::run("/bin/true".as_ref()), lists::tests::build()] {
            let (allowed, refused) = (lists::allowed(&profile), lists::refused(&profile));
            for (call, rules) in &refused {
                let partly = !rules.is_empty();
                assert!(partly || !allowed.contains_key(call), "call {call} is on both lists");
            }
        }
    }
}
