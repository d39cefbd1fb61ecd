//! Attempts to start, kill and trace processes, and to gain privileges.

use std::fs;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, setsid};

pub(super) fn attempt(action: &str, on: &str) -> Option<io::Result<()>> {
    let pid = || Pid::from_raw(on.parse().expect("the number of a process"));
    Some(match action {
        "start a program" => Command::new("/bin/true").status().map(drop),
        "become a program" => Err(Command::new("/bin/true").exec()),
        "become itself again" => Err(Command::new("/proc/self/exe").arg("do nothing").exec()),
        "do nothing" => Ok(()),
        "have many children" => many_children(on.parse().expect("a number")),
        "leave a child behind" => leave_a_child(),
        "stay" => own_number().and_then(|()| stay()),
        "outlive the parent" => outlive(),
        "kill" => kill(pid(), Signal::SIGKILL).map_err(Into::into),
        "trace" => ptrace::seize(pid(), ptrace::Options::empty()).map_err(Into::into),
        "abort" => std::process::abort(),
        "be root" => {
            if rustix::process::geteuid().is_root() {
                Ok(())
            } else {
                Err(io::Error::other("it is not root"))
            }
        }
        "have a user namespace" => unshare(CloneFlags::CLONE_NEWUSER).map_err(Into::into),
        "have a mount namespace" => unshare(CloneFlags::CLONE_NEWNS).map_err(Into::into),
        "mount" => {
            let nothing = None::<&str>;
            mount(nothing, on, Some("tmpfs"), MsFlags::empty(), nothing).map_err(Into::into)
        }
        _ => return None,
    })
}

/// Starts `count` children that run at the same time.
fn many_children(count: usize) -> io::Result<()> {
    let mut children = Vec::new();
    let mut outcome = Ok(());
    for _ in 0..count {
        let stay = Command::new("/proc/self/exe").arg("stay").stdout(Stdio::null()).spawn();
        match stay {
            Ok(child) => children.push(child),
            Err(error) => {
                outcome = Err(error);
                break;
            }
        }
    }
    for child in &mut children {
        child.kill()?;
        child.wait()?;
    }
    outcome
}

/// Starts a child in a session of its own and prints its process id.
fn leave_a_child() -> io::Result<()> {
    let mut child = Command::new("/proc/self/exe");
    child
        .arg("outlive the parent")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    println!("{}", fs::read_to_string("/proc/thread-self/children")?.trim());
    thread::sleep(Duration::from_millis(100));
    Ok(())
}

/// Tries to survive the parent: leaves its session and clears the death signal.
fn outlive() -> io::Result<()> {
    let _ = setsid();
    let _ = rustix::process::set_parent_process_death_signal(None);
    own_number()?;
    stay()
}

/// Prints the process id as seen in the outermost namespace; inside a namespace it is another.
fn own_number() -> io::Result<()> {
    println!("{}", fs::read_link("/proc/self")?.display());
    io::stdout().flush()
}

/// Sleeps for a minute: a test that fails leaves this process behind, but not for ever.
fn stay() -> io::Result<()> {
    thread::sleep(Duration::from_secs(60));
    Ok(())
}
