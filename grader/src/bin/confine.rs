//! Confines itself and becomes a program: `confine PROFILE -- PROGRAM ARGUMENTS...`, as `grader::sandbox`
//! writes it.

#[cfg(target_os = "linux")]
fn main() {
    let args: Vec<std::ffi::OsString> = std::env::args_os().skip(1).collect();
    grader::sandbox::enter(&args)
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("{}", grader::sandbox::SandboxError::NotLinux);
    std::process::exit(grader::sandbox::LAUNCH_FAILED)
}
