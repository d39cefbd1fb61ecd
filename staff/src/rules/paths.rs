//! The paths that lab code may use.

use super::Rule;

/// The continuation of a path after its last name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// None.
    Plain,
    /// `::*`
    Glob,
    /// `as name`, in an import.
    As(String),
}

/// The number of names that decide the meaning of a path that begins with a crate.
pub(super) const LONGEST: usize = 8;

/// Modules of std without side effects, and its macros. Modules that are partly allowed are in [`of_std`].
const PURE: [&str; 76] = [
    "any",
    "array",
    "ascii",
    "assert",
    "assert_eq",
    "assert_ne",
    "borrow",
    "boxed",
    "cell",
    "char",
    "clone",
    "cmp",
    "collections",
    "column",
    "concat",
    "convert",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "default",
    "eprint",
    "eprintln",
    "error",
    "f32",
    "f64",
    "file",
    "fmt",
    "format",
    "format_args",
    "future",
    "hash",
    "hint",
    "i128",
    "i16",
    "i32",
    "i64",
    "i8",
    "isize",
    "iter",
    "line",
    "marker",
    "matches",
    "mem",
    "module_path",
    "num",
    "ops",
    "option",
    "pin",
    "primitive",
    "print",
    "println",
    "ptr",
    "range",
    "rc",
    "result",
    "slice",
    "str",
    "string",
    "stringify",
    "task",
    "todo",
    "u128",
    "u16",
    "u32",
    "u64",
    "u8",
    "unimplemented",
    "unreachable",
    "usize",
    "vec",
    "write",
    "writeln",
    "cfg",
    "compile_error",
    "bool",
];

/// The rule that a path breaks, and the advice if it is not the rule's own.
pub(super) type Broken = Option<(Rule, Option<&'static str>)>;

fn broken(rule: Rule) -> Broken {
    Some((rule, None))
}

fn advised(rule: Rule, advice: &'static str) -> Broken {
    Some((rule, Some(advice)))
}

/// The rule that a path breaks; `None` if it is allowed.
///
/// `is_own` tells whether the solution has a module of this name. `imported` is true for the path of a `use`.
pub(super) fn judge(path: &[String], end: &End, imported: bool, is_own: &dyn Fn(&str) -> bool) -> Broken {
    if path.len() > 1 && path.iter().any(|name| name.starts_with("__")) {
        return broken(Rule::Hidden);
    }
    (0..path.len()).find_map(|at| {
        let first = at == 0 && !is_own(&path[at]);
        let rest = &path[at + 1..];
        match &*path[at] {
            "std" => of_std(rest, end, imported),
            "core" | "alloc" if first => of_std(rest, end, imported),
            "labrt" => {
                of_crate(rest, end, imported, &["thread", "sync", "channel", "time", "rand", "select"])
            }
            "labrpc" => of_crate(rest, end, imported, &["ClientEnd", "Service", "service"]),
            "log" if first && rest.is_empty() && *end == End::Glob => broken(Rule::Glob),
            "tester" | "lab" if first && !rest.is_empty() => broken(Rule::Simulation),
            "io" if !is_own("io") => of_io(rest, end),
            "panic" if !is_own("panic") => of_panic(rest, end),
            "sync" if at > 0 => None,
            _ => of_any(&path[at..]),
        }
    })
}

/// Names that break a rule in any type or module.
fn of_any(path: &[String]) -> Broken {
    let names: Vec<&str> = path.iter().take(3).map(String::as_str).collect();
    match names[..] {
        ["mem", "forget" | "ManuallyDrop"] | [_, "leak" | "into_raw"] => broken(Rule::Leak),
        _ => None,
    }
}

/// A path into a crate of the framework; lab code may use the names in `for_labs`.
fn of_crate(rest: &[String], end: &End, imported: bool, for_labs: &[&str]) -> Broken {
    match (rest.first(), end) {
        (None, End::Glob) => broken(Rule::Glob),
        (None, End::As(name)) if name != "_" => broken(Rule::Alias),
        (None, _) => None,
        (Some(name), _) if !for_labs.contains(&name.as_str()) => broken(Rule::Simulation),
        (Some(_), end) => alias_of_module(rest, end, imported),
    }
}

fn of_std(rest: &[String], end: &End, imported: bool) -> Broken {
    let Some(name) = rest.first() else {
        return match end {
            End::Glob => broken(Rule::Glob),
            // `use std;` creates other paths to it.
            _ if imported => broken(Rule::Alias),
            _ => None,
        };
    };
    let part = match name.as_str() {
        "sync" => of_sync(&rest[1..], end),
        "thread" => advised(
            Rule::Blocking,
            "use `labrt::thread`: the simulation knows nothing of the system's threads",
        ),
        "time" => of_time(&rest[1..], end),
        "panic" => of_panic(&rest[1..], end),
        "io" => of_io(&rest[1..], end),
        "mem" if matches!(rest.get(1).map(String::as_str), Some("forget" | "ManuallyDrop")) => {
            broken(Rule::Leak)
        }
        "fs" => advised(Rule::System, "keep what must survive a crash in the `Persister`"),
        "net" => advised(Rule::System, "call other servers by their `labrpc::ClientEnd`"),
        "process" => advised(Rule::System, "to end a run, panic"),
        "env" => advised(Rule::System, "a solution is told what it needs by its arguments"),
        "alloc" => advised(Rule::System, "use `Box` and `Vec`"),
        "arch" | "simd" => broken(Rule::Assembly),
        "include" => broken(Rule::Embed),
        name if super::forbidden_idents::anywhere(name).is_some() => {
            super::forbidden_idents::anywhere(name).map(|rule| (rule, None))
        }
        name if PURE.contains(&name) => None,
        _ => broken(Rule::System),
    };
    part.or_else(|| alias_of_module(rest, end, imported))
}

fn alias_of_module(rest: &[String], end: &End, imported: bool) -> Broken {
    let is_module = |name: &String| name.starts_with(|c: char| c.is_ascii_lowercase());
    match (rest, end) {
        ([module], End::As(name)) if imported && name != "_" && name != module && is_module(module) => {
            broken(Rule::Alias)
        }
        _ => None,
    }
}

fn of_sync(rest: &[String], end: &End) -> Broken {
    const ATOMIC: &str =
        "use `labrt::sync::atomic`: between two of std's no other thread can run, so races stay unseen";
    const SYNC: &str = "use `labrt::sync` and `labrt::channel`: a wait in std stops all simulated threads";
    let names: Vec<&str> = rest.iter().map(String::as_str).collect();
    match names[..] {
        [] | ["atomic"] if *end != End::Glob => None,
        ["atomic", "Ordering" | "fence" | "compiler_fence", ..] => None,
        ["Arc" | "Weak" | "PoisonError" | "LockResult" | "TryLockError" | "TryLockResult", ..] => None,
        ["atomic", ..] => advised(Rule::Blocking, ATOMIC),
        _ => advised(Rule::Blocking, SYNC),
    }
}

fn of_time(rest: &[String], end: &End) -> Broken {
    match rest.first().map(String::as_str) {
        Some("Instant" | "SystemTime" | "UNIX_EPOCH") => broken(Rule::Clock),
        None if *end == End::Glob => broken(Rule::Clock),
        _ => None,
    }
}

fn of_panic(rest: &[String], end: &End) -> Broken {
    match rest.first().map(String::as_str) {
        None if *end == End::Glob => broken(Rule::Unwinding),
        None | Some("Location" | "UnwindSafe" | "RefUnwindSafe" | "AssertUnwindSafe") => None,
        Some(_) => broken(Rule::Unwinding),
    }
}

/// A path into `std::io`, of which only operations on memory are allowed.
fn of_io(rest: &[String], end: &End) -> Broken {
    const PURE: [&str; 11] = [
        "Result",
        "Error",
        "ErrorKind",
        "Read",
        "Write",
        "BufRead",
        "Cursor",
        "Seek",
        "SeekFrom",
        "BufReader",
        "BufWriter",
    ];
    match rest.first().map(String::as_str) {
        None if *end == End::Glob => broken(Rule::System),
        None => None,
        Some(name) if PURE.contains(&name) => None,
        Some(_) => advised(Rule::System, "print with `println!` or `eprintln!`; there is nothing to read"),
    }
}
