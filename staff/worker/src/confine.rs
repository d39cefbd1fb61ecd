//! What a worker takes from the threads that run lab code of strangers: the harness's connection, and the
//! files of the process itself.
//!
//! Lab code and harness are one process, and the compiler has errors by which code without `unsafe` reaches
//! any memory. So the process's own sandbox, in which the harness must do its work, is not enough. The kernel
//! can confine a single thread: a simulation has an OS thread of its own, and this thread
//!
//! - is ended, with the process, by any use of the connection to the parent;
//! - opens no file but the program and the system's libraries, which backtraces are made of: not its own
//!   memory and not the list of open files;
//! - makes no new descriptors, whose numbers servers could tell each other something by;
//! - confines itself no further, for that could concern the others.
//!
//! What it starts is confined as it is.

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

    /// What a thread takes upon itself.
    struct Confinement {
        files: RulesetCreated,
        calls: Vec<BpfProgram>,
    }

    static CONFINEMENT: OnceLock<Confinement> = OnceLock::new();

    /// Calls whose argument of this number, from 0, is a descriptor.
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

    /// What makes descriptors.
    const MAKING: &[c_long] = &[
        libc::SYS_dup,
        libc::SYS_dup3,
        libc::SYS_epoll_create1,
        libc::SYS_eventfd2,
        libc::SYS_memfd_create,
        libc::SYS_pipe2,
        libc::SYS_timerfd_create,
    ];

    #[cfg(target_arch = "x86_64")]
    const MAKING_OLDER: &[c_long] = &[libc::SYS_dup2, libc::SYS_epoll_create, libc::SYS_pipe];
    #[cfg(not(target_arch = "x86_64"))]
    const MAKING_OLDER: &[c_long] = &[];

    /// What concerns other threads, or all descriptors.
    const BEYOND: &[c_long] = &[
        libc::SYS_close_range,
        libc::SYS_landlock_add_rule,
        libc::SYS_landlock_create_ruleset,
        libc::SYS_landlock_restrict_self,
        libc::SYS_seccomp,
    ];

    /// What backtraces are made of.
    const READABLE: [&str; 5] = ["/proc/self/exe", "/lib", "/lib64", "/usr/lib", "/usr/lib64"];

    type Rules = BTreeMap<i64, Vec<SeccompRule>>;

    pub(crate) fn confine_simulations(connection: [RawFd; 2]) -> Result<(), String> {
        let confinement = Confinement { files: files()?, calls: calls(connection)? };
        if CONFINEMENT.set(confinement).is_err() {
            return Err("they are confined already".to_owned());
        }
        labrt::world::confine_simulations(confine);
        Ok(())
    }

    /// Confines the calling thread.
    ///
    /// # Panics
    ///
    /// Panics if the kernel does not let it: no lab code may run then.
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
        let mut ended = always(&[BEYOND]);
        for (argument, calls) in OF_DESCRIPTORS {
            for &call in calls {
                ended.insert(call, connection.map(|fd| equal(argument, fd)).to_vec());
            }
        }
        let mut refused = always(&[MAKING, MAKING_OLDER]);
        refused
            .insert(libc::SYS_fcntl, [libc::F_DUPFD, libc::F_DUPFD_CLOEXEC].map(|it| equal(1, it)).to_vec());
        let not_permitted = libc::EPERM.cast_unsigned();
        Ok(vec![
            compile(refused, SeccompAction::Errno(not_permitted))?,
            compile(ended, SeccompAction::KillProcess)?,
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

/// Has every simulation of this process that begins from now on confined in its OS thread. `connection`: the
/// descriptors by which the worker talks to its parent.
pub(crate) use system::confine_simulations;
