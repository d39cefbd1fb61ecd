//! Attempts actions that a submission must not be able to do: `hostile ACTION [TARGET]`. The exit status is 0
//! if the action succeeds, and 3 with the system's error if it is refused. The tests of the sandbox run it
//! inside and outside of a sandbox.

#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod grader;
#[cfg(target_os = "linux")]
mod network;
#[cfg(target_os = "linux")]
mod processes;
#[cfg(target_os = "linux")]
mod resources;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let action = args.first().map_or("", String::as_str);
    let on = args.get(1).map_or("", String::as_str);
    if action == "grade" {
        grader::grade(on, &args[2..]);
    }
    let outcome = network::attempt(action, on)
        .or_else(|| files::attempt(action, on))
        .or_else(|| processes::attempt(action, on))
        .or_else(|| resources::attempt(action))
        .unwrap_or_else(|| panic!("there is no action {action:?}"));
    match outcome {
        Ok(()) => {
            println!("done");
            0.into()
        }
        Err(error) => {
            println!("refused: {error}");
            3.into()
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {}
