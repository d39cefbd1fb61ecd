//! labrpc/macros
