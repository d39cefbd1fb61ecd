//! The cost of the sandbox: `cargo test -p staff --test sandbox --release cost -- --ignored --nocapture`.

use std::time::Instant;

use crate::stage::{output, stages};

#[test]
#[ignore = "measures, and judges nothing"]
fn cost_of_a_start() {
    const ROUNDS: u32 = 200;
    for stage in stages() {
        let each = |name: &str, make: &dyn Fn() -> std::process::Command| {
            let begin = Instant::now();
            for _ in 0..ROUNDS {
                assert!(output(make(), &["do nothing"]).status.success());
            }
            println!(
                "{}: {name}: {:.2} ms",
                stage.who,
                begin.elapsed().as_secs_f64() * 1e3 / f64::from(ROUNDS)
            );
        };
        let (run, build) = (stage.run(), stage.build());
        for _ in 0..2 {
            each("free", &|| stage.free());
            each("run", &|| stage.confined(&run));
            each("build", &|| stage.confined(&build));
        }
    }
}
