use labapi::{ApplyMsg, Raft, Solution};
use labrpc::ClientEnd;
use labrt::channel::Sender;
use labrt::sync::Arc;
use persister::Persister;

pub const SOLUTION: Solution = Solution::new("raft").with_raft(make);

pub fn make(_: Vec<ClientEnd>, _: usize, _: Persister, _: Sender<ApplyMsg>) -> Arc<dyn Raft> {
    let local = std::os::unix::net::UnixDatagram::unbound().map(drop);
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").map(drop).or(local);
    panic!("{}", socket.map_or_else(|error| format!("refused: {error}"), |()| "opened".to_owned()));

    todo!()
}
