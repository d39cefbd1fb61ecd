//! What the tests have in common: the programs where everyone can start them, and the sandboxes of root and of an ordinary user.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use staff::sandbox::{Limits, Profile, Sandbox, SandboxError};
use tempfile::TempDir;

/// Nobody's number.
const ORDINARY: &str = "61234";

/// A user, the user's sandbox, and a folder for one test.
pub(crate) struct Stage {
    pub(crate) who: &'static str,
    /// What starts a program as this user.
    before: Vec<OsString>,
    pub(crate) launcher: Vec<OsString>,
    pub(crate) sandbox: Sandbox,
    /// Where the user can write, outside of the sandbox.
    pub(crate) outside: PathBuf,
    /// Where a profile may let a process write.
    pub(crate) scratch: PathBuf,
    pub(crate) hostile: PathBuf,
    _folder: TempDir,
}

/// One for each user that there can be, if sandboxes work here at all.
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

/// Copies a program, in another process: what this one has open for writing, those have open too that other tests start
/// meanwhile, and the system starts no program that somebody may write to.
pub(crate) fn copy_program(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg(from).arg(to).status().expect("`cp` is there").success(), "not copied");
}

fn open_to_all(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("set");
}

impl Stage {
    /// The profile of a run, with less of everything than the deeds take.
    pub(crate) fn run(&self) -> Profile {
        let limits = Limits { memory: 2 << 30, cpu_seconds: 1, processes: 50, file: 1 << 20, open_files: 64 };
        Profile { limits, ..Profile::run(&self.hostile) }.with_scratch(&self.scratch)
    }

    /// A profile in which programs can be started: all that a build needs, on a folder of its own.
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

    /// The same user without a sandbox, in the same folder.
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

    /// The deed is done outside, and in the sandbox it is refused, by an answer and not by an end.
    pub(crate) fn refused(&self, profile: &Profile, deed: &[&str]) {
        self.done(self.free(), deed);
        let said = output(self.confined(profile), deed);
        self.expect(&said, "refused: ", deed);
        assert_eq!(said.status.code(), Some(3), "{}: {deed:?}: {said:?}", self.who);
    }

    /// The deed is done outside, and in the sandbox the process is killed for it.
    pub(crate) fn killed(&self, profile: &Profile, deed: &[&str], signal: nix::sys::signal::Signal) {
        self.done(self.free(), deed);
        let said = output(self.confined(profile), deed);
        assert_eq!(said.status.signal(), Some(signal as i32), "{}: {deed:?}: {said:?}", self.who);
    }

    pub(crate) fn done(&self, command: Command, deed: &[&str]) {
        let said = output(command, deed);
        assert!(said.status.success(), "{}: {deed:?} should work here: {said:?}", self.who);
    }

    fn expect(&self, said: &Output, begin: &str, deed: &[&str]) {
        let text = String::from_utf8_lossy(&said.stdout);
        assert!(text.lines().any(|line| line.starts_with(begin)), "{}: {deed:?}: {said:?}", self.who);
    }
}

pub(crate) fn output(mut command: Command, deed: &[&str]) -> Output {
    command.args(deed).stdin(Stdio::null()).output().expect("started")
}

/// A path as a word of a deed.
pub(crate) fn word(path: &Path) -> &str {
    path.to_str().expect("a path of ASCII letters")
}
