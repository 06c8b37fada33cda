//! `cargo xtask`: what a developer and CI run. Only dispatches; it must not know what a check does.

mod browser;
mod check;
mod command;
mod licence;
mod supply;
mod tidy;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask check [NAME…]   run all checks, or the named ones
cargo xtask fmt             format the code
cargo xtask NAME            the same as `check NAME`

Checks:
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        [] | ["help" | "-h" | "--help"] => {
            print!("{HELP}");
            for check in check::CHECKS {
                println!("  {:10} {}", check.name, check.says);
            }
            Ok(())
        }
        ["fmt"] => command::cargo(&["fmt", "--all"]).run(),
        ["check", names @ ..] => check::run(names),
        names => check::run(names),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(said) => {
            println!("{said}");
            ExitCode::FAILURE
        }
    }
}
