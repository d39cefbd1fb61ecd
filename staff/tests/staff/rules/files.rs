//! The files that are certainly compiled, and files that do not parse.

use staff::rules::{Rule, certain};

use super::{check_files, check_text, source_files};

/// The paths of those files that the compiler certainly reads.
fn certain_of(files: &[(&str, &str)]) -> Vec<String> {
    certain(&source_files(files)).unwrap().into_iter().map(|file| file.path).collect()
}

#[test]
fn only_unconditional_modules_are_certainly_compiled() {
    let (root, a) = ("raft/src/lib.rs", "raft/src/a.rs");
    for text in [
        "",
        "#[cfg(test)] mod a;",
        "#[cfg(not(test))] mod a;",
        "#![cfg(any())] mod a;",
        "#[cfg(unix)] mod b { mod a; }",
        "#[path = \"b.rs\"] mod a;",
        "#[cfg_attr(all(), path = \"b.rs\")] mod a;",
        "m! { mod a; }",
        "fn f() { mod a {} }",
        "// mod a;",
    ] {
        assert_eq!(certain_of(&[(a, ""), (root, text)]), [root], "{text}");
    }
    for text in [
        "mod a;",
        "#[allow(dead_code)] pub mod a;",
        "/// It.\nmod a;",
        "#[cfg(test)] mod a; mod a;",
        "mod r#a;",
    ] {
        assert_eq!(certain_of(&[(a, ""), (root, text)]), [a, root], "{text}");
    }
    let (bully, b) = ("protocols/bully/src/lib.rs", "protocols/bully/src/b.rs");
    assert_eq!(certain_of(&[(b, ""), (bully, "mod b;")]), [b, bully]);
    // Files that only resemble the root of a crate, and one of another crate.
    for other in ["raft/src/main.rs", "raft/src/bin/b.rs", "raft/src/b/lib.rs", "kvraft/src/a.rs"] {
        assert_eq!(certain_of(&[(other, "mod a;"), (root, "")]), [root], "{other}");
    }
    // The compiler reports the error.
    assert_eq!(certain_of(&[(a, ""), (root, "mod a; fn f( {")]), [root]);
    let deep = "(".repeat(99_999) + &")".repeat(99_999);
    assert_eq!(certain_of(&[(a, &deep), (root, "mod a;")]), [a, root]);
}

#[test]
fn module_paths_depend_on_the_parent_file() {
    let root = ("raft/src/lib.rs", "mod a;");
    for files in [
        [root, ("raft/src/a.rs", "mod b;"), ("raft/src/a/b.rs", "")],
        [root, ("raft/src/a/mod.rs", "mod b;"), ("raft/src/a/b/mod.rs", "")],
        [root, ("raft/src/a.rs", "mod c { mod b; }"), ("raft/src/a/c/b.rs", "")],
        [("raft/src/lib.rs", "mod main;"), ("raft/src/main.rs", "mod b;"), ("raft/src/main/b.rs", "")],
        [
            ("raft/src/lib.rs", "mod a { mod lib; }"),
            ("raft/src/a/lib.rs", "mod b;"),
            ("raft/src/a/lib/b.rs", ""),
        ],
    ] {
        assert_eq!(certain_of(&files).len(), 3, "{files:?}");
    }
    for files in [
        [root, ("raft/src/a.rs", "mod b;"), ("raft/src/b.rs", "")],
        [root, ("raft/src/a/mod.rs", "mod b;"), ("raft/src/a/mod/b.rs", "")],
        [("raft/src/lib.rs", "mod main;"), ("raft/src/main.rs", "mod b;"), ("raft/src/b.rs", "")],
    ] {
        assert_eq!(certain_of(&files).len(), 2, "{files:?}");
    }
}

#[test]
fn each_file_is_checked_as_if_it_were_compiled() {
    let files = [("raft/src/lib.rs", "#[cfg(test)] mod t;"), ("raft/src/t.rs", "use std::fs;")];
    let found: Vec<_> = check_files(&files).violations.into_iter().map(|finding| finding.file).collect();
    assert_eq!(found, ["raft/src/t.rs"]);
}

#[test]
fn files_that_do_not_parse_are_still_scanned() {
    let findings = check_text("fn f( { }\n");
    assert_eq!((findings.unparsed.len(), findings.violations.len()), (1, 0));
    let findings = check_text("fn f() {}\nfn 3() { unsafe {} static A: u64 = 0; }");
    assert_eq!((findings.unparsed[0].line, findings.unparsed[0].column), (2, 4));
    let rules: Vec<_> = findings.violations.iter().map(|finding| finding.rule).collect();
    // Without a syntax tree, no static counts as plain.
    assert_eq!(rules, [Rule::Unsafe, Rule::Static]);
    assert_eq!(check_text("fn f() { \"open }").unparsed.len(), 1);
}
