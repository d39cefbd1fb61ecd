fn main() {
    std::fs::write("/tmp/owned", "").unwrap();
}
