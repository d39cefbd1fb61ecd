//! [`Switch`]: one or several sites that are switched off together.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Problem;
use crate::names::Names;
use crate::search::Sites;
use crate::site::{Kind, Site};

/// A switch.
#[derive(Clone, Debug)]
pub struct Switch {
    pub site: Site,
    /// The numbers of the sites; empty for a check that is identified by its location.
    pub numbers: Vec<u32>,
}

impl Switch {
    /// Whether the switch's location, function or message contains the pattern.
    pub fn has(&self, pattern: &str) -> bool {
        self.to_string().contains(pattern) || self.site.what.contains(pattern)
    }

    /// The identifiers of the sites in the copy: their numbers, or the location of a check.
    pub fn site_ids(&self) -> Vec<String> {
        if self.numbers.is_empty() {
            return vec![format!("{}:{}", self.site.file, self.site.line)];
        }
        self.numbers.iter().map(ToString::to_string).collect()
    }
}

impl fmt::Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Site { kind, file, line, function, what, .. } = &self.site;
        let location = if *line == 0 { file.clone() } else { format!("{file}:{line}") };
        write!(f, "{kind:9} {location}, {function}: {}", first_words(what))
    }
}

/// The beginning of the text, as much as fits into a line.
fn first_words(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

/// The number of switches of each kind that occurs: `60 assertions, 20 checks, 15 entries, 8 invariants`.
pub fn count(switches: &[&Switch]) -> String {
    let names = [
        (Kind::Assertion, "assertion", "assertions"),
        (Kind::Check, "check", "checks"),
        (Kind::Entry, "entry", "entries"),
        (Kind::Event, "event", "events"),
        (Kind::Invariant, "invariant", "invariants"),
    ];
    let of_kind = |kind| switches.iter().filter(|switch| switch.site.kind == kind).count();
    let parts = names.iter().filter_map(|&(kind, one, many)| match of_kind(kind) {
        0 => None,
        1 => Some(format!("1 {one}")),
        number => Some(format!("{number} {many}")),
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// A source file with switches: its path from the top of the tester, and its text.
pub type File = (String, String);

/// All switches of the tester in `folder`, and its files with these switches in them.
pub fn find(folder: &Path) -> Result<(Vec<Switch>, Vec<File>), Problem> {
    let mut paths = Vec::new();
    collect(&folder.join("src"), &mut paths)?;
    paths.sort();
    let mut names = Names::default();
    let mut parsed = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let syntax = syn::parse_file(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        let name = path.strip_prefix(folder).map_err(|error| error.to_string())?.display().to_string();
        names.add(&name, &syntax);
        parsed.push((name, text, syntax));
    }
    let mut sites = Sites::default();
    let files = parsed
        .iter()
        .map(|(name, text, syntax)| (name.clone(), sites.instrument(&names, name, text, syntax)));
    let files: Vec<File> = files.collect();
    Ok((switches(sites.sites), files))
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), Problem> {
    let error = |error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(error)? {
        let path = entry.map_err(error)?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            paths.push(path);
        }
    }
    Ok(())
}

/// A switch for each site, and one for each invariant.
fn switches(sites: Vec<Site>) -> Vec<Switch> {
    let mut invariants: Vec<Switch> = Vec::new();
    for site in &sites {
        let Some(number) = site.number.filter(|_| site.kind == Kind::Entry) else { continue };
        match invariants.iter_mut().find(|it| it.site.file == site.file) {
            Some(it) => it.numbers.push(number),
            None => {
                let owner = site.function.split("::").next().unwrap_or_default().to_owned();
                let site = Site {
                    kind: Kind::Invariant,
                    line: 0,
                    what: "all entries".into(),
                    function: owner,
                    ..site.clone()
                };
                invariants.push(Switch { site, numbers: vec![number] });
            }
        }
    }
    let each = sites.into_iter().map(|site| Switch { numbers: site.number.into_iter().collect(), site });
    let mut all: Vec<Switch> = each.chain(invariants).collect();
    all.sort_by_key(|switch| switch.site.kind);
    all
}
