//! `cargo xtask fuzz`: hostile input at every door that takes bytes.

#[path = "../fuzz/mod.rs"]
mod fuzz;

#[global_allocator]
static COUNTING: fuzz::Counting = fuzz::Counting;

fn main() -> std::process::ExitCode {
    fuzz::main()
}
