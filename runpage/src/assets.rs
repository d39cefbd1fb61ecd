//! The style and the script of the page, and the hashes by which a browser knows them.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// The style.
pub(crate) const STYLE: &str = include_str!("assets/page.css");

/// The modules of the script: each after those that it imports from.
const MODULES: &[(&str, &str)] = &[
    ("dom.js", include_str!("assets/dom.js")),
    ("model.js", include_str!("assets/model.js")),
    ("states.js", include_str!("assets/states.js")),
    ("logs.js", include_str!("assets/logs.js")),
    ("filter.js", include_str!("assets/filter.js")),
    ("rows.js", include_str!("assets/rows.js")),
    ("marks.js", include_str!("assets/marks.js")),
    ("lanes.js", include_str!("assets/lanes.js")),
    ("detail.js", include_str!("assets/detail.js")),
    ("grid.js", include_str!("assets/grid.js")),
    ("strip.js", include_str!("assets/strip.js")),
    ("history.js", include_str!("assets/history.js")),
    ("loglines.js", include_str!("assets/loglines.js")),
    ("address.js", include_str!("assets/address.js")),
    ("toolbar.js", include_str!("assets/toolbar.js")),
    ("main.js", include_str!("assets/main.js")),
];

/// The script: the modules as one, without the lines by which they name each other.
pub(crate) static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    let mut script = String::from("\"use strict\";\n");
    for (_, text) in MODULES {
        for line in text.lines().filter(|line| !line.starts_with("import ")) {
            script.push_str(line.strip_prefix("export ").unwrap_or(line));
            script.push('\n');
        }
    }
    script
});

/// The hash of an inline script or style, as a content security policy names it.
#[must_use]
pub fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn modules_can_be_joined() {
        let mut owners = HashMap::new();
        // Several names in one declaration would escape the check.
        assert!(!SCRIPT.lines().any(|line| line.starts_with("const [") || line.starts_with("const {")));
        for (module, text) in MODULES {
            for line in text.lines() {
                let line = line.strip_prefix("export ").unwrap_or(line);
                let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
                if let (Some("const" | "let" | "function" | "class"), Some(name)) =
                    (words.next(), words.next())
                {
                    let other = owners.insert(name.to_owned(), *module);
                    assert_eq!(other, None, "{name} of {module} is declared twice");
                }
                if let Some((_, from)) = line.split_once(" from \"./").filter(|_| line.starts_with("import "))
                {
                    let from = from.trim_end_matches("\";");
                    let position = |name: &str| MODULES.iter().position(|(module, _)| *module == name);
                    assert!(
                        position(from) < position(module),
                        "{module} imports from {from}, which is later"
                    );
                }
            }
        }
        assert!(!SCRIPT.lines().any(|line| line.starts_with("import ") || line.starts_with("export ")));
        assert!(!SCRIPT.to_lowercase().contains("</script"), "it would end the element");
        assert!(!STYLE.to_lowercase().contains("</style"), "it would end the element");
    }
}
