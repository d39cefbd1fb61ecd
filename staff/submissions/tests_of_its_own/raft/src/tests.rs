use labrt::world::{Options, simulate};

#[test]
fn reads_a_file() {
    let _ = (std::fs::read("a"), simulate::<fn()>, Options::default());
}
