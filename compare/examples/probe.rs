use std::time::Instant;
fn main() {
    let solution = labapi::Solution::new("reference").with(tester::all_solutions!());
    let seed: u64 = std::env::args().nth(1).map_or(1, |s| s.parse().unwrap());
    let servers: usize = std::env::args().nth(2).map_or(5, |s| s.parse().unwrap());
    for plan in compare::PLANS {
        println!("{}", plan.title);
        for c in compare::CONTESTANTS {
            let t = Instant::now();
            match compare::trial(c, &solution, plan, servers, seed).unwrap() {
                Ok(timeline) => println!("{:18} {:?} {} entries {:?}", c.name, t.elapsed(), timeline.entries.len(), compare::Measures::of(c, &timeline)),
                Err(e) => println!("{} {:?}", c.name, e),
            }
        }
    }
}
