//! Parse, run, exit code.

fn main() -> std::process::ExitCode {
    wsspec::cli::run()
}
