//! The identity of the process: an ordinary user, in namespaces of its own, without capabilities.

use std::fs;
use std::io;
use std::os::unix::fs::chown;
use std::path::PathBuf;

use nix::sched::{CloneFlags, unshare};
use rustix::process::{Gid, Uid, getegid, geteuid};
use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet, CapabilitySets, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_capabilities_secure_bits, set_thread_groups,
    set_thread_res_gid, set_thread_res_uid,
};

/// The first user id for processes that root starts. Each process gets a user id of its own, so that none can
/// affect another, and the kernel counts the threads of each separately. No such user has an account.
const FIRST_USER: u32 = 1_879_048_192;

/// Whether the process is root, on the machine or in its container.
pub(super) fn is_root() -> bool {
    geteuid().is_root()
}

/// Becomes a user of its own, which owns the folders `own` and nothing else. Requires root.
pub(super) fn step_down(own: &[PathBuf]) -> io::Result<()> {
    let number = FIRST_USER + std::process::id();
    for folder in own {
        chown(folder, Some(number), Some(number))?;
    }
    let (user, group) = (Uid::from_raw(number), Gid::from_raw(number));
    // The process is still single-threaded, so these apply to the whole process.
    set_thread_groups(&[])?;
    set_thread_res_gid(group, group, group)?;
    set_thread_res_uid(user, user, user)?;
    Ok(())
}

/// Creates a user namespace with the same user, so that threads are counted separately.
pub(super) fn own_count() -> io::Result<()> {
    separate(CloneFlags::CLONE_NEWUSER)
}

/// Creates namespaces: no network but a loopback that is down, no shared memory of others. The next child is
/// the first process of a process namespace, and when it ends, all of its descendants are killed.
pub(super) fn own_namespaces() -> io::Result<()> {
    separate(
        CloneFlags::CLONE_NEWUSER
            | CloneFlags::CLONE_NEWPID
            | CloneFlags::CLONE_NEWNET
            | CloneFlags::CLONE_NEWIPC
            | CloneFlags::CLONE_NEWUTS,
    )
}

fn separate(what: CloneFlags) -> io::Result<()> {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    unshare(what)?;
    // No root inside: a program that root starts would regain all capabilities over the namespaces.
    let inside = |outside: u32| if outside == 0 { FIRST_USER } else { outside };
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{} {user} 1", inside(user)))?;
    fs::write("/proc/self/gid_map", format!("{} {group} 1", inside(group)))?;
    Ok(())
}

/// Drops all capabilities irrevocably. [`bound_capabilities`] must have been called while the process was
/// still root.
pub(super) fn drop_capabilities() -> io::Result<()> {
    clear_ambient_capability_set()?;
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    Ok(())
}

/// Ensures that no executed program gains capabilities by belonging to root. Other users need no such thing,
/// and are not allowed to request it.
pub(super) fn bound_capabilities() -> io::Result<()> {
    let may = rustix::thread::capabilities(None)?.effective.contains(CapabilitySet::SETPCAP);
    if !may {
        return if is_root() { Err(io::Error::other("root without CAP_SETPCAP")) } else { Ok(()) };
    }
    for number in 0..64 {
        let one = CapabilitySet::from_bits_retain(1 << number);
        match remove_capability_from_bounding_set(one) {
            // The kernel has no capability of this number or above.
            Err(rustix::io::Errno::INVAL) => break,
            other => other?,
        }
    }
    set_capabilities_secure_bits(
        CapabilitiesSecureBits::NO_ROOT
            | CapabilitiesSecureBits::NO_ROOT_LOCKED
            | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE
            | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED,
    )?;
    Ok(())
}
