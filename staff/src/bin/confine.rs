//! A launcher: confines itself and executes a program: `confine PROFILE -- PROGRAM ARGUMENTS...`, as
//! `staff::sandbox` writes the command.

#[cfg(target_os = "linux")]
fn main() {
    let args: Vec<std::ffi::OsString> = std::env::args_os().skip(1).collect();
    staff::sandbox::enter(&args)
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("{}", staff::sandbox::SandboxError::NotLinux);
    std::process::exit(staff::sandbox::LAUNCH_FAILED)
}
