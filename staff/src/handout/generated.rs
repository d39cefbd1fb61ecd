//! The generated files of the hand-out, each derived from the labs and parts alone.

use std::fmt::Write;

use tester::Lab;

use super::parts::Parts;

/// The width of the hand-out's `rustfmt.toml`.
const MAX_WIDTH: usize = 110;

/// `.cargo/config.toml`: `cargo lab` is the students' command line.
pub(super) const CARGO_CONFIG: &str = "\
# Cargo says what it does: without that, the first build of a new clone would be a minute of silence.
[alias]
lab = \"run --release --package lab --\"
";

/// `lab/src/solutions.rs`: the students' crates.
pub(super) fn solutions(students: &[&Lab]) -> String {
    let exports: Vec<String> =
        students.iter().map(|lab| format!("(\"{0}\", &{0}::SOLUTION)", lab.krate)).collect();
    let declaration = "pub const COMPILED_IN: &[Solution] =";
    let value = format!("&[Solution::new(\"own\").with(&[{}])];", exports.join(", "));
    // As rustfmt has it: on one line, on two, or a line for each crate.
    let fits = |line: &str| line.len() <= MAX_WIDTH;
    let constant = [format!("{declaration} {value}"), format!("{declaration}\n    {value}")]
        .into_iter()
        .find(|lines| lines.lines().all(fits))
        .unwrap_or_else(|| {
            let lines: String = exports.iter().map(|export| format!("    {export},\n")).collect();
            format!("{declaration} &[Solution::new(\"own\").with(&[\n{lines}])];")
        });
    format!(
        "//! The solutions of this workspace: yours, with the crate of each lab.\n\n\
         use labapi::Solution;\n\n\
         /// The solutions that are compiled in.\n\
         {constant}\n"
    )
}

/// `tester/src/released.rs`: the parts whose tests students have.
pub(super) fn released(parts: &Parts) -> String {
    let names: Vec<String> = parts.names().map(|part| format!("\"{part}\"")).collect();
    let list = format!("&[{}];", names.join(", "));
    let constant = "const RELEASED: &[&str] =";
    // As rustfmt breaks the line.
    let list = match list.len() {
        short if constant.len() + 1 + short <= WIDTH => format!(" {list}"),
        medium if medium + 4 <= WIDTH => format!("\n    {list}"),
        _ => format!(" &[{}\n];", filled(&names)),
    };
    format!(
        "//! [`RELEASED`]: the parts of the labs whose tests there are.\n\n\
         /// The parts of the labs that are released.\n\
         {constant}{list}\n\n\
         /// Whether the tests of a part are there.\n\
         pub(crate) fn is_released(part: &str) -> bool {{\n    RELEASED.contains(&part)\n}}\n"
    )
}

/// The columns of a line.
const WIDTH: usize = 110;

/// The elements of a list, as many on a line as there is room for.
fn filled(elements: &[String]) -> String {
    let (mut text, mut column) = (String::new(), WIDTH);
    for element in elements {
        let length = element.len() + 2; // with a space and a comma
        if column + length > WIDTH {
            text += "\n   ";
            column = 3;
        }
        text += &format!(" {element},");
        column += length;
    }
    text
}

/// The students' README: the template with its placeholders filled in.
///
/// `{{part}}` is the first released part, `{{filter}}` the same as a filter of tests, `{{crate}}` its crate,
/// `{{test}}` its first test, `{{second}}` a later test as an example, `{{labs}}` the rows of a table of the
/// labs.
pub(super) fn readme(template: &str, parts: &Parts) -> Result<String, String> {
    let (part, lab) = parts.first().ok_or("no part is released")?;
    let tests: Vec<&str> = tester::labs()
        .iter()
        .flat_map(|lab| (lab.cases)())
        .filter(|case| parts.contains(case.part))
        .map(|case| case.name)
        .collect();
    let (Some(first), Some(last)) = (tests.first(), tests.last()) else {
        return Err(format!("part {part} has no test"));
    };
    let second = tests.iter().find(|name| **name == "backup_3b").unwrap_or(last);
    let mut labs = String::new();
    for lab in tester::labs().iter().filter(|lab| parts.have(lab)) {
        let page = lab.page();
        let (number, task, folder) = (lab.number, lab.task, lab.folder);
        writeln!(labs, "| {number} | {task}, in `{folder}/src` | [{page}]({page}) |")
            .expect("a string takes any text");
    }
    let text = template
        .replace("{{part}}", part)
        .replace("{{filter}}", &part.to_lowercase())
        .replace("{{crate}}", lab.krate)
        .replace("{{test}}", first)
        .replace("{{second}}", second)
        .replace("{{labs}}\n", &labs);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labs(names: &[&str]) -> Vec<&'static Lab> {
        tester::labs().iter().filter(|lab| names.contains(&lab.krate)).collect()
    }

    #[test]
    fn the_command_line_knows_the_students_crates() {
        let both = solutions(&labs(&["raft", "kvraft"]));
        let crates = r#"("raft", &raft::SOLUTION), ("kvraft", &kvraft::SOLUTION)"#;
        let line = format!("=\n    &[Solution::new(\"own\").with(&[{crates}])];\n");
        assert!(both.contains(&line), "{both}");
        let three = solutions(&labs(&["kvsrv", "raft", "kvraft"]));
        assert!(three.contains("with(&[\n    (\"kvsrv\", &kvsrv::SOLUTION),\n"), "{three}");
        let one = solutions(&labs(&["raft"]));
        assert!(one.contains("with(&[(\"raft\", &raft::SOLUTION)])]"), "{one}");
        assert!(released(&"3A,b1".parse().unwrap()).contains("&[\"3A\", \"B1\"];"));
    }

    #[test]
    fn the_readme_is_about_what_is_released() {
        let template =
            "cargo test -p {{crate}} {{filter}}: part {{part}}, {{test}}, {{second}}\n{{labs}}\nend";
        let text = |parts: &str| readme(template, &parts.parse().unwrap()).unwrap();
        assert_eq!(
            text("3"),
            "cargo test -p raft 3a: part 3A, initial_election_3a, backup_3b\n\
             | 3 | Raft, in `raft/src` | [docs/lab-3.md](docs/lab-3.md) |\nend"
        );
        assert!(
            text("b1").starts_with("cargo test -p bully b1: part B1, first_election_b1, "),
            "{}",
            text("b1")
        );
        assert!(text("b1").contains("[docs/lab-bully.md]"));
    }
}
