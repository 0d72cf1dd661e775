//! Allow-lists: the flags that every verb with a hunt in it takes.

use std::path::PathBuf;

use jiff::Timestamp;

use super::times;
use crate::detect::allow;
use crate::detect::{AllowError, AllowList};

/// What is known, and takes reads out of the count.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct AllowArgs {
    /// Allow-list: reads that its entries match are taken out of the count. Repeatable; the lake's own
    /// is _kubetrawl/allow.toml
    #[arg(long, value_name = "FILE")]
    allow: Vec<PathBuf>,

    /// Leave the lake's own allow-list out
    #[arg(long)]
    no_lake_allow: bool,

    /// Day that expiry dates in allow-lists are judged on [default: the clock's, in UTC]
    #[arg(long, value_name = "DATE", value_parser = times::day)]
    today: Option<String>,
}

impl AllowArgs {
    /// The entries of the files that were named, and the day.
    pub fn list(&self) -> Result<AllowList, AllowError> {
        let today = self.today.clone().unwrap_or_else(|| Timestamp::now().strftime("%Y-%m-%d").to_string());
        let mut entries = Vec::new();
        for path in &self.allow {
            entries.extend(allow::read(path, &path.display().to_string())?);
        }
        Ok(AllowList { today, entries })
    }

    /// Whether the lake's own list counts too.
    pub fn with_lakes(&self) -> bool {
        !self.no_lake_allow
    }
}
