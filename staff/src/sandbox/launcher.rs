//! [`enter`]: the confinement of a launcher before it executes the program.

use std::convert::Infallible;
use std::env;
use std::ffi::{CString, OsString};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus};

use nix::fcntl::AtFlags;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{execveat, getpid};

use super::files::Rules;
use super::order::{Order, PROBE};
use super::{LAUNCH_FAILED, Step, calls, identity, lifetime, probe};

/// The reason why a launcher cannot execute the program.
struct Failure {
    step: Step,
    cause: String,
}

fn at<E: fmt::Display>(step: Step) -> impl FnOnce(E) -> Failure {
    move |cause| Failure { step, cause: cause.to_string() }
}

/// Confines this process and executes the program in `args`: a profile, then `--`, the program, and its
/// arguments, as [`super::Sandbox::command`] writes them. `args` must be the last of this process's
/// arguments, and the process must have one thread.
///
/// It does not return. An error before the program starts is printed as one line on the standard error, and
/// the process ends with the status [`LAUNCH_FAILED`].
pub fn enter(args: &[OsString]) -> ! {
    if args.first().is_some_and(|first| first == PROBE) {
        probe::probe();
        std::process::exit(0);
    }
    let Err(Failure { step, cause }) = become_program(args);
    eprintln!("sandbox: {step}: {}", cause.replace('\n', " "));
    std::process::exit(LAUNCH_FAILED)
}

fn become_program(args: &[OsString]) -> Result<Infallible, Failure> {
    let [order, dashes, program, ..] = args else {
        return Err(at(Step::Profile)("expected PROFILE -- PROGRAM ARGUMENTS..."));
    };
    if dashes != "--" {
        return Err(at(Step::Profile)("`--` is missing"));
    }
    let order: Order = serde_json::from_slice(order.as_encoded_bytes()).map_err(at(Step::Profile))?;
    lifetime::die_with_parent(order.parent).map_err(at(Step::Lifetime))?;
    close_fds::set_fds_cloexec(3, &[]);

    let profile = &order.profile;
    if profile.children && order.namespaces && !order.inside {
        identity::own_namespaces().map_err(at(Step::Identity))?;
        identity::bound_capabilities().map_err(at(Step::Capabilities))?;
        return supervise(order, args);
    }
    let program = open(Path::new(program)).map_err(at(Step::Program))?;
    let rules = Rules::new(profile).map_err(at(Step::Files))?;
    env::set_current_dir(&profile.directory)
        .map_err(|error| at(Step::Directory)(format!("{}: {error}", profile.directory.display())))?;
    let (variables, arguments) = (variables(), arguments(&args[2..]).map_err(at(Step::Profile))?);
    if identity::is_root() {
        identity::bound_capabilities().map_err(at(Step::Capabilities))?;
    }
    // While still root, which may lower any limit; the lower limit then applies to the other user.
    profile.limits.enter().map_err(at(Step::Limits))?;
    if !profile.children {
        if identity::is_root() {
            identity::step_down(&profile.writable).map_err(at(Step::Identity))?;
        } else if order.namespaces {
            identity::own_count().map_err(at(Step::Identity))?;
        }
    }
    identity::bound_capabilities().map_err(at(Step::Capabilities))?;
    identity::drop_capabilities().map_err(at(Step::Capabilities))?;
    lifetime::die_with_parent(order.parent).map_err(at(Step::Lifetime))?;
    rules.enter().map_err(at(Step::Files))?;

    // An allocation of its own: the filter allows `execveat` with this address only.
    let itself = CString::default();
    calls::enter(profile, &itself).map_err(at(Step::Calls))?;
    execveat(&program, &itself, &arguments, &variables, AtFlags::AT_EMPTY_PATH).map_err(at(Step::Start))
}

/// Opens a program so that it can be executed even if the folders above it become inaccessible.
fn open(program: &Path) -> Result<File, String> {
    let path = rustix::fs::OFlags::PATH.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(path).open(program);
    file.map_err(|error| format!("{}: {error}", program.display()))
}

fn arguments(args: &[OsString]) -> Result<Vec<CString>, std::ffi::NulError> {
    args.iter().map(|arg| CString::new(arg.clone().into_vec())).collect()
}

/// This process's environment, which its parent has chosen.
fn variables() -> Vec<CString> {
    let join = |(name, value): (OsString, OsString)| [name.into_vec(), value.into_vec()].join(&b'=');
    env::vars_os().filter_map(|variable| CString::new(join(variable)).ok()).collect()
}

/// Starts this launcher again as the first process of the process namespace, and ends as that one ends. When
/// this process is killed, so are that one and all others in the namespace.
fn supervise(order: Order, args: &[OsString]) -> Result<Infallible, Failure> {
    let own: Vec<OsString> = env::args_os().collect();
    let before = own.len().saturating_sub(args.len());
    let order = Order { inside: true, parent: std::process::id(), ..order };
    let order = serde_json::to_string(&order).map_err(at(Step::Profile))?;
    let mut command = Command::new("/proc/self/exe");
    command.arg0(&own[0]).args(&own[1..before]).arg(order).args(&args[1..]);
    let status = command.status().map_err(at(Step::Start))?;
    end_like(status)
}

/// Ends with the status or signal of another process.
fn end_like(status: ExitStatus) -> ! {
    if let Some(signal) = status.signal().and_then(|number| Signal::try_from(number).ok()) {
        // Twice: the first `SIGSEGV` only removes the handler that the standard library has for it.
        for _ in 0..2 {
            let _ = kill(getpid(), signal);
        }
    }
    std::process::exit(status.code().unwrap_or(LAUNCH_FAILED))
}
