//! The fixture of the tests: the programs where everyone can execute them, and the sandboxes of root and of
//! an ordinary user.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use staff::sandbox::{Limits, Profile, Sandbox, SandboxError};
use tempfile::TempDir;

/// A user id without an account.
const ORDINARY: &str = "61234";

/// A user, the user's sandbox, and a folder for one test.
pub(crate) struct Stage {
    pub(crate) who: &'static str,
    /// The command prefix that starts a program as this user.
    before: Vec<OsString>,
    pub(crate) launcher: Vec<OsString>,
    pub(crate) sandbox: Sandbox,
    /// A folder outside of the sandbox that the user can write.
    pub(crate) outside: PathBuf,
    /// A folder that a profile may make writable.
    pub(crate) scratch: PathBuf,
    pub(crate) hostile: PathBuf,
    _folder: TempDir,
}

/// A stage for each available user, if sandboxes work here at all.
pub(crate) fn stages() -> Vec<Stage> {
    let root = rustix::process::geteuid().is_root();
    let mut users = vec![(if root { "root" } else { "an ordinary user" }, vec![])];
    if root {
        let become_ordinary = ["setpriv", "--reuid", ORDINARY, "--regid", ORDINARY, "--clear-groups", "--"];
        users.push(("an ordinary user", become_ordinary.map(OsString::from).to_vec()));
    } else {
        eprintln!("skipped: what root may do, since this is not root");
    }
    users.into_iter().filter_map(|(who, before)| stage(who, before)).collect()
}

fn stage(who: &'static str, before: Vec<OsString>) -> Option<Stage> {
    let folder = tempfile::tempdir().expect("a folder");
    open_to_all(folder.path());
    let copy = |from: &str, name: &str| {
        let to = folder.path().join(name);
        copy_program(Path::new(from), &to);
        open_to_all(&to);
        to
    };
    let confine = copy(env!("CARGO_BIN_EXE_confine"), "confine");
    let hostile = copy(env!("CARGO_BIN_EXE_hostile"), "hostile");
    let folders = ["outside", "scratch"].map(|name| {
        let path = folder.path().join(name);
        fs::create_dir(&path).expect("made");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).expect("set");
        path
    });
    let [outside, scratch] = folders;
    let launcher: Vec<_> = before.iter().cloned().chain([confine.into_os_string()]).collect();
    match Sandbox::detect(&launcher) {
        Ok(sandbox) => {
            Some(Stage { who, before, launcher, sandbox, outside, scratch, hostile, _folder: folder })
        }
        Err(error @ (SandboxError::NotLinux | SandboxError::Unavailable { .. })) => {
            eprintln!("skipped for {who}: {error}");
            None
        }
        Err(error) => panic!("{who}: {error}"),
    }
}

/// Copies a program, in another process. A file that this process has open for writing is also open in
/// children of tests that run at the same time, and the kernel executes no file that is open for writing.
pub(crate) fn copy_program(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg(from).arg(to).status().expect("`cp` is there").success(), "not copied");
}

fn open_to_all(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("set");
}

impl Stage {
    /// The profile of a run, with limits below what the actions need.
    pub(crate) fn run(&self) -> Profile {
        let limits = Limits { memory: 2 << 30, cpu_seconds: 1, processes: 50, file: 1 << 20, open_files: 64 };
        Profile { limits, ..Profile::run(&self.hostile) }.with_scratch(&self.scratch)
    }

    /// A profile that allows starting programs: the permissions of a build, with a folder of its own.
    pub(crate) fn build(&self) -> Profile {
        let run = self.run();
        let system = ["/usr", "/bin", "/lib", "/lib64"].map(PathBuf::from);
        Profile {
            children: true,
            writable: run.writable.into_iter().chain([PathBuf::from("/dev/null")]).collect(),
            executable: run
                .executable
                .into_iter()
                .chain(system.into_iter().filter(|it| it.exists()))
                .collect(),
            limits: Limits { memory: 4 << 30, ..run.limits },
            ..run
        }
    }

    /// A command without a sandbox, for the same user and folder.
    pub(crate) fn free(&self) -> Command {
        let words: Vec<_> =
            self.before.iter().chain([self.hostile.as_os_str().to_owned()].iter()).cloned().collect();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir(&self.scratch);
        command
    }

    pub(crate) fn confined(&self, profile: &Profile) -> Command {
        self.sandbox.command(profile, &self.hostile).expect("a command")
    }

    /// Expects the action to succeed outside of the sandbox, and to be refused inside with an error.
    pub(crate) fn refused(&self, profile: &Profile, action: &[&str]) {
        self.done(self.free(), action);
        let result = output(self.confined(profile), action);
        self.expect(&result, "refused: ", action);
        assert_eq!(result.status.code(), Some(3), "{}: {action:?}: {result:?}", self.who);
    }

    /// Expects the action to succeed outside of the sandbox, and the process to be killed for it inside.
    pub(crate) fn killed(&self, profile: &Profile, action: &[&str], signal: nix::sys::signal::Signal) {
        self.done(self.free(), action);
        let result = output(self.confined(profile), action);
        assert_eq!(result.status.signal(), Some(signal as i32), "{}: {action:?}: {result:?}", self.who);
    }

    pub(crate) fn done(&self, command: Command, action: &[&str]) {
        let result = output(command, action);
        assert!(result.status.success(), "{}: {action:?} should work here: {result:?}", self.who);
    }

    fn expect(&self, result: &Output, begin: &str, action: &[&str]) {
        let text = String::from_utf8_lossy(&result.stdout);
        assert!(text.lines().any(|line| line.starts_with(begin)), "{}: {action:?}: {result:?}", self.who);
    }
}

pub(crate) fn output(mut command: Command, action: &[&str]) -> Output {
    command.args(action).stdin(Stdio::null()).output().expect("started")
}

/// A path as an argument of an action.
pub(crate) fn word(path: &Path) -> &str {
    path.to_str().expect("a path of ASCII letters")
}
