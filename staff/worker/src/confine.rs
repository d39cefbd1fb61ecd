//! The confinement of the threads that run untrusted lab code: they cannot use the harness's connection or
//! the files of the process.
//!
//! Lab code and harness are one process, and the compiler has bugs by which code without `unsafe` reaches
//! arbitrary memory. So the process's own sandbox, in which the harness must work, is not enough. The kernel
//! can confine a single thread. A simulation has an OS thread of its own, and this thread
//!
//! - is killed, with the process, by any use of the connection to the parent;
//! - opens no file but the program and the system's libraries, which backtraces need: not its own memory, and
//!   not the list of open files;
//! - creates no descriptors, whose numbers would be a covert channel between servers;
//! - cannot confine itself further, which could affect other threads.
//!
//! Threads that it starts are confined in the same way.

#[cfg(target_os = "linux")]
mod system {
    use std::collections::BTreeMap;
    use std::env::consts::ARCH;
    use std::os::fd::RawFd;
    use std::path::Path;
    use std::sync::OnceLock;

    use landlock::{
        ABI, Access, AccessFs, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
        RulesetCreated, RulesetCreatedAttr, RulesetStatus,
    };
    use libc::c_long;
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule, TargetArch, apply_filter,
    };

    /// The restrictions of a thread.
    struct Confinement {
        files: RulesetCreated,
        calls: Vec<BpfProgram>,
    }

    static CONFINEMENT: OnceLock<Confinement> = OnceLock::new();

    /// Calls with a descriptor as argument number 0 or 2.
    const OF_DESCRIPTORS: [(usize, &[c_long]); 2] = [
        (
            0,
            &[
                libc::SYS_close,
                libc::SYS_fcntl,
                libc::SYS_getpeername,
                libc::SYS_getsockname,
                libc::SYS_getsockopt,
                libc::SYS_ioctl,
                libc::SYS_pread64,
                libc::SYS_preadv,
                libc::SYS_pwrite64,
                libc::SYS_pwritev,
                libc::SYS_read,
                libc::SYS_readv,
                libc::SYS_recvfrom,
                libc::SYS_recvmsg,
                libc::SYS_sendmsg,
                libc::SYS_sendto,
                libc::SYS_setsockopt,
                libc::SYS_shutdown,
                libc::SYS_write,
                libc::SYS_writev,
            ],
        ),
        (2, &[libc::SYS_epoll_ctl]),
    ];

    /// Calls that create descriptors.
    const CREATING: &[c_long] = &[
        libc::SYS_dup,
        libc::SYS_dup3,
        libc::SYS_epoll_create1,
        libc::SYS_eventfd2,
        libc::SYS_memfd_create,
        libc::SYS_pipe2,
        libc::SYS_timerfd_create,
    ];

    #[cfg(target_arch = "x86_64")]
    const CREATING_OLDER: &[c_long] = &[libc::SYS_dup2, libc::SYS_epoll_create, libc::SYS_pipe];
    #[cfg(not(target_arch = "x86_64"))]
    const CREATING_OLDER: &[c_long] = &[];

    /// Calls that affect other threads, or all descriptors.
    const BEYOND: &[c_long] = &[
        libc::SYS_close_range,
        libc::SYS_landlock_add_rule,
        libc::SYS_landlock_create_ruleset,
        libc::SYS_landlock_restrict_self,
        libc::SYS_seccomp,
    ];

    /// Files that backtraces need.
    const READABLE: [&str; 5] = ["/proc/self/exe", "/lib", "/lib64", "/usr/lib", "/usr/lib64"];

    type Rules = BTreeMap<i64, Vec<SeccompRule>>;

    pub(crate) fn confine_simulations(connection: [RawFd; 2]) -> Result<(), String> {
        let confinement = Confinement { files: files()?, calls: calls(connection)? };
        if CONFINEMENT.set(confinement).is_err() {
            return Err("simulations are confined already".to_owned());
        }
        labrt::world::confine_simulations(confine);
        Ok(())
    }

    /// Confines the calling thread.
    ///
    /// # Panics
    ///
    /// Panics if the kernel refuses: no lab code may run then.
    fn confine() {
        let Confinement { files, calls } = CONFINEMENT.get().expect("it is set before the first run");
        let status = files.try_clone().expect("one more descriptor").restrict_self();
        let status = status.expect("a thread of a run gives up files");
        assert_ne!(status.ruleset, RulesetStatus::NotEnforced, "a thread of a run gives up files");
        for filter in calls {
            apply_filter(filter).expect("a thread of a run gives up calls of the system");
        }
    }

    fn files() -> Result<RulesetCreated, String> {
        let text = |error: landlock::RulesetError| error.to_string();
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(ABI::V3))
            .and_then(Ruleset::create)
            .map_err(text)?;
        for path in READABLE.into_iter().filter(|path| Path::new(path).exists()) {
            let opened = PathFd::new(path).map_err(|error| format!("{path}: {error}"))?;
            rules = rules.add_rule(PathBeneath::new(opened, AccessFs::ReadFile)).map_err(text)?;
        }
        Ok(rules)
    }

    fn calls(connection: [RawFd; 2]) -> Result<Vec<BpfProgram>, String> {
        let mut killing = always(&[BEYOND]);
        for (argument, calls) in OF_DESCRIPTORS {
            for &call in calls {
                killing.insert(call, connection.map(|fd| equal(argument, fd)).to_vec());
            }
        }
        let mut refused = always(&[CREATING, CREATING_OLDER]);
        refused
            .insert(libc::SYS_fcntl, [libc::F_DUPFD, libc::F_DUPFD_CLOEXEC].map(|it| equal(1, it)).to_vec());
        let not_permitted = libc::EPERM.cast_unsigned();
        Ok(vec![
            compile(refused, SeccompAction::Errno(not_permitted))?,
            compile(killing, SeccompAction::KillProcess)?,
        ])
    }

    fn always(lists: &[&[c_long]]) -> Rules {
        lists.iter().copied().flatten().map(|&call| (call, Vec::new())).collect()
    }

    fn equal(argument: usize, value: libc::c_int) -> SeccompRule {
        let argument = u8::try_from(argument).expect("a call has six arguments");
        let value = u64::from(value.cast_unsigned());
        let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value);
        SeccompRule::new(vec![condition.expect("a call has six arguments")]).expect("it has a condition")
    }

    fn compile(rules: Rules, action: SeccompAction) -> Result<BpfProgram, String> {
        let arch = TargetArch::try_from(ARCH).map_err(|_| format!("no filters for {ARCH}"))?;
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, action, arch);
        let filter = filter.map_err(|error| error.to_string())?;
        filter.try_into().map_err(|error: seccompiler::BackendError| error.to_string())
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::os::fd::RawFd;

    pub(crate) fn confine_simulations(_: [RawFd; 2]) -> Result<(), String> {
        Err("only Linux confines single threads".to_owned())
    }
}

/// Confines the OS thread of every simulation that this process starts from now on. `connection` are the
/// descriptors of the worker's connection to its parent.
pub(crate) use system::confine_simulations;
