//! What the answer rests on: where the records went, what the logs leave out, what was asked.

use std::collections::BTreeMap;
use std::io;

use super::page::Page;
use super::tables;
use crate::detect::HuntReport;
use crate::lake::Accounting;
use crate::report::evidence::Grounds;
use crate::report::parameters;
use crate::report::text::{count, number};

pub fn section(page: &mut Page<'_>, report: &HuntReport, grounds: &Grounds) -> io::Result<()> {
    page.markup("<section aria-labelledby=\"grounds\">\n<h2 id=\"grounds\">What this rests on</h2>\n")?;
    if let Some(accounting) = &grounds.accounting {
        self::accounting(page, accounting)?;
    }
    if !grounds.coverage.is_empty() {
        page.markup("<h3>Coverage</h3>\n")?;
        for section in &grounds.coverage {
            tables::section(page, section, !section.rows.is_empty())?;
        }
    }
    page.markup("<h3>The hunt</h3>\n<dl class=\"facts\">\n")?;
    for (name, value) in parameters::given(report) {
        tables::entry(page, &name.replace('_', " "), &value)?;
    }
    tables::entry(page, "kubetrawl", &report.versions.kubetrawl)?;
    tables::entry(page, "duckdb", &report.versions.duckdb)?;
    page.markup("</dl>\n</section>\n")
}

fn accounting(page: &mut Page<'_>, accounting: &Accounting) -> io::Result<()> {
    page.markup("<h3>Accounting</h3>\n<p>Every record of every log ended in one of these.</p>\n<dl class=\"facts\">\n")?;
    let read = format!(
        "{} from {} in {}",
        number(accounting.records),
        count(accounting.sources, "source", "sources"),
        count(accounting.commits, "ingest", "ingests")
    );
    tables::entry(page, "records read", &read)?;
    tables::entry(page, "searched", &number(accounting.rows))?;
    tables::entry(page, "arrived twice", &number(accounting.duplicates))?;
    tables::entry(page, "could not be read", &total(&accounting.rejects))?;
    tables::list(page, "of these", &named(&accounting.rejects), 20)?;
    tables::entry(page, "no Kubernetes audit", &total(&accounting.other))?;
    tables::list(page, "of these", &named(&accounting.other), 20)?;
    page.markup("</dl>\n")
}

fn total(parts: &BTreeMap<String, u64>) -> String {
    number(parts.values().sum::<u64>())
}

fn named(parts: &BTreeMap<String, u64>) -> Vec<String> {
    parts.iter().map(|(name, n)| format!("{name}: {}", number(*n))).collect()
}
