//! Standard error: notes, warnings and errors, one line each.

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};

use crate::report::escape;

/// When output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// Whether to colour what goes to this stream.
    pub fn on(self, stream: &impl IsTerminal) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => stream.is_terminal() && !no_color() && !dumb_terminal(),
        }
    }

    /// The same choice for clap's help and usage errors.
    pub fn for_clap(self) -> clap::ColorChoice {
        match self {
            Self::Auto => clap::ColorChoice::Auto,
            Self::Always => clap::ColorChoice::Always,
            Self::Never => clap::ColorChoice::Never,
        }
    }
}

/// <https://no-color.org>: set and not empty.
fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

fn dumb_terminal() -> bool {
    std::env::var_os("TERM").is_some_and(|value| value == "dumb")
}

/// The way to standard error. A standard error that is closed is no reason to fail.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    color: bool,
}

impl Console {
    pub fn new(color: Color) -> Self {
        Self { color: color.on(&io::stderr()) }
    }

    /// Text that is safe for a terminal already, as `report` makes it.
    pub fn text(self, text: &str) {
        let _ = io::stderr().write_all(text.as_bytes());
    }

    /// One line.
    pub fn note(self, line: &str) {
        self.line(None, line);
    }

    /// One line that begins with `warning: `.
    pub fn warn(self, line: &str) {
        self.line(Some(("warning", AnsiColor::Yellow.on_default().bold())), line);
    }

    /// What failed, and each cause in a line of its own.
    pub fn error(self, error: &anyhow::Error) {
        self.line(Some(("error", AnsiColor::Red.on_default().bold())), &error.to_string());
        let mut said = error.to_string();
        for cause in error.chain().skip(1) {
            let cause = cause.to_string();
            // Some errors of libraries repeat their source in their own message.
            if !said.ends_with(&cause) {
                self.line(Some(("  cause", Style::new().bold())), &cause);
            }
            said = cause;
        }
    }

    fn line(self, head: Option<(&str, Style)>, line: &str) {
        let line = escape::terminal(line);
        let head = match head {
            Some((word, style)) if self.color => format!("{style}{word}:{style:#} "),
            Some((word, _)) => format!("{word}: "),
            None => String::new(),
        };
        let _ = writeln!(io::stderr(), "{head}{line}");
    }
}
