//! [`word`]: a path quoted for a shell, in the commands that messages suggest.

use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;

use crate::text::one_line;

/// The path as one word of a shell's command: as it is, in quotes, or with escapes for invisible characters.
pub fn word(path: impl AsRef<OsStr>) -> String {
    let path = path.as_ref();
    let is_visible = |text: &&str| one_line(text, usize::MAX) == **text;
    if let Some(text) = path.to_str().filter(is_visible)
        && let Ok(quoted) = shlex::try_quote(text)
    {
        return quoted.into_owned();
    }
    // A word with escapes, as bash and zsh read it.
    let mut quoted = String::from("$'");
    for chunk in path.as_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\'' | '\\' => quoted.extend(['\\', c]),
                c if one_line(c.encode_utf8(&mut [0; 4]), 1).starts_with(c) => quoted.push(c),
                c => escape(&mut quoted, c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        escape(&mut quoted, chunk.invalid());
    }
    quoted + "'"
}

fn escape(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        write!(text, "\\x{byte:02x}").expect("a string takes any text");
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_reads_what_was_meant() {
        assert_eq!(word("../alice"), "../alice");
        for name in [
            &b"a b"[..],
            b"it's",
            b"$(touch x); `y` & | > \"z\" \\",
            b"*?[a-z] ~ # !",
            b"-rf",
            "张三 größe".as_bytes(),
            b"line\nbreak\ttab",
            b"\x1b[2J red\x1b[31m 'quoted' \\ back",
            b"not \xff unicode\xc3",
            "bidi \u{202e} 1".as_bytes(),
            b"",
        ] {
            let word = word(OsString::from_vec(name.to_vec()));
            assert_eq!(one_line(&word, usize::MAX), word, "it is printed as it is");
            // `sh` need not know `$'…'`.
            let shell = if word.starts_with('$') { "bash" } else { "sh" };
            let output = Command::new(shell).arg("-c").arg(format!("printf %s {word}")).output();
            assert_eq!(output.expect("a shell").stdout, name, "{word}");
        }
    }
}
