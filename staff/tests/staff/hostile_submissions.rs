//! Every submission of the corpus has its expected outcome before the build.

#[allow(dead_code, reason = "what grading asks for")]
#[path = "../hostile/mod.rs"]
mod hostile;

use std::path::Path;

use hostile::{Expected, all};
use staff::rules::{Finding, certain, check};
use staff::submission::{Limits, Refusal, read};

#[test]
fn each_submission_has_its_expected_findings() {
    let scratch = tempfile::TempDir::new().unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("submissions");
    let all = all(&kept, scratch.path());
    assert!(all.len() >= 20, "{}", all.len());
    for submission in all {
        assert!(!submission.expected.what.is_empty(), "{}", submission.name);
        let Expected { what, parts, kind, says, late, built, .. } = submission.expected.clone();
        let mut seen = seen(&submission.folder);
        let needs_build = ["does_not_build", "breaks_rules_when_built"];
        if needs_build.contains(&&*submission.expected.outcome) && seen.outcome == "passes_rules" {
            // The rest of the outcome is tested with a build.
            seen.outcome.clone_from(&submission.expected.outcome);
        }
        let seen = Expected { what, parts, kind, says, late, built, ..seen };
        assert_eq!(seen, submission.expected, "{}", submission.name);
    }
}

fn seen(folder: &Path) -> Expected {
    let staged = match read(folder, &Limits::default()) {
        Ok(staged) => staged,
        Err(refusals) => {
            let refusals = refusals.iter().map(refusal).collect();
            return Expected { outcome: "refused".to_owned(), refusals, ..Expected::default() };
        }
    };
    let findings = check(&certain(&staged.files).unwrap()).unwrap();
    let outcome = match (findings.violations.is_empty(), findings.unparsed.is_empty()) {
        (true, true) => "passes_rules",
        (true, false) => "does_not_parse",
        (false, _) => "breaks_rules",
    };
    Expected {
        outcome: outcome.to_owned(),
        violations: findings.violations.iter().map(finding).collect(),
        warnings: findings.warnings.iter().map(finding).collect(),
        ignored: staged.ignored,
        ..Expected::default()
    }
}

fn finding(finding: &Finding) -> String {
    format!("{}:{} {}", finding.file, finding.line, finding.rule)
}

fn refusal(refusal: &Refusal) -> String {
    let reason = serde_json::to_value(&refusal.reason).unwrap();
    // A name, or a name with its limit.
    let name = reason.as_str().or_else(|| reason.as_object()?.keys().next().map(String::as_str));
    format!("{} {}", refusal.path, name.unwrap_or_default())
}
