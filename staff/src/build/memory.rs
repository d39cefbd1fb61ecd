//! [`writable_sections`]: the writable memory in object code.
//!
//! A `static` or `thread_local!`, however it is written, becomes a section of the crate's object code. A
//! static belongs to the crate that declares it, even inside a generic or inlined function that another crate
//! instantiates. Immutable data are in sections that are not writable, or are only relocated and then
//! protected.

use std::fmt;
use std::path::Path;

use object::archive::MAGIC;
use object::elf::{SHF_TLS, SHF_WRITE};
use object::read::archive::ArchiveFile;
use object::{File, Object, ObjectSection, ObjectSymbol, SectionFlags, SectionIndex, Symbol, SymbolKind};
use serde::{Deserialize, Serialize};

use super::{BuildError, file_error};

/// The number of symbol names that are kept of a section.
const SYMBOLS: usize = 3;

/// Characters of a symbol name that are kept.
const NAME: usize = 200;

/// The section that the compiler makes for constants that contain addresses, such as vtables and panic
/// locations; also the prefix of such a section's name before a dot. The dynamic linker writes the addresses
/// and then makes the memory read-only.
const RELOCATED: &str = ".data.rel.ro";

/// The pointer to the unwinding function, which the compiler emits where a value may have to be dropped:
/// section, symbol, size.
const PERSONALITY: (&str, &str, u64) = (".data.DW.ref.rust_eh_personality", "DW.ref.rust_eh_personality", 8);

/// Sections that a linker makes writable regardless of their flags in the object code.
const BY_NAME: [&str; 4] = [".data", ".bss", ".tdata", ".tbss"];

/// Writable memory of a crate: all servers of a run would share it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WritableSection {
    /// The section, without the symbol that the compiler appends to its name: `.bss`.
    pub section: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// The first symbols in it, demangled.
    pub symbols: Vec<String>,
}

impl fmt::Display for WritableSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { section, bytes, symbols } = self;
        write!(f, "{bytes} bytes in the section `{section}`")?;
        if symbols.is_empty() { Ok(()) } else { write!(f, ": `{}`", symbols.join("`, `")) }
    }
}

/// The writable memory in the object file or static library at `path`, sorted. Two kinds of the compiler's
/// own are left out: relocated constants, and the pointer to the unwinding function.
///
/// # Errors
///
/// The file cannot be read, or is neither an ELF object nor a library of such.
pub fn writable_sections(path: &Path) -> Result<Vec<WritableSection>, BuildError> {
    let bytes = std::fs::read(path).map_err(file_error(path))?;
    let mut sections = in_file(&bytes)
        .map_err(|error| BuildError::ObjectCode { path: path.to_owned(), why: error.to_string() })?;
    sections.sort();
    sections.dedup();
    Ok(sections)
}

fn in_file(bytes: &[u8]) -> object::Result<Vec<WritableSection>> {
    let mut found = Vec::new();
    if !bytes.starts_with(&MAGIC) {
        in_object(&File::parse(bytes)?, &mut found)?;
        return Ok(found);
    }
    for member in ArchiveFile::parse(bytes)?.members() {
        let member = member?;
        // Metadata of the crate, which is not linked.
        if member.name() != b"lib.rmeta" {
            in_object(&File::parse(member.data(bytes)?)?, &mut found)?;
        }
    }
    Ok(found)
}

fn in_object(object: &File<'_>, found: &mut Vec<WritableSection>) -> object::Result<()> {
    for section in object.sections() {
        let name = String::from_utf8_lossy(section.name_bytes()?);
        if section.size() == 0 || !is_writable(&section, &name) || is_or_begins(&name, RELOCATED) {
            continue;
        }
        let symbols = symbols_in(object, section.index())?;
        if (&*name, section.size()) == (PERSONALITY.0, PERSONALITY.2) && symbols == [PERSONALITY.1] {
            continue;
        }
        found.push(WritableSection {
            section: plain(&name, &symbols),
            bytes: section.size(),
            symbols: symbols.iter().take(SYMBOLS).map(|it| source_name(it)).collect(),
        });
    }
    // Common symbols, for which the linker allocates memory.
    for symbol in object.symbols().filter(|symbol| symbol.is_common() && symbol.size() > 0) {
        found.push(WritableSection {
            section: "COMMON".to_owned(),
            bytes: symbol.size(),
            symbols: vec![source_name(&String::from_utf8_lossy(symbol.name_bytes()?))],
        });
    }
    Ok(())
}

fn symbols_in(object: &File<'_>, section: SectionIndex) -> object::Result<Vec<String>> {
    let is_in = |symbol: &Symbol<'_, '_>| {
        symbol.section_index() == Some(section) && symbol.kind() != SymbolKind::Section
    };
    let name = |symbol: Symbol<'_, '_>| Ok(String::from_utf8_lossy(symbol.name_bytes()?).into_owned());
    object.symbols().filter(is_in).map(name).collect()
}

fn is_writable<'data>(section: &impl ObjectSection<'data>, name: &str) -> bool {
    let SectionFlags::Elf { sh_flags, .. } = section.flags() else { return true };
    sh_flags.contains(SHF_WRITE)
        || sh_flags.contains(SHF_TLS)
        || BY_NAME.iter().any(|it| is_or_begins(name, it))
}

fn is_or_begins(name: &str, with: &str) -> bool {
    name.strip_prefix(with).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The section's name without the name of a symbol in it.
fn plain(name: &str, symbols: &[String]) -> String {
    let without = |symbol: &String| name.strip_suffix(&**symbol)?.strip_suffix('.');
    symbols.iter().find_map(without).unwrap_or(name).to_owned()
}

/// The demangled name, truncated: generic types have names of any length.
fn source_name(symbol: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(symbol)).chars().take(NAME).collect()
}
