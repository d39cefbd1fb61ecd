//! Which files the hand-out has, and where they come from.

use std::fs;
use std::path::{Path, PathBuf};

use super::HandoutError;
use super::manifest::Manifest;
use super::parts::{LABS, Lab, Parts};
use super::source::cut;
use super::tree::Tree;

/// The crates that students use and do not write. All other crates are left out.
pub(super) const FRAMEWORK: [&str; 10] = [
    "labrt",
    "labgob",
    "labrpc",
    "labrpc/macros",
    "persister",
    "labapi",
    "linearizability",
    "tester",
    "labreport",
    "lab",
];

/// What is handed out as it is, if it is there.
const COPIED: [&str; 8] = [
    ".cargo/config.toml",
    ".gitignore",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "docs/command-line.md",
    "docs/diagnoses.md",
    "rustfmt.toml",
    "scripts/stress",
];

/// Where the files are that are written for students.
const HANDOUT: &str = "handout";

/// Where the solutions are named that the command line knows.
const SOLUTIONS: &str = "lab/src/solutions.rs";

/// Where the parts are named whose tests there are.
const RELEASED: &str = "tester/src/released.rs";

/// Where a line of source ends at the latest, as in `rustfmt.toml`.
const MAX_WIDTH: usize = 110;

/// All files of the hand-out but for its lock file.
pub(super) fn collect(workspace: &Path, parts: &Parts) -> Result<Tree, HandoutError> {
    Collector { workspace, parts, tree: Tree::default() }.collect()
}

struct Collector<'a> {
    workspace: &'a Path,
    parts: &'a Parts,
    tree: Tree,
}

impl Collector<'_> {
    fn collect(mut self) -> Result<Tree, HandoutError> {
        let mut root = self.manifest(Path::new("Cargo.toml"))?;
        let here = root.members()?;
        let released = |lab: &&Lab| here.iter().any(|it| it == lab.folder) && self.parts.need(lab.krate);
        let (students, missing): (Vec<&Lab>, Vec<&Lab>) = LABS.iter().partition(released);
        let missing: Vec<&str> = missing.iter().map(|lab| lab.krate).collect();

        let mut members = Vec::new();
        for folder in FRAMEWORK {
            members.push((folder.to_owned(), self.framework(Path::new(folder), &missing)?));
        }
        self.leave_out_solutions(&missing)?;
        self.release_tests()?;
        for lab in &students {
            members.push((lab.folder.to_owned(), self.student(lab)?));
        }
        for (folder, manifest) in &members {
            self.tree.add(Path::new(folder).join("Cargo.toml"), manifest.text());
        }
        let defaults: Vec<&str> = students.iter().map(|lab| lab.folder).collect();
        root.strip_workspace(&members, &defaults)?;
        self.tree.add("Cargo.toml", root.text());

        for path in COPIED.map(Path::new) {
            if self.workspace.join(path).exists() {
                self.copy(path, path)?;
            }
        }
        self.pages()?;
        Ok(self.tree)
    }

    /// A crate that students use: its sources, less its tests and what is for teachers.
    fn framework(&mut self, krate: &Path, missing: &[&str]) -> Result<Manifest, HandoutError> {
        let sources = krate.join("src");
        self.copy(&sources, &sources)?;
        for path in self.tree.below(&sources) {
            // What an earlier file has taken along with a module is gone.
            if self.tree.has(&path) && path.extension().is_some_and(|ending| ending == "rs") {
                self.cut(&path)?;
            }
        }
        let mut manifest = self.manifest(&krate.join("Cargo.toml"))?;
        manifest.strip_framework();
        for name in missing {
            manifest.remove_dependency(name);
        }
        Ok(manifest)
    }

    /// Takes what there is not out of the solution that the command line knows.
    fn leave_out_solutions(&mut self, missing: &[&str]) -> Result<(), HandoutError> {
        let path = Path::new(SOLUTIONS);
        let mut text = self.tree.text(path)?.to_owned();
        for krate in missing {
            text = without_solution(&text, krate);
            let mut paths = text.split(|it: char| !(it.is_alphanumeric() || "_:".contains(it)));
            if paths.any(|path| path.split("::").next() == Some(krate) && path != *krate) {
                return Err(HandoutError::form(path, format!("it needs {krate} where that is not expected")));
            }
        }
        self.tree.add(path, text);
        Ok(())
    }

    /// Leaves to the tester the tests of what is released.
    fn release_tests(&mut self) -> Result<(), HandoutError> {
        let path = Path::new(RELEASED);
        let list = self.parts.names().map(|part| format!("\"{part}\"")).collect::<Vec<_>>().join(", ");
        let released = self.tree.text(path)?.split_once("= &[").and_then(|(before, rest)| {
            let (_, after) = rest.split_once("];")?;
            Some(format!("{before}= &[{list}];{after}"))
        });
        let released = released.ok_or_else(|| HandoutError::form(path, "it has no list of parts"))?;
        self.tree.add(path, released);
        Ok(())
    }

    fn cut(&mut self, path: &Path) -> Result<(), HandoutError> {
        let cut = cut(self.tree.text(path)?).map_err(|why| HandoutError::form(path, why))?;
        let folder = folder_of_modules(path);
        for module in cut.modules {
            let module = folder.join(module);
            self.tree.remove(&module);
            self.tree.remove(&module.with_extension("rs"));
        }
        self.tree.add(path, cut.text);
        Ok(())
    }

    /// A crate that students write: the skeleton, under the solution's name and with its tests of what is
    /// released.
    fn student(&mut self, lab: &Lab) -> Result<Manifest, HandoutError> {
        let (krate, skeleton) = (Path::new(lab.folder), Path::new(lab.skeleton));
        self.copy(&skeleton.join("src"), &krate.join("src"))?;
        self.copy(&Path::new(HANDOUT).join("clippy.toml"), &krate.join("clippy.toml"))?;
        let tests = krate.join("tests");
        if self.workspace.join(&tests).exists() {
            self.copy(&tests, &tests)?;
            self.release(&tests)?;
        }
        let mut manifest = self.manifest(&skeleton.join("Cargo.toml"))?;
        manifest.take_place_of(&self.manifest(&krate.join("Cargo.toml"))?)?;
        Ok(manifest)
    }

    /// Takes the tests of parts that are not released out of the folder `tests`, and all of it if nothing is
    /// left.
    fn release(&mut self, tests: &Path) -> Result<(), HandoutError> {
        let (mut left, mut gone) = (0, Vec::new());
        for path in self.tree.below(tests) {
            let part = path.file_stem().and_then(|stem| stem.to_str()?.strip_prefix("part_"));
            match part.map(str::to_uppercase) {
                Some(part) if !self.parts.contains(&part) => gone.push(path),
                Some(_) => left += 1,
                None => {}
            }
        }
        if left == 0 {
            self.tree.remove(tests);
            return Ok(());
        }
        for path in gone {
            self.tree.remove(&path);
            let module = path.file_stem().expect("a part's file has a name").to_string_lossy();
            let main = path.with_file_name("main.rs");
            let declaration = format!("mod {module};\n");
            let without = self.tree.text(&main)?.replace(&declaration, "");
            self.tree.add(main, without);
        }
        Ok(())
    }

    /// What is written for students: the README and the pages of the labs that are released.
    fn pages(&mut self) -> Result<(), HandoutError> {
        let pages = Path::new(HANDOUT).join("docs");
        self.copy(&pages, Path::new("docs"))?;
        for lab in &LABS {
            if let Some(page) = lab.page {
                self.copy(Path::new(page), Path::new(&format!("docs/lab-{}.md", lab.krate)))?;
            }
        }
        for page in self.tree.below(Path::new("docs")) {
            let lab = page.file_stem().and_then(|stem| stem.to_str()?.strip_prefix("lab-"));
            if lab.is_some_and(|name| !self.parts.have_lab(name)) {
                self.tree.remove(&page);
            }
        }
        let readme = Path::new("README.md");
        self.copy(&Path::new(HANDOUT).join(readme), readme)?;
        // The row of a table that leads to a page which is not handed out goes too.
        let leads_nowhere = |row: &str| links(row).any(|page| !self.tree.has(Path::new(page)));
        let text = self.tree.text(readme)?;
        let rows = text.lines().filter(|line| !(line.starts_with('|') && leads_nowhere(line)));
        let text: String = rows.flat_map(|line| [line, "\n"]).collect();
        self.tree.add(readme, beginning_with(&text, self.parts));
        Ok(())
    }

    fn copy(&mut self, from: &Path, to: &Path) -> Result<(), HandoutError> {
        self.tree.copy(&self.workspace.join(from), to)
    }

    fn manifest(&self, path: &Path) -> Result<Manifest, HandoutError> {
        let path = self.workspace.join(path);
        let text = fs::read_to_string(&path).map_err(HandoutError::file(&path))?;
        Manifest::parse(&path, &text)
    }
}

/// A source that names solutions, without that of `krate`.
fn without_solution(source: &str, krate: &str) -> String {
    // The solution of lab 3 is what all others are added to.
    let source = match krate {
        "raft" => &source.replace("[raft::SOLUTION", "[Solution::new(\"raft\")"),
        _ => source,
    };
    let mut text = source.to_owned();
    for exported in ["SOLUTION", "make"] {
        let pieces: Vec<&str> = text.split(&format!(".with_{krate}({krate}::{exported})")).collect();
        let (last, others) = pieces.split_last().expect("a split has a piece at least");
        text = others.iter().map(|piece| piece.trim_end()).chain([*last]).collect();
    }
    // What is short enough by now stands on one line.
    let joined = text.replace("=\n    &[", "= &[");
    let fits = joined.lines().all(|line| line.len() <= MAX_WIDTH);
    if fits { joined } else { text }
}

/// The students' README, whose commands are about part 3A and tests of 3A and 3B, with commands about what
/// these students have and begin with.
fn beginning_with(readme: &str, parts: &Parts) -> String {
    let Some((part, krate)) = parts.first() else { return readme.to_owned() };
    let mut readme = readme.to_owned();
    let first = tester::cases().iter().find(|case| case.part == part);
    for (example, its_part) in [("initial_election_3a", "3A"), ("backup_3b", "3B")] {
        if let Some(first) = first.filter(|_| !parts.contains(its_part)) {
            readme = readme
                .replace(&format!("-p raft {example}"), &format!("-p {krate} {}", first.name))
                .replace(example, first.name);
        }
    }
    readme
        .replace("-p raft 3a", &format!("-p {krate} 3a"))
        .replace(" 3a", &format!(" {}", part.to_lowercase()))
        .replace("part 3A", &format!("part {part}"))
}

/// The files that a line of Markdown links to.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let ends = line.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
    ends.filter(|target| !target.contains("://")).map(|target| target.split('#').next().unwrap_or(target))
}

/// Where the modules are that the source at `path` declares.
fn folder_of_modules(path: &Path) -> PathBuf {
    let folder = path.parent().expect("a source is in a folder");
    match path.file_stem().and_then(|stem| stem.to_str()) {
        Some("lib" | "main" | "mod") | None => folder.to_owned(),
        Some(module) => folder.join(module),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_looked_for_where_cargo_does() {
        for (source, folder) in [
            ("a/src/lib.rs", "a/src"),
            ("a/src/sim/mod.rs", "a/src/sim"),
            ("a/src/expand.rs", "a/src/expand"),
        ] {
            assert_eq!(folder_of_modules(Path::new(source)), Path::new(folder));
        }
    }

    #[test]
    fn the_command_line_knows_what_there_is() {
        let source =
            "ALL: X =\n    &[raft::SOLUTION.with_kvsrv(kvsrv::SOLUTION)\n.with_kvraft(kvraft::SOLUTION)];";
        let first = without_solution(source, "kvraft");
        assert_eq!(first, "ALL: X = &[raft::SOLUTION.with_kvsrv(kvsrv::SOLUTION)];");
        let second = without_solution(&first, "raft");
        assert_eq!(second, "ALL: X = &[Solution::new(\"raft\").with_kvsrv(kvsrv::SOLUTION)];");
        let other = without_solution("ALL: X = &[raft::SOLUTION.with_kvraft(kvraft::SOLUTION)];", "raft");
        assert_eq!(other, "ALL: X = &[Solution::new(\"raft\").with_kvraft(kvraft::SOLUTION)];");
        let source = "ALL: X = &[raft::SOLUTION.with_bully(bully::make)];";
        assert_eq!(without_solution(source, "bully"), "ALL: X = &[raft::SOLUTION];");
        let source =
            "ALL: X =\n    &[raft::SOLUTION.with_kvsrv(kvsrv::SOLUTION)\n.with_kvraft(kvraft::SOLUTION)];";
        let long = format!("{source}{}", "-".repeat(MAX_WIDTH));
        assert!(without_solution(&long, "kvsrv").contains("=\n    &[raft::SOLUTION\n.with_kvraft"));
    }

    #[test]
    fn commands_are_about_what_there_is() {
        let readme = "    cargo test -p raft 3a\n\nruns the tests of part 3A: `cargo lab test 3a --runs 9`.";
        let parts = "2B".parse().unwrap();
        assert_eq!(
            beginning_with(readme, &parts),
            "    cargo test -p kvsrv 2b\n\nruns the tests of part 2B: `cargo lab test 2b --runs 9`."
        );
        let readme = "`cargo test -p raft backup_3b`, `cargo lab replay initial_election_3a`";
        assert_eq!(
            beginning_with(readme, &"B1".parse().unwrap()),
            "`cargo test -p bully first_election_b1`, `cargo lab replay first_election_b1`"
        );
        assert_eq!(beginning_with(readme, &Parts::default()), readme);
    }

    #[test]
    fn links_to_files_are_found() {
        let line = "| [a](docs/a.md) and [b](b.md#part), [c](https://c.org/d.md) | (no) |";
        assert_eq!(links(line).collect::<Vec<_>>(), ["docs/a.md", "b.md"]);
    }
}
