use std::process::ExitCode;

fn main() -> ExitCode {
    kubetrawl::cli::main()
}
