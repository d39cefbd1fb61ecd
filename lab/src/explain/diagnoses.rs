//! The pages of the kinds of failures. `docs/diagnoses.md` has examples of their messages.

/// The page of a kind of failure.
pub(super) struct Diagnosis {
    /// The kind's name, as results have it.
    pub(super) name: &'static str,
    /// The kind in a few words.
    pub(super) title: &'static str,
    /// What such a failure says about the run.
    pub(super) meaning: &'static str,
    /// How the framework comes to know.
    pub(super) noticed: &'static str,
    /// The mistake that leads to it most often.
    pub(super) mistake: &'static str,
    /// How to mend that.
    pub(super) cure: &'static str,
}

/// All of them: a page for each kind, and one for histories that are not linearizable.
pub(super) const DIAGNOSES: &[Diagnosis] = &[
    Diagnosis {
        name: "assertion",
        title: "a check of the tests does not hold",
        meaning: "The test saw what no correct solution does. The message says what was expected and what \
                  was seen. It is often the consequence of an earlier mistake: a rule that was broken before \
                  is named above the message.",
        noticed: "A check that the test makes at some moments, or an invariant that is checked at every \
                  event. The time is that of the check, and the mistake may be seconds older.",
        mistake: "The code that the message points at is right, and a rule of the paper was broken earlier, \
                  on another server.",
        cure: "Begin with the rule that is named, if there is one: `cargo lab explain RULE`. Otherwise \
               replay the run with `cargo lab replay`, and read the log backwards from the failure to the \
               first line that should not be there.",
    },
    Diagnosis {
        name: "linearizability",
        title: "no order of the clients' operations explains the answers",
        meaning: "Each operation of a key/value service must take effect at one moment between its call and \
                  its return. The message shows the first answer for which there is no such order, and the \
                  few operations that contradict each other. The kind of the failure is `assertion`.",
        noticed: "All calls and returns of a run are recorded. When the run ends, the checker looks for an \
                  order, key by key.",
        mistake: "A server answers a Get from its own state while it leads no longer, a request that was \
                  sent twice is executed twice, or a put that may have been done is reported as refused.",
        cure: "Look at the log near the operation that has no place. Send reads through the log, as writes. \
               Remember for each client the last request and its answer, and keep them in snapshots. Answer \
               only what was committed at the index and in the term that `start` gave.",
    },
    Diagnosis {
        name: "unknown",
        title: "there is no verdict",
        meaning: "The process in which the run took place sent a report that cannot be read. It is not a \
                  pass.",
        noticed: "The command checks each reply of a process that runs tests, and its key.",
        mistake: "Code of the lab writes to a file or a connection that it did not open, or changes memory \
                  that is not its own.",
        cure: "Leave out unsafe code, and what deals with file descriptors. If there is none, report the run \
               as a defect of the framework.",
    },
    Diagnosis {
        name: "timeout",
        title: "the test did not end",
        meaning: "Something was expected that never came: 120 s of virtual time passed, or 60 s of processor \
                  time, or a server did nothing but call others.",
        noticed: "By the virtual clock, by the processor time of the run, or by the number of calls of a \
                  server. The message names the threads that wait and the busiest calls.",
        mistake: "A loop sends again as soon as a call fails or is refused, a message is answered by the \
                  same message, or a thread waits for a signal that was given before it began to wait.",
        cure: "If the message names busy calls, wait for a change or a heartbeat before the same call is \
               made again. If it names waits, check that every change of the condition notifies, under the \
               lock.",
    },
    Diagnosis {
        name: "livelock",
        title: "threads run without making progress",
        meaning: "Threads run on and on, and neither wait nor bring anything about: virtual time does not \
                  advance.",
        noticed: "A thread passes a million scheduling points without waiting once, threads wake each other \
                  without end, or the clock is read ten million times in a row.",
        mistake: "A loop polls a condition, such as whether an entry was committed, and never sleeps.",
        cure: "Wait on a condition variable or a channel that is notified when the condition changes, or \
               sleep between two checks.",
    },
    Diagnosis {
        name: "deadlock",
        title: "threads wait for each other",
        meaning: "Threads wait in a circle, or all threads wait and no timer is set. None of them can ever \
                  go on.",
        noticed: "At the moment at which the circle closes. The message lists the threads, the lock that \
                  each waits for, and the line that holds it.",
        mistake: "Two locks are taken in different orders, a lock is taken by a thread that holds it \
                  already, or a lock is held while the thread sends into a channel that is full.",
        cure: "Take locks in the same order everywhere, or hold one at a time. Drop the guard before a call, \
               a send or a wait.",
    },
    Diagnosis {
        name: "blocked",
        title: "a thread lets no other one run",
        meaning: "All threads of a simulation share one thread of the system. One of them computes or waits \
                  without calling labrt, so the others stand still.",
        noticed: "From outside, in real time: after 5 s of computing or sleeping, or after 1 s in a lock of \
                  std.",
        mistake: "An endless loop, or a wait in `std::sync`, `parking_lot` or `crossbeam`.",
        cure: "Use `labrt::sync`, `labrt::channel` and `labrt::thread` in place of those of std. A loop that \
               waits for another thread must wait by labrt.",
    },
    Diagnosis {
        name: "foreign",
        title: "lab code started a thread of the system",
        meaning: "A thread of the system does not follow the virtual clock, and a run with one cannot be \
                  replayed.",
        noticed: "When the thread is started: the message has the line.",
        mistake: "`std::thread::spawn`, or a library that starts threads by itself.",
        cure: "Use `labrt::thread::spawn`, and no library that has threads.",
    },
    Diagnosis {
        name: "panic",
        title: "lab code panicked",
        meaning: "A thread of a server panicked, even if lab code catches the panic. The run ends at the \
                  first one.",
        noticed: "When it happens. The message has the line, and `cargo lab replay` shows the backtrace.",
        mistake: "An index into the log that counts from its beginning, after a snapshot has cut it; a \
                  subtraction below zero; an `unwrap` of what another server may leave out.",
        cure: "Go through the backtrace to the first line of your own. Turn indices of the log into \
               positions in one place, and check there that the entry exists.",
    },
    Diagnosis {
        name: "not_implemented",
        title: "lab code reached a todo!()",
        meaning: "The test needs a function that is not written yet: a `todo!()` or an `unimplemented!()`.",
        noticed: "When it is called: the message has the line and, in a skeleton, the part that asks for it.",
        mistake: "None: this part of the lab is not done.",
        cure: "Write the function. Tests of earlier parts do not reach it: `cargo lab test 3A` runs one \
               part.",
    },
    Diagnosis {
        name: "overflow",
        title: "the stack of a thread is full",
        meaning: "A thread has a stack of 512 KiB, and all of it is used.",
        noticed: "When it happens. The message lists the functions that call each other or themselves.",
        mistake: "A recursion without end, or a large array as a local variable.",
        cure: "Turn the recursion into a loop, and put large data on the heap: a `Vec` or a `Box`.",
    },
    Diagnosis {
        name: "memory",
        title: "the run has taken too much memory",
        meaning: "The process has grown by 2 GiB since the run began, or a thread asks for more than there \
                  is.",
        noticed: "The machine decides when that is noticed, so a replay may end at another moment.",
        mistake: "A loop appends to a log, a queue or a channel that is never emptied, or a length was \
                  computed by a subtraction below zero.",
        cure: "Look at what grows: entries that are sent again and again, threads that never end, a log that \
               no snapshot cuts.",
    },
    Diagnosis {
        name: "threads",
        title: "the run has too many threads",
        meaning: "30,000 threads have been started and have not ended, or the system has no room for one \
                  more.",
        noticed: "When the next one is started. The message names the server, and the line that started most \
                  of them.",
        mistake: "A thread for each timer, heartbeat or message, which waits for something that never comes.",
        cure: "Let one thread handle many events: one timer thread is enough, if it sleeps until the \
               deadline and then checks whether the deadline has moved.",
    },
    Diagnosis {
        name: "abort",
        title: "the process of the run ended",
        meaning: "The process ended before the run did, and nothing better is known.",
        noticed: "By its parent. The message has the signal or the exit status, and below it is what the \
                  process printed last.",
        mistake: "`std::process::exit` or `std::process::abort` in lab code, or a panic while a value is \
                  dropped after another panic.",
        cure: "Return an error or panic in place of ending the process. If the output has a panic, begin \
               with that.",
    },
];
