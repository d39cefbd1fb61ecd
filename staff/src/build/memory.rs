//! [`writable_sections`]: the memory that object code brings along and can write to.
//!
//! What a crate declares as `static` or `thread_local!`, in whatever words, ends as a section of its object
//! code. A static belongs to the crate that declares it, also inside of a generic or inlined function that
//! another crate instantiates; and what nobody can write is in sections that are not writable, or is only
//! relocated and then protected.

use std::fmt;
use std::path::Path;

use object::archive::MAGIC;
use object::elf::{SHF_TLS, SHF_WRITE};
use object::read::archive::ArchiveFile;
use object::{File, Object, ObjectSection, ObjectSymbol, SectionFlags, SectionIndex, Symbol, SymbolKind};
use serde::{Deserialize, Serialize};

use super::{BuildError, file_error};

/// Names of symbols that are told of a section.
const SYMBOLS: usize = 3;

/// Characters of a symbol that are kept.
const NAME: usize = 200;

/// Writable sections that the compiler makes of constants, by name or by the beginning of a name that a dot
/// follows: constants with addresses in them, vtables and places of panics among them. The dynamic linker
/// writes the addresses and then makes the memory read-only.
const RELOCATED: &str = ".data.rel.ro";

/// The pointer to the function that unwinds, which the compiler emits where there is something to drop:
/// section, symbol, size.
const PERSONALITY: (&str, &str, u64) = (".data.DW.ref.rust_eh_personality", "DW.ref.rust_eh_personality", 8);

/// Sections that a linker makes writable, whatever the object code says of them.
const BY_NAME: [&str; 4] = [".data", ".bss", ".tdata", ".tbss"];

/// Memory that a crate brings along and can write to: all servers of a run would share it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WritableSection {
    /// The section, without the symbol that the compiler puts behind its name: `.bss`.
    pub section: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// What lies in it, as the source names it, and not all if it is much.
    pub symbols: Vec<String>,
}

impl fmt::Display for WritableSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { section, bytes, symbols } = self;
        write!(f, "{bytes} bytes in the section `{section}`")?;
        if symbols.is_empty() { Ok(()) } else { write!(f, ": `{}`", symbols.join("`, `")) }
    }
}

/// The writable memory that the object or static library at `path` brings along, in order. The compiler's own
/// is left out: constants that are relocated when the program starts, and the pointer to the function that
/// unwinds.
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
        // What the compiler knows of the crate. It is not linked.
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
    // What the linker makes room for.
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

/// The section's name without that of a symbol in it.
fn plain(name: &str, symbols: &[String]) -> String {
    let without = |symbol: &String| name.strip_suffix(&**symbol)?.strip_suffix('.');
    symbols.iter().find_map(without).unwrap_or(name).to_owned()
}

/// At most so many characters: generic types make names of any length.
fn source_name(symbol: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(symbol)).chars().take(NAME).collect()
}
