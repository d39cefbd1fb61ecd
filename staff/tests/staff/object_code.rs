//! Object code shows the memory of every static, however it is written, and no other memory.
//!
//! The crates are compiled as a submission's are; the rules on the source play no role.

use std::fs;
use std::path::Path;
use std::process::Command;

use staff::build::{WritableSection, writable_sections};

/// The options of the compiler: those of a submission, without optimisation, and with full optimisation.
const PROFILES: [&[&str]; 3] = [
    &["-Copt-level=1", "-Ccodegen-units=2", "-Coverflow-checks=on", "-Cdebug-assertions=on"],
    &["-Copt-level=0"],
    &["-Copt-level=3", "-Ccodegen-units=1", "-Cdebuginfo=line-tables-only"],
];

fn compiled(folder: &Path, source: &str, profile: &[&str]) -> Vec<WritableSection> {
    let (file, library) = (folder.join("raft.rs"), folder.join("libraft.rlib"));
    fs::write(&file, format!("#![allow(warnings)]\n{source}")).unwrap();
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition=2024", "--crate-type=rlib", "--crate-name=raft", "-o"]).arg(&library).arg(&file);
    let output = rustc.args(profile).output().unwrap();
    assert!(output.status.success(), "{source}\n{}", String::from_utf8_lossy(&output.stderr));
    writable_sections(&library).unwrap()
}

/// Name, section, source. Alternative sections allow for changes in std's own types.
const HIDDEN: &[(&str, &str, &str)] = &[
    ("plain", ".bss", "pub static S: AtomicU64 = AtomicU64::new(0);"),
    ("filled", ".data", "pub static S: AtomicU64 = AtomicU64::new(7);"),
    ("lock", ".bss|.data", "pub static S: Mutex<Vec<u8>> = Mutex::new(Vec::new());"),
    ("lazy", ".bss|.data", "pub static S: LazyLock<Mutex<u8>> = LazyLock::new(Default::default);"),
    ("once", ".bss|.data", "pub static S: OnceLock<Mutex<u8>> = OnceLock::new();"),
    ("array", ".bss", "pub static S: [AtomicU8; 4096] = [const { AtomicU8::new(0) }; 4096];"),
    ("raw name", ".bss", "pub static r#match: AtomicU64 = AtomicU64::new(0);"),
    (
        "macro with a raw name",
        ".bss",
        "macro_rules! r#match { (. $($t:tt)*) => { $($t)* }; } \
         r#match! { .pub static S: AtomicU64 = AtomicU64::new(0); }",
    ),
    (
        "macro that defines a macro",
        ".bss",
        "macro_rules! outer { ($d:tt $n:ident) => { macro_rules! $n { ($d($d t:tt)*) => { $d($d t)* } } }; }
         outer!($ entry); entry! { pub static S: AtomicU64 = AtomicU64::new(0); }",
    ),
    (
        "macro that is given the word in pieces of a call",
        ".bss",
        "macro_rules! m { ($($a:ident)* ; $n:ident $e:expr) => { $($a)* $n: AtomicU64 = $e; }; } \
         m!(pub static; S AtomicU64::new(0));",
    ),
    ("name beyond ASCII", ".bss", "pub static ſ\u{e9}rveurs: AtomicU64 = AtomicU64::new(0);"),
    (
        "in a generic function",
        ".bss",
        "pub fn f<T>() -> u64 { static S: AtomicU64 = AtomicU64::new(0); S.fetch_add(1, Relaxed) }",
    ),
    (
        "in an inlined function",
        ".bss",
        "#[inline(always)] pub fn f() -> u64 { \
         static S: AtomicU64 = AtomicU64::new(0); S.fetch_add(1, Relaxed) }",
    ),
    (
        "in a method of a generic trait",
        ".bss",
        "pub trait A<T> { fn f(&self, _: T) -> u64 { \
         static S: AtomicU64 = AtomicU64::new(0); S.fetch_add(1, Relaxed) } }",
    ),
    (
        "in a closure",
        ".bss",
        "pub fn f() -> u64 { (|| { static S: AtomicU64 = AtomicU64::new(0); S.fetch_add(1, Relaxed) })() }",
    ),
    ("in a constant", ".bss", "pub const C: &AtomicU64 = { static S: AtomicU64 = AtomicU64::new(0); &S };"),
    (
        "in a constant of a generic type",
        ".bss",
        "pub struct A<T>(T); impl<T> A<T> { \
         pub const C: &AtomicU64 = { static S: AtomicU64 = AtomicU64::new(0); &S }; }",
    ),
    (
        "in a constant block",
        ".bss",
        "pub fn f() -> u64 { const { static S: AtomicU64 = AtomicU64::new(0); &S }.fetch_add(1, Relaxed) }",
    ),
    (
        "in the length of an array",
        ".bss",
        "pub fn f() -> &'static AtomicU64 { \
         let _: [u8; { static S: AtomicU64 = AtomicU64::new(0); 1 }]; g() }
         pub fn g() -> &'static AtomicU64 { static S: AtomicU64 = AtomicU64::new(0); &S }",
    ),
    (
        "in a macro for others",
        ".bss",
        "#[macro_export] macro_rules! cell { () => { { static S: AtomicU64 = AtomicU64::new(0); &S } }; }
         pub fn f() -> &'static AtomicU64 { cell!() }",
    ),
    ("behind a plain one", ".bss", "static S: AtomicU64 = AtomicU64::new(0); pub static P: &AtomicU64 = &S;"),
    (
        "under a condition that holds",
        ".bss",
        "#[cfg(not(any()))] pub static S: AtomicU64 = AtomicU64::new(0);",
    ),
    (
        "in an included file",
        ".bss",
        "mod a { include!(concat!(env!(\"OUT\"), \"/included.rs\")); } pub use a::S;",
    ),
    (
        "thread local, lazy",
        ".tbss",
        "thread_local! { pub static S: RefCell<Vec<u8>> = RefCell::new(vec![1]); }",
    ),
    (
        "thread local, constant",
        ".tbss",
        "thread_local! { pub static S: Cell<u64> = const { Cell::new(0) }; }",
    ),
    ("thread local, filled", ".tdata", "thread_local! { pub static S: Cell<u64> = const { Cell::new(7) }; }"),
    (
        "thread local, in a generic function",
        ".tbss",
        "pub fn f<T>() -> u64 { \
         thread_local! { static S: Cell<u64> = const { Cell::new(0) }; } S.replace(1) }",
    ),
    ("static mut", ".bss", "pub static mut S: u64 = 0;"),
    (
        "a section of another name",
        "lab",
        "#[unsafe(link_section = \"lab\")] pub static S: AtomicU64 = AtomicU64::new(0);",
    ),
    (
        "a section that looks like the compiler's",
        ".data.DW.ref.rust_eh_personality",
        "#[unsafe(link_section = \".data.DW.ref.rust_eh_personality\")] \
         pub static S: AtomicU64 = AtomicU64::new(0);",
    ),
    (
        "a section whose name begins like the compiler's",
        ".data.rel.rock",
        "#[unsafe(link_section = \".data.rel.rock\")] pub static S: AtomicU64 = AtomicU64::new(0);",
    ),
    (
        "code before the program",
        ".init_array",
        "extern \"C\" fn f() {} \
         #[unsafe(link_section = \".init_array\")] #[used] pub static S: extern \"C\" fn() = f;",
    ),
    (
        "assembly",
        ".note.a",
        "std::arch::global_asm!(\
         \".pushsection .note.a,\\\"aw\\\",@nobits\", \"S: .zero 8\", \".popsection\");",
    ),
    (
        "assembly that hides what the linker does",
        ".data.a",
        "std::arch::global_asm!(\
         \".pushsection .data.a,\\\"a\\\",@progbits\", \".zero 8\", \".popsection\");",
    ),
    ("assembly that asks the linker", "COMMON", "std::arch::global_asm!(\".comm S,8,8\");"),
];

const PRELUDE: &str = "use std::sync::*; use std::sync::atomic::{*, Ordering::Relaxed}; use std::cell::*;\n";

#[test]
fn a_static_is_found_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let included = folder.path().join("included.rs");
    fs::write(&included, "use std::sync::atomic::*; pub static S: AtomicU64 = AtomicU64::new(0);").unwrap();
    for (name, section, source) in HIDDEN {
        let source = source.replace("concat!(env!(\"OUT\"), \"/included.rs\")", &format!("{included:?}"));
        let found = compiled(folder.path(), &format!("{PRELUDE}{source}"), PROFILES[0]);
        assert!(
            !found.is_empty()
                && found.iter().all(|it| section.split('|').any(|section| it.section == section)),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn a_static_is_found_at_every_optimisation_level() {
    let folder = tempfile::tempdir().unwrap();
    // All in one crate, a module each.
    let modules = HIDDEN.iter().filter(|(_, section, source)| {
        [".bss", ".data", ".bss|.data", ".tbss", ".tdata"].contains(section)
            && !source.contains("asm!")
            && !source.contains("env!")
    });
    let count = modules.clone().count();
    let source: String = modules
        .enumerate()
        .map(|(at, (_, _, source))| format!("pub mod m{at} {{ {PRELUDE}{source} }}\n"))
        .collect();
    for profile in PROFILES {
        let found = compiled(folder.path(), &source, profile);
        let symbols: Vec<&String> = found.iter().flat_map(|it| &it.symbols).collect();
        for at in 0..count {
            let of_module = |symbol: &&&String| symbol.contains(&format!("m{at}::"));
            assert!(
                symbols.iter().any(|it| of_module(&it)),
                "{profile:?}: module {at}: {source}\n{symbols:?}"
            );
        }
    }
}

#[test]
fn immutable_data_is_not_found() {
    const SOURCE: &str = r#"
use std::collections::BTreeMap;
use std::fmt::{self, Debug, Display};
use std::sync::{Arc, Mutex, atomic::AtomicU64};

pub static NUMBER: u64 = 7;
pub static ZERO: [u64; 512] = [0; 512];
pub static NAMES: &[&str] = &["term", "log"];
pub static TABLE: [fn(u8) -> u8; 2] = [one, two];
pub static TEXT: String = String::new();
pub static WORDS: Vec<&'static str> = Vec::new();
pub static OBJECT: &(dyn Debug + Sync) = &NAMES;
pub const FRESH: Mutex<u64> = Mutex::new(0);
pub const NONE: Option<AtomicU64> = None;
pub static NOTHING: &Option<&AtomicU64> = &None;

fn one(a: u8) -> u8 { a + 1 }
fn two(a: u8) -> u8 { a * 2 }

pub trait Machine: Send { fn step(&mut self, by: u8) -> Result<Vec<u8>, Box<dyn std::error::Error>>; }
#[derive(Debug, Clone, Default)]
pub struct Log { pub entries: BTreeMap<u64, Vec<u8>>, pub lock: Arc<Mutex<u64>> }
impl Machine for Log {
    fn step(&mut self, by: u8) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let guard = self.lock.lock().unwrap_or_else(|error| error.into_inner());
        let text = format!("{by:?} {guard} {:?}", self.entries);
        self.entries.insert(text.len() as u64, vec![TABLE[usize::from(by)](by)]);
        self.entries.get(&u64::from(by)).cloned().ok_or_else(|| "none".into())
    }
}
impl Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, entry) in &self.entries { write!(f, "{at}: {entry:?}, {}", NAMES[*at as usize])?; }
        Ok(())
    }
}
pub fn machines() -> Vec<Box<dyn Machine>> { vec![Box::new(Log::default())] }
pub fn spawned(log: Log) -> std::thread::JoinHandle<String> { std::thread::spawn(move || log.to_string()) }
pub fn panics(a: Option<u8>, b: &[u8]) -> u8 { assert!(b.len() > 3, "{b:?}"); a.expect("a number") + b[7] }
pub fn hashes(all: &[u64]) -> usize { all.iter().collect::<std::collections::HashSet<_>>().len() }
pub fn channel() -> Option<u8> {
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    let name = || std::thread::current().name().map_or(0, |it| it.len() as u8);
    let spawned = std::thread::spawn(move || sender.send(name()));
    let got = receiver.recv_timeout(std::time::Duration::from_secs(1)).ok();
    println!("{got:?} {:?}", spawned.join().is_ok());
    got
}
pub fn generic<T: Debug + Clone>(all: &[T]) -> Vec<String> {
    all.iter().cloned().map(|it| format!("{it:?}")).collect()
}
"#;
    let folder = tempfile::tempdir().unwrap();
    for profile in PROFILES {
        assert_eq!(compiled(folder.path(), SOURCE, profile), [], "{profile:?}");
    }
}

#[test]
fn object_files_are_read_as_libraries_are() {
    let folder = tempfile::tempdir().unwrap();
    let (file, object) = (folder.path().join("main.rs"), folder.path().join("main.o"));
    let main = "use std::sync::atomic::*; static S: AtomicU8 = AtomicU8::new(0); \
                fn main() { S.fetch_add(1, Ordering::Relaxed); }";
    for (main, count) in [(main, 1), ("fn main() { println!(\"{:?}\", std::env::args()) }", 0)] {
        fs::write(&file, main).unwrap();
        let mut rustc = Command::new("rustc");
        rustc.args(["--edition=2024", "-Ccodegen-units=1", "--emit=obj", "-o"]).arg(&object).arg(&file);
        assert!(rustc.status().unwrap().success());
        assert_eq!(writable_sections(&object).unwrap().len(), count, "{main}");
    }
}

#[test]
fn an_invalid_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("libraft.rlib");
    assert!(writable_sections(&file).unwrap_err().to_string().contains("libraft.rlib"));
    for bytes in [&b""[..], b"!<arch>\nno member", b"\x7fELF"] {
        fs::write(&file, bytes).unwrap();
        let error = writable_sections(&file).unwrap_err().to_string();
        assert!(error.contains("is not what the compiler should make"), "{error}");
    }
}
