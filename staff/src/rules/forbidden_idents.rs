//! Identifiers that are forbidden in any position, and the macros of std, log and labrt.

use super::Rule;

/// The rule that an identifier breaks in any position.
pub(super) fn anywhere(word: &str) -> Option<Rule> {
    Some(match word {
        "include_str" | "include_bytes" | "option_env" => Rule::Embed,
        "global_asm" | "naked_asm" => Rule::Assembly,
        "thread_local" => Rule::ThreadLocal,
        "catch_unwind" | "resume_unwind" | "set_hook" | "take_hook" => Rule::Unwinding,
        // Of `Persister` and of the crate `log`.
        "set_save_time" | "set_logger" | "set_boxed_logger" | "set_max_level" => Rule::Simulation,
        _ => return None,
    })
}

/// The rule that a macro of this name breaks.
pub(super) fn as_macro(name: &str) -> Option<Rule> {
    Some(match name {
        "include" | "env" => Rule::Embed,
        "asm" => Rule::Assembly,
        name => return anywhere(name),
    })
}

/// The rule that an identifier breaks in the arguments of a macro that may reassemble identifiers.
pub(super) fn in_pieces(word: &str) -> Option<Rule> {
    Some(match word {
        "std" | "core" | "alloc" | "labrt" | "labrpc" => Rule::Alias,
        "no_mangle" | "export_name" | "link_section" | "link_name" | "global_allocator" | "panic_handler" => {
            Rule::Attribute
        }
        word if is_guarded_lint(word) => Rule::Attribute,
        word => return as_macro(word),
    })
}

/// Whether a lint enforces a rule, or protects the compiler from evaluation without end.
pub(super) fn is_guarded_lint(word: &str) -> bool {
    matches!(word, "unsafe_code" | "long_running_const_eval")
}

/// Whether an identifier before `!(…)` can be a keyword and not a macro's name.
pub(super) fn is_keyword(word: &str) -> bool {
    const KEYWORDS: [&str; 11] =
        ["return", "if", "while", "match", "in", "else", "break", "move", "for", "let", "yield"];
    KEYWORDS.contains(&word)
}

/// Macros of std, log and labrt that use their arguments unchanged. Other macros may reassemble identifiers.
pub(super) const PLAIN_MACROS: [&str; 35] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "cfg",
    "column",
    "compile_error",
    "concat",
    "dbg",
    "debug",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "error",
    "file",
    "format",
    "format_args",
    "info",
    "line",
    "log",
    "log_enabled",
    "matches",
    "module_path",
    "panic",
    "print",
    "println",
    "select",
    "stringify",
    "todo",
    "trace",
    "unimplemented",
    "unreachable",
    "vec",
    "warn",
];

/// Macros of the same kind with a destination as the first argument.
pub(super) const WRITING_MACROS: [&str; 2] = ["write", "writeln"];
