//! labgob
