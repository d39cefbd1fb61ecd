//! [`Lab`]: the description of a lab.

use crate::{Case, Rule, Situation};

/// The description of a lab: all that other parts of the workspace have to know of it.
///
/// A lab is a crate that students write. The rest follows from the folder, which has the reference in `src`,
/// what students begin with in `skeleton`, the page about the lab in `page.md`, and wrong and right variants
/// of the reference in `wrong` and `right`.
///
/// The value stands beside the lab's cases, in the module of the tester that is called as the crate. So it is
/// part of the framework, and nothing of it is read from what a student hands in.
#[derive(Clone, Copy, Debug)]
pub struct Lab {
    /// The name of the crate, such as `raft`.
    pub krate: &'static str,
    /// The number, with which the names of the parts begin: `3`. A lab outside of the course has a letter. A
    /// lab that goes on from another one has that one's number with a plus, `3+`, and parts that begin with
    /// the number; `3` alone never means its parts.
    pub number: &'static str,
    /// The title, such as `Raft`.
    pub title: &'static str,
    /// The task of students in a few words: `a key/value server and a lock on it`.
    pub task: &'static str,
    /// The folder, from the top of the workspace: `raft`, `protocols/bully`.
    pub folder: &'static str,
    /// The type of the constant `SOLUTION` that the crate exports: a name in [`labapi`].
    pub export: &'static str,
    /// The parts, in their order.
    pub parts: &'static [Part],
    /// The crates of the labs that it stands on, in the order of their numbers.
    pub needs: &'static [&'static str],
    /// All its tests, in the order of the parts.
    pub cases: fn() -> Vec<Case>,
    /// The rules of its protocol that an [`Analysis`](crate::Analysis) observes, in the order of the paper.
    pub rules: fn() -> Vec<&'static Rule>,
    /// The situations that its [`Analysis`](crate::Analysis) recognises, in the order in which they are
    /// shown.
    pub situations: fn() -> Vec<&'static Situation>,
}

/// A part of a lab: what is released, done and graded at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The name: the lab's number and a letter or digit, such as `3A`.
    pub name: &'static str,
    /// The title, such as `leader election`.
    pub title: &'static str,
}

impl Part {
    /// A part of this name and title.
    #[must_use]
    pub const fn new(name: &'static str, title: &'static str) -> Self {
        Self { name, title }
    }
}

impl Lab {
    /// Whether this is one of its parts.
    #[must_use]
    pub fn has_part(&self, name: &str) -> bool {
        self.parts.iter().any(|part| part.name == name)
    }

    /// The names of its parts, in their order.
    #[must_use]
    pub fn part_names(&self) -> Vec<&'static str> {
        self.parts.iter().map(|part| part.name).collect()
    }

    /// The beginning of the names of its parts.
    #[must_use]
    pub fn prefix(&self) -> &'static str {
        self.number.trim_end_matches('+')
    }

    /// Whether it is a lab of the course: these have a number alone, and the others a letter or a plus.
    #[must_use]
    pub fn is_of_course(&self) -> bool {
        self.number.chars().all(|c| c.is_ascii_digit())
    }

    /// The path of its page in the hand-out: `docs/lab-3.md`, or `docs/lab-bully.md` outside of the course.
    #[must_use]
    pub fn page(&self) -> String {
        format!("docs/lab-{}.md", if self.is_of_course() { self.number } else { self.krate })
    }
}
