//! The lists of system calls.

use libc::c_long;
use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::{SeccompCmpOp, SeccompCondition, SeccompRule};

use super::{Rules, argument};
use crate::sandbox::Profile;

/// Calls that every profile allows with any arguments: memory, threads, time, signals within the process,
/// reading files that Landlock allows, and using open files.
const ALWAYS: &[c_long] = &[
    // Memory.
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_mincore,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_msync,
    libc::SYS_munmap,
    // Threads.
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_futex_waitv,
    libc::SYS_get_robust_list,
    libc::SYS_getcpu,
    libc::SYS_rseq,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    // Time.
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_nanosleep,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_gettime,
    libc::SYS_timerfd_settime,
    libc::SYS_times,
    // Signals that arrive.
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigpending,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigsuspend,
    libc::SYS_rt_sigtimedwait,
    libc::SYS_sigaltstack,
    // The identity and the working directory of the process.
    libc::SYS_capget,
    libc::SYS_getcwd,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getgroups,
    libc::SYS_getpgid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_getrandom,
    libc::SYS_getresgid,
    libc::SYS_getresuid,
    libc::SYS_getrusage,
    libc::SYS_getsid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    // Files.
    libc::SYS_close,
    libc::SYS_close_range,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_eventfd2,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fadvise64,
    libc::SYS_fstat,
    libc::SYS_fstatfs,
    libc::SYS_getdents64,
    libc::SYS_lseek,
    libc::SYS_newfstatat,
    libc::SYS_openat,
    libc::SYS_pipe2,
    libc::SYS_ppoll,
    libc::SYS_pread64,
    libc::SYS_preadv,
    libc::SYS_pselect6,
    libc::SYS_pwrite64,
    libc::SYS_pwritev,
    libc::SYS_read,
    libc::SYS_readlinkat,
    libc::SYS_readv,
    libc::SYS_statfs,
    libc::SYS_statx,
    libc::SYS_write,
    libc::SYS_writev,
    // Sockets that are inherited.
    libc::SYS_getpeername,
    libc::SYS_getsockname,
    libc::SYS_getsockopt,
    libc::SYS_recvfrom,
    libc::SYS_setsockopt,
    libc::SYS_shutdown,
];

/// Older variants of these calls, which newer architectures lack.
#[cfg(target_arch = "x86_64")]
const ALWAYS_OLDER: &[c_long] = &[
    libc::SYS_access,
    libc::SYS_arch_prctl,
    libc::SYS_dup2,
    libc::SYS_epoll_create,
    libc::SYS_epoll_wait,
    libc::SYS_getpgrp,
    libc::SYS_lstat,
    libc::SYS_open,
    libc::SYS_pause,
    libc::SYS_pipe,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_select,
    libc::SYS_stat,
    libc::SYS_time,
];
#[cfg(not(target_arch = "x86_64"))]
const ALWAYS_OLDER: &[c_long] = &[];

/// Calls for profiles with a writable folder.
const WRITING: &[c_long] = &[
    libc::SYS_copy_file_range,
    libc::SYS_fallocate,
    libc::SYS_fdatasync,
    libc::SYS_flock,
    libc::SYS_fsync,
    libc::SYS_ftruncate,
    libc::SYS_linkat,
    libc::SYS_mkdirat,
    libc::SYS_renameat2,
    libc::SYS_sendfile,
    libc::SYS_symlinkat,
    libc::SYS_truncate,
    libc::SYS_umask,
    libc::SYS_unlinkat,
];

#[cfg(target_arch = "x86_64")]
const WRITING_OLDER: &[c_long] = &[
    libc::SYS_link,
    libc::SYS_mkdir,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_rmdir,
    libc::SYS_symlink,
    libc::SYS_unlink,
];
#[cfg(not(target_arch = "x86_64"))]
const WRITING_OLDER: &[c_long] = &[];

/// Calls for a run that restrict the calling thread. A worker forbids them, among others, to the threads that
/// run lab code.
const CONFINING: &[c_long] =
    &[libc::SYS_landlock_add_rule, libc::SYS_landlock_create_ruleset, libc::SYS_landlock_restrict_self];

/// Calls for profiles with children: those of compilers, linkers and a shell.
const CHILDREN: &[c_long] = &[
    libc::SYS_chdir,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_fchdir,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_getitimer,
    libc::SYS_getpriority,
    libc::SYS_kill,
    libc::SYS_mlock,
    libc::SYS_munlock,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_send_signal,
    libc::SYS_recvmsg,
    libc::SYS_sched_setaffinity,
    libc::SYS_sendmsg,
    libc::SYS_setitimer,
    libc::SYS_setpgid,
    libc::SYS_setpriority,
    libc::SYS_setsid,
    libc::SYS_splice,
    libc::SYS_tgkill,
    libc::SYS_tkill,
    libc::SYS_utimensat,
    libc::SYS_wait4,
    libc::SYS_waitid,
];

#[cfg(target_arch = "x86_64")]
const CHILDREN_OLDER: &[c_long] = &[libc::SYS_alarm, libc::SYS_chmod, libc::SYS_fork, libc::SYS_vfork];
#[cfg(not(target_arch = "x86_64"))]
const CHILDREN_OLDER: &[c_long] = &[];

/// Calls that lab code may plausibly try: "not permitted" is clearer than "no such call".
const REFUSED: &[c_long] = &[
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_bind,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_connect,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_listen,
    libc::SYS_memfd_create,
    libc::SYS_mknodat,
    libc::SYS_mount,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_setns,
    libc::SYS_setresgid,
    libc::SYS_setresuid,
    libc::SYS_setrlimit,
    libc::SYS_socket,
    libc::SYS_unshare,
];

/// Calls of processes with children, refused in profiles without.
const REFUSED_CHILDREN: &[c_long] = &[
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_send_signal,
    libc::SYS_socketpair,
];

#[cfg(target_arch = "x86_64")]
const REFUSED_CHILDREN_OLDER: &[c_long] = &[libc::SYS_chmod, libc::SYS_fork, libc::SYS_vfork];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_CHILDREN_OLDER: &[c_long] = &[];

/// Uses of `fcntl` that concern the descriptor alone: none that sends signals to others.
const FCNTL: [libc::c_int; 13] = [
    libc::F_DUPFD,
    libc::F_DUPFD_CLOEXEC,
    libc::F_GETFD,
    libc::F_SETFD,
    libc::F_GETFL,
    libc::F_SETFL,
    libc::F_GETLK,
    libc::F_SETLK,
    libc::F_SETLKW,
    libc::F_GETPIPE_SZ,
    libc::F_OFD_GETLK,
    libc::F_OFD_SETLK,
    libc::F_OFD_SETLKW,
];

/// Uses of `ioctl` that ask, or concern the descriptor alone: none that types into a terminal.
const IOCTL: [u64; 6] =
    [libc::TCGETS, libc::TIOCGWINSZ, libc::FIONBIO, libc::FIONREAD, libc::FIOCLEX, libc::FIONCLEX];

/// Uses of `prctl` that name things and ask: none that would let the process outlive its parent.
const PRCTL: [libc::c_int; 6] = [
    libc::PR_SET_NAME,
    libc::PR_GET_NAME,
    libc::PR_SET_VMA,
    libc::PR_CAPBSET_READ,
    libc::PR_GET_DUMPABLE,
    libc::PR_GET_NO_NEW_PRIVS,
];

/// Flags of namespaces, in which a new process could gain capabilities. (`CLONE_NEWTIME` cannot be passed to
/// this call.)
const NAMESPACES: libc::c_int = libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP;

/// The calls that the profile allows. `clone3` is not allowed, because a filter cannot inspect its arguments:
/// libraries then use `clone`.
pub(super) fn allowed(profile: &Profile) -> Rules {
    let mut rules = always(&[ALWAYS, ALWAYS_OLDER]);
    rules.insert(libc::SYS_fcntl, FCNTL.iter().map(|&it| equal(1, it)).collect());
    rules.insert(libc::SYS_ioctl, IOCTL.iter().map(|&it| argument(1, Dword, SeccompCmpOp::Eq, it)).collect());
    rules.insert(libc::SYS_prctl, PRCTL.iter().map(|&it| equal(0, it)).collect());
    // Limits can be read, not set; messages go to the connected peer, not to an address.
    rules.insert(libc::SYS_prlimit64, vec![argument(2, Qword, SeccompCmpOp::Eq, 0)]);
    rules.insert(libc::SYS_sendto, vec![argument(4, Qword, SeccompCmpOp::Eq, 0)]);
    if !profile.writable.is_empty() {
        rules.extend(always(&[WRITING, WRITING_OLDER]));
    }
    if profile.children {
        rules.extend(always(&[CHILDREN, CHILDREN_OLDER]));
        rules.insert(libc::SYS_clone, vec![masked(0, NAMESPACES, 0)]);
        rules.insert(libc::SYS_socketpair, vec![equal(0, libc::AF_UNIX)]);
    } else {
        let itself = u64::from(std::process::id());
        for kill in [libc::SYS_kill, libc::SYS_tgkill] {
            rules.insert(kill, vec![argument(0, Dword, SeccompCmpOp::Eq, itself)]);
        }
        let thread = libc::CLONE_THREAD | libc::CLONE_VM;
        rules.insert(libc::SYS_clone, vec![masked(0, thread | NAMESPACES, thread)]);
        rules.extend(always(&[CONFINING]));
        // No flags: the filter applies to the calling thread only.
        let is = |index, value: libc::c_uint| {
            SeccompCondition::new(index, Dword, SeccompCmpOp::Eq, value.into())
                .expect("a call has six arguments")
        };
        let filter = vec![is(0, libc::SECCOMP_SET_MODE_FILTER), is(1, 0)];
        rules.insert(libc::SYS_seccomp, vec![SeccompRule::new(filter).expect("it has conditions")]);
        rules.entry(libc::SYS_prctl).or_default().push(equal(0, libc::PR_SET_NO_NEW_PRIVS));
        // Another filter limits this to one use.
        rules.extend(always(&[&[libc::SYS_execveat]]));
    }
    rules
}

/// The calls that fail with "not permitted" rather than "no such call".
pub(super) fn refused(profile: &Profile) -> Rules {
    let mut rules = always(&[REFUSED]);
    rules.insert(libc::SYS_prlimit64, vec![argument(2, Qword, SeccompCmpOp::Ne, 0)]);
    if !profile.children {
        rules.extend(always(&[REFUSED_CHILDREN, REFUSED_CHILDREN_OLDER]));
        rules.insert(libc::SYS_clone, vec![masked(0, libc::CLONE_THREAD, 0)]);
        let itself = u64::from(std::process::id());
        for kill in [libc::SYS_kill, libc::SYS_tgkill] {
            rules.insert(kill, vec![argument(0, Dword, SeccompCmpOp::Ne, itself)]);
        }
    }
    rules
}

fn always(lists: &[&[c_long]]) -> Rules {
    lists.iter().copied().flatten().map(|&call| (call, Vec::new())).collect()
}

fn equal(index: u8, value: libc::c_int) -> SeccompRule {
    argument(index, Dword, SeccompCmpOp::Eq, u64::from(value.cast_unsigned()))
}

fn masked(index: u8, mask: libc::c_int, value: libc::c_int) -> SeccompRule {
    let (mask, value) = (u64::from(mask.cast_unsigned()), u64::from(value.cast_unsigned()));
    argument(index, Qword, SeccompCmpOp::MaskedEq(mask), value)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::sandbox::Build;

    pub(in super::super) fn build() -> Profile {
        Profile::build(&Build {
            toolchain: "/toolchain".into(),
            cargo_home: "/cargo".into(),
            workspace: "/workspace".into(),
            target: "/target".into(),
        })
    }

    #[test]
    fn no_profile_allows_calls_with_uninspectable_arguments() {
        let hidden = [
            libc::SYS_clone3,
            libc::SYS_io_uring_setup,
            libc::SYS_io_uring_enter,
            libc::SYS_io_uring_register,
        ];
        for profile in [Profile::run("/bin/true".as_ref()), build()] {
            let allowed = allowed(&profile);
            for call in hidden.iter().chain(REFUSED) {
                assert!(!allowed.contains_key(call), "call {call} is allowed");
            }
        }
    }
}
