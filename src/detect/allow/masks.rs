//! Which entries match which reads.
//!
//! Patterns are tried here, on each distinct value once. SQL gets the answer back as masks, one bit
//! for each entry, and lets a read's values agree by `&`: no pattern ever becomes SQL.

use super::{AllowField, AllowList, Pattern};
use crate::detect::DetectError;
use crate::detect::hunt::Hunt;
use crate::engine::{EngineError, Param};
use crate::sql;

/// Values tried before their masks are handed back: what bounds the memory that it takes.
const PAGE: i64 = 20_000;

/// The entries of a list, ready to be tried on values.
pub struct Patterns {
    /// By entry and field; none where the entry does not name the field.
    entries: Vec<[Option<Vec<Pattern>>; AllowField::ALL.len()]>,
}

impl Patterns {
    pub fn of(list: &AllowList) -> Result<Self, DetectError> {
        let mut entries = Vec::with_capacity(list.entries.len());
        for entry in &list.entries {
            let mut patterns = [const { None }; AllowField::ALL.len()];
            for (field, texts) in &entry.patterns {
                let parsed: Result<Vec<Pattern>, String> =
                    texts.iter().map(|text| Pattern::parse(*field, text)).collect();
                let wrong = |reason| DetectError::Allow { entry: entry.entry.clone(), reason };
                patterns[*field as usize] = Some(parsed.map_err(wrong)?);
            }
            entries.push(patterns);
        }
        Ok(Self { entries })
    }

    /// The mask of a value; of one that no pattern matches where there is none.
    fn mask(&self, field: AllowField, value: Option<&str>) -> String {
        let bit = |entry: &[Option<Vec<Pattern>>; AllowField::ALL.len()]| {
            entry[field as usize].as_ref().is_none_or(|patterns| {
                value.is_some_and(|value| patterns.iter().any(|pattern| pattern.matches(value)))
            })
        };
        bits(self.entries.iter().map(bit))
    }

    fn names(&self, field: AllowField) -> bool {
        self.entries.iter().any(|entry| entry[field as usize].is_some())
    }
}

/// One character for each bit, as SQL reads and writes them.
pub fn bits(bits: impl Iterator<Item = bool>) -> String {
    bits.map(|bit| if bit { '1' } else { '0' }).collect()
}

/// The entries whose bit is set.
pub fn entries(mask: &str) -> impl Iterator<Item = usize> {
    mask.bytes().enumerate().filter(|(_, bit)| *bit == b'1').map(|(entry, _)| entry)
}

/// Reads what can count, with its masks, into the table allow_reads; after the hunt's own reading.
pub fn read(hunt: &mut Hunt<'_>, patterns: &Patterns) -> Result<(), DetectError> {
    let fields = AllowField::ALL.into_iter().filter(|field| patterns.names(*field));
    let names = fields.map(|field| field.as_str().to_owned()).collect();
    hunt.bind("allow_fields", Param::TextList(names));
    hunt.keep("allow_values", sql::file("detect/allow/values.sql"))?;
    hand_back(hunt, patterns)?;
    for field in AllowField::ALL {
        hunt.bind(unmatched(field), Param::Text(patterns.mask(field, None)));
    }
    hunt.keep("allow_reads", sql::file("detect/allow/reads.sql"))
}

/// The table allow_masks, page by page.
fn hand_back(hunt: &mut Hunt<'_>, patterns: &Patterns) -> Result<(), DetectError> {
    let masks = sql::file("detect/allow/masks.sql");
    hunt.bind("value_ids", Param::IntList(Vec::new()));
    hunt.bind("masks", Param::TextList(Vec::new()));
    hunt.keep("allow_masks", masks)?;
    let mut after = 0;
    loop {
        let (ids, texts, last) = page(hunt, patterns, after)?;
        let Some(last) = last else { return Ok(()) };
        after = last;
        hunt.bind("value_ids", Param::IntList(ids));
        hunt.bind("masks", Param::TextList(texts));
        hunt.add("allow_masks", masks)?;
    }
}

type Page = (Vec<i64>, Vec<String>, Option<i64>);

/// The values after one that a pattern matches, with their masks; and the last value seen.
fn page(hunt: &mut Hunt<'_>, patterns: &Patterns, after: i64) -> Result<Page, DetectError> {
    hunt.bind("after", Param::Int(after));
    hunt.bind("upto", Param::Int(after.saturating_add(PAGE)));
    let unmatched = AllowField::ALL.map(|field| patterns.mask(field, None));
    let (mut ids, mut masks, mut last) = (Vec::new(), Vec::new(), None);
    hunt.each(sql::file("detect/allow/page.sql"), |cells, row| {
        let missing = || EngineError::Column { name: "field".to_owned() };
        let id = cells.int(row, "value_id")?.ok_or_else(missing)?;
        let name = cells.text(row, "field")?.ok_or_else(missing)?;
        let value = cells.text(row, "value")?;
        let field = AllowField::ALL.into_iter().find(|field| field.as_str() == name).ok_or_else(missing)?;
        let mask = patterns.mask(field, value.as_deref());
        if mask != unmatched[field as usize] {
            ids.push(id);
            masks.push(mask);
        }
        last = Some(id);
        Ok(())
    })?;
    Ok((ids, masks, last))
}

/// The parameter that holds the mask of a value that no pattern matches.
fn unmatched(field: AllowField) -> &'static str {
    match field {
        AllowField::Username => "username_mask",
        AllowField::Namespace => "namespace_mask",
        AllowField::Secret => "secret_mask",
        AllowField::UserAgent => "user_agent_mask",
        AllowField::Cluster => "cluster_mask",
        AllowField::SourceIp => "source_ip_mask",
    }
}
