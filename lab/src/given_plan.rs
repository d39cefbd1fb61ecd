//! [`load`]: the fault plan that `--plan` gives.

use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use tester::Case;
use tester::nemesis::{FaultPlan, PlanError};

use crate::error::CommandError;

/// Reads the fault plan for a test from a file. A relative path that does not exist is looked for in the
/// workspace, where the commands that failures print have it.
pub(crate) fn load(file: &Path, case: &Case) -> Result<Arc<FaultPlan>, CommandError> {
    if case.family.is_none() {
        let with_plans: Vec<&str> =
            tester::cases().iter().filter(|case| case.family.is_some()).map(|case| case.name).collect();
        return Err(CommandError::new(format!(
            "--plan is for a test with a fault plan, and {} has none; such tests are: {}",
            case.name,
            with_plans.join(", ")
        )));
    }
    let refused = |cause: &dyn std::fmt::Display| {
        CommandError::new(format!("--plan {} cannot be played: {cause}", file.display()))
    };
    let text = read(file).map_err(|cause| refused(&cause))?;
    let plan = FaultPlan::from_json(&text).map_err(|cause| refused(&cause))?;
    if plan.test != case.name {
        return Err(refused(&format!("{}, and not for {}", PlanError::Test(plan.test), case.name)));
    }
    Ok(Arc::new(plan))
}

fn read(file: &Path) -> io::Result<String> {
    match fs::read_to_string(file) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound && file.is_relative() => {
            let in_workspace = tester::workspace::find().map(|workspace| workspace.join(file));
            in_workspace.ok().and_then(|file| fs::read_to_string(file).ok()).ok_or(cause)
        }
        read => read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A test, also one that is not released.
    fn case(name: &str) -> Case {
        let mut cases = tester::labs().iter().flat_map(|lab| (lab.cases)());
        cases.find(|case| case.name == name).expect("a test")
    }

    #[test]
    fn a_plan_is_for_a_test_that_plays_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("plan.json");
        let plan = case("turns_3x").plan(7).expect("a plan");
        fs::write(&file, plan.to_json()).expect("written");
        assert_eq!(*load(&file, &case("turns_3x")).expect("its plan"), plan);
        let refusal = |file: &Path, test| load(file, &case(test)).expect_err(test).to_string();
        assert!(
            refusal(&file, "pauses_3x").contains("the fault plan is for turns_3x, and not for pauses_3x")
        );
        assert!(refusal(&file, "backup_3b").contains("backup_3b has none"));
        let missing = folder.path().join("missing.json");
        assert!(refusal(&missing, "turns_3x").contains("missing.json cannot be played: No such file"));
        fs::write(&file, "{}").expect("written");
        assert!(refusal(&file, "turns_3x").contains("this is no fault plan"));
    }
}
