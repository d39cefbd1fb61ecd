//! Who the process is: an ordinary user, in namespaces of its own, without the powers of root.

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

/// The first of the users that processes become which root starts. Each becomes a user of its own, so that
/// none can touch another, and the system counts the threads of each by themselves. No such user has an
/// account.
const FIRST_USER: u32 = 1_879_048_192;

/// Whether the process is root, as the machine sees it or its container.
pub(super) fn is_root() -> bool {
    geteuid().is_root()
}

/// Becomes a user of its own, who owns the folders `own` and nothing else. For root alone.
pub(super) fn step_down(own: &[PathBuf]) -> io::Result<()> {
    let number = FIRST_USER + std::process::id();
    for folder in own {
        chown(folder, Some(number), Some(number))?;
    }
    let (user, group) = (Uid::from_raw(number), Gid::from_raw(number));
    // The process has one thread yet, so what holds for the thread holds for the process.
    set_thread_groups(&[])?;
    set_thread_res_gid(group, group, group)?;
    set_thread_res_uid(user, user, user)?;
    Ok(())
}

/// Has a user namespace of its own, in which it is whom it was, so that threads are counted by themselves.
pub(super) fn own_count() -> io::Result<()> {
    separate(CloneFlags::CLONE_NEWUSER)
}

/// Has namespaces of its own: no network but a loopback that is down, nobody else's shared memory. Its next
/// child is the first process of a process namespace, and when that ends, all of its descendants are killed.
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
    // Nobody is root inside: a program that root starts would have all powers over the namespaces again.
    let inside = |outside: u32| if outside == 0 { FIRST_USER } else { outside };
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{} {user} 1", inside(user)))?;
    fs::write("/proc/self/gid_map", format!("{} {group} 1", inside(group)))?;
    Ok(())
}

/// Gives up what root, or the first user of a namespace, may do, for good. [`bound_capabilities`] must have
/// been called while the process was still root.
pub(super) fn drop_capabilities() -> io::Result<()> {
    clear_ambient_capability_set()?;
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    Ok(())
}

/// Makes sure that no program that is started gets powers because root starts it. Others than root need no
/// such thing, and are not allowed to ask for it.
pub(super) fn bound_capabilities() -> io::Result<()> {
    let may = rustix::thread::capabilities(None)?.effective.contains(CapabilitySet::SETPCAP);
    if !may {
        return if is_root() { Err(io::Error::other("root without CAP_SETPCAP")) } else { Ok(()) };
    }
    for number in 0..64 {
        let one = CapabilitySet::from_bits_retain(1 << number);
        match remove_capability_from_bounding_set(one) {
            // The kernel knows no capability of this number, nor any beyond.
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
