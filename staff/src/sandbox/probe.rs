//! The probe of the sandbox: a process in it attempts forbidden operations.

use std::fs::File;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::UnixDatagram;

/// The output of a probe in which no forbidden operation succeeded.
pub(super) const HOLDS: &str = "the sandbox holds";

/// Attempts operations that no profile allows, and prints those that succeeded, a line each.
pub(super) fn probe() {
    let tries = [
        ("read the list of users", File::open("/etc/passwd").is_ok()),
        ("list the root of all files", std::fs::read_dir("/").is_ok()),
        ("listen to the network", TcpListener::bind("127.0.0.1:0").is_ok()),
        ("send into the network", UdpSocket::bind("127.0.0.1:0").is_ok()),
        ("open a local socket", UnixDatagram::unbound().is_ok()),
        ("have the powers of root", has_capabilities()),
        ("gain privileges", !rustix::thread::no_new_privs().unwrap_or(false)),
        ("write core files", rustix::process::getrlimit(rustix::process::Resource::Core).maximum != Some(0)),
    ];
    let worked: Vec<&str> = tries.iter().filter(|(_, worked)| *worked).map(|(name, _)| *name).collect();
    println!("{}", if worked.is_empty() { HOLDS.to_owned() } else { worked.join("\n") });
}

fn has_capabilities() -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return true };
    let sets = status.lines().filter(|line| line.starts_with("CapPrm") || line.starts_with("CapEff"));
    sets.into_iter().any(|line| line.chars().skip(8).any(|digit| digit.is_ascii_hexdigit() && digit != '0'))
}
