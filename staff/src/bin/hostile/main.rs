//! Does on demand what a submission must not be able to do: `hostile DEED [ON WHAT]`. It ends with 0 if the
//! deed is done, and with 3 and the system's word if it is refused. The tests of the sandbox start it, within
//! and without.

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
    let deed = args.first().map_or("", String::as_str);
    let on = args.get(1).map_or("", String::as_str);
    if deed == "grade" {
        grader::grade(on, &args[2..]);
    }
    let outcome = network::attempt(deed, on)
        .or_else(|| files::attempt(deed, on))
        .or_else(|| processes::attempt(deed, on))
        .or_else(|| resources::attempt(deed))
        .unwrap_or_else(|| panic!("there is no deed {deed:?}"));
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
