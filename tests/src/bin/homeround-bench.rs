//! `cargo xtask bench`: what the core costs beside what a plain app would.

#[path = "../bench/mod.rs"]
mod bench;

fn main() -> std::process::ExitCode {
    bench::main()
}
