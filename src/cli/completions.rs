//! `kubetrawl completions`: what a shell needs to complete command lines.

use std::io::Write;

use anyhow::Context;
use clap::CommandFactory;
use clap_complete::Shell;

use super::Args;
use super::exit::Exit;
use super::output::Output;

/// Print completions for a shell
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl completions bash > ~/.local/share/bash-completion/completions/kubetrawl
  kubetrawl completions zsh > ~/.zfunc/_kubetrawl
  kubetrawl completions fish > ~/.config/fish/completions/kubetrawl.fish")]
pub struct CompletionsArgs {
    /// Shell to complete in
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs) -> anyhow::Result<Exit> {
    // Gathered first: the generator ends the program where its output cannot be written.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "kubetrawl", &mut script);
    let mut output = Output::open(None)?;
    output.write_all(&script).context("cannot write the completions")?;
    output.finish()?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_shell_completes_every_verb() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Args::command(), "kubetrawl", &mut script);
            let script = String::from_utf8(script).unwrap();
            for verb in Args::command().get_subcommands() {
                assert!(script.contains(verb.get_name()), "{shell}: {}", verb.get_name());
            }
        }
    }
}
