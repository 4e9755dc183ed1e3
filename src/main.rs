//! The one binary.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.split_first() {
        Some((name, rest)) if name == "job-supervisor" && rest.len() == 1 => {
            signalbox::jobs::command::supervise(Path::new(&rest[0]))
        }
        Some((name, rest)) if name == "fleet-instance" => signalbox::demo::run_instance(rest),
        _ => ExitCode::FAILURE,
    }
}
