//! The form of findings: location, advice, number and order.

use super::{check_files, check_text};

#[test]
fn a_finding_has_location_and_advice() {
    let findings = check_text("\u{feff}fn f() {\n    /* ä */ let a = std::net::TcpStream::connect(b);\n}");
    let lines: Vec<_> = findings.violations.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        ["raft/src/lib.rs:2:21: system: `std::net::TcpStream::connect`: \
             call other servers by their `labrpc::ClientEnd`"]
    );
    // Code in a string literal has the location of the literal.
    let findings = check_text("#[serde(\n  default = \"\n\nstd::fs::f\")]\nstruct A;");
    assert_eq!((findings.violations[0].line, findings.violations[0].column), (2, 13));
}

#[test]
fn findings_are_limited_in_number() {
    let findings = check_text("use std::fs::{a, b};");
    assert_eq!(findings.violations.len(), 2);
    let findings = check_text(&("fn f() { g.leak() }\n".repeat(300) + &"unsafe fn f() {}\n".repeat(300)));
    assert_eq!((findings.violations.len(), findings.warnings.len(), findings.besides), (100, 100, 400));
}

#[test]
fn findings_do_not_depend_on_the_order_of_files() {
    let source = "use std::{fs, net}; fn f() { unsafe { m!(std) } }";
    let files = [("raft/src/b.rs", source), ("raft/src/a.rs", source), ("kvsrv/src/lib.rs", source)];
    let findings = check_files(&files);
    assert_eq!(findings, check_files(&[files[2], files[0], files[1]]));
    let places: Vec<_> = findings.violations.iter().map(|it| (&it.file, it.line, it.column)).collect();
    assert!(places.is_sorted() && places.len() == 12, "{places:?}");
}
