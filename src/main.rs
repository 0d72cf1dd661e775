use std::process::ExitCode;

/// Decoding allocates from many threads; mimalloc keeps them from waiting for each other.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    kubetrawl::cli::main()
}
