//! What verbs take whose answer is a table of their own.

use std::path::PathBuf;

/// How to give the answer, and where.
#[derive(Debug, Clone, clap::Args)]
pub struct AnswerArgs {
    /// Format of the answer
    #[arg(long, value_enum, default_value_t = AnswerFormat::Table)]
    pub format: AnswerFormat,

    /// Write the answer to a file, which appears when it is whole
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// The formats of such an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum AnswerFormat {
    /// For a person at a terminal
    Table,
    /// One table, for a spreadsheet
    Csv,
    /// One document, for a program
    Json,
}
