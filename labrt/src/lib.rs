//! labrt
