//! The course's `JunkServer`: handlers of several shapes, some of which log that they ran.

use std::time::Duration;

use labrt::sync::Mutex;
use labrt::thread;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub struct JunkArgs {
    pub x: i64,
}

#[derive(Serialize, Deserialize)]
pub struct JunkReply {
    pub text: String,
}

#[derive(Default)]
pub struct JunkServer {
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    log1: Vec<String>,
    log2: Vec<i64>,
}

impl JunkServer {
    pub fn log2_len(&self) -> usize {
        self.log.lock().log2.len()
    }
}

#[labrpc::service]
impl JunkServer {
    /// Parses a number.
    pub fn handler1(&self, args: String) -> i64 {
        let mut log = self.log.lock();
        let number = args.parse().expect("the tests send numbers");
        log.log1.push(args);
        number
    }

    pub fn handler2(&self, args: i64) -> String {
        self.log.lock().log2.push(args);
        format!("handler2-{args}")
    }

    /// Takes 20 seconds.
    pub fn handler3(&self, args: i64) -> i64 {
        let _log = self.log.lock();
        thread::sleep(Duration::from_secs(20));
        -args
    }

    pub fn handler4(&self, args: &JunkArgs) -> JunkReply {
        assert_eq!(args.x, 0);
        JunkReply { text: "pointer".to_owned() }
    }

    pub fn handler5(&self, args: JunkArgs) -> JunkReply {
        assert_eq!(args.x, 0);
        JunkReply { text: "no pointer".to_owned() }
    }

    pub fn handler6(&self, args: String) -> usize {
        let _log = self.log.lock();
        args.len()
    }

    pub fn handler7(&self, args: usize) -> String {
        let _log = self.log.lock();
        "y".repeat(args)
    }
}
