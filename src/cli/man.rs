//! `kubetrawl man`: manual pages.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::Args;
use super::exit::Exit;
use super::output::Output;

/// Print the manual page, or write one per verb into a folder
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  kubetrawl man | man -l -                          read the page of the program
  kubetrawl man --out ~/.local/share/man/man1       then: man kubetrawl-hunt")]
pub struct ManArgs {
    /// Folder to write the pages to, made where it is missing
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &ManArgs) -> anyhow::Result<Exit> {
    let Some(folder) = &args.out else {
        let mut output = Output::open(None)?;
        output.write_all(&page(Args::command())?).context("cannot write the manual page")?;
        output.finish()?;
        return Ok(Exit::Done);
    };
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    for (name, page) in pages()? {
        let mut output = Output::open(Some(&folder.join(name)))?;
        output.write_all(&page).context("cannot write a manual page")?;
        output.finish()?;
    }
    Ok(Exit::Done)
}

/// The page of the program and of each verb, by file name.
fn pages() -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut program = Args::command();
    program.build();
    let mut pages = Vec::new();
    let mut commands = vec![("kubetrawl".to_owned(), program)];
    while let Some((name, command)) = commands.pop() {
        let verbs = command.get_subcommands().filter(|verb| verb.get_name() != "help");
        commands.extend(verbs.map(|verb| (format!("{name}-{}", verb.get_name()), verb.clone())));
        pages.push((format!("{name}.1"), page(command.name(name))?));
    }
    Ok(pages)
}

fn page(command: Command) -> anyhow::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command).render(&mut page).context("cannot make the manual page")?;
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_has_a_page_with_its_examples() {
        let pages = pages().unwrap();
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        for verb in Args::command().get_subcommands() {
            let name = format!("kubetrawl-{}.1", verb.get_name());
            assert!(names.contains(&name.as_str()), "{name} in {names:?}");
        }
        for (name, page) in &pages {
            let page = String::from_utf8_lossy(page);
            assert!(page.contains(".TH") && page.contains("kubetrawl "), "{name}:\n{page}");
        }
    }
}
