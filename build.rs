//! Rebuilds when a case file comes or changes: the catalogue is part of the binary.

fn main() {
    println!("cargo:rerun-if-changed=cases");
}
