//! midwatch cli
fn main() {}
