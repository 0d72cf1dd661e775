//! Which rules there are: ours, and those of the folders that were named.

use std::path::PathBuf;

use super::Session;
use crate::detect::{Catalog, rule_check};

/// Where rules stand besides our own.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct CatalogArgs {
    /// Folder with rules of your own, or one rule; can be repeated
    #[arg(long = "rules", value_name = "DIR")]
    folders: Vec<PathBuf>,
}

impl CatalogArgs {
    /// All rules; a broken one is refused here, whatever it would be used for.
    pub fn load(&self, session: &Session) -> anyhow::Result<Catalog> {
        let catalog = Catalog::with(&self.folders)?;
        if !self.folders.is_empty() {
            for rule in catalog.rules().iter().filter(|rule| !rule.own) {
                rule_check::check(rule, &session.cancel)?;
            }
        }
        Ok(catalog)
    }
}
