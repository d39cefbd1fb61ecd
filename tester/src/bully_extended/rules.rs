pub(super) fn all() -> Vec<&'static crate::Rule> {
    Vec::new()
}
