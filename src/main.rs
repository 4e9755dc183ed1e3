//! The one binary. Everything it does is in [`signalbox::app`].

use std::process::ExitCode;

fn main() -> ExitCode {
    signalbox::app::run()
}
