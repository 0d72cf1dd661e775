//! What must be rotated after a hunt, as the long faces show it: by place, then secret by secret.

use std::collections::BTreeMap;

use serde_json::Value;

use super::evidence::{EvidenceError, EvidenceSource, Part};
use super::text::{count, number};

/// Over all alerts. A secret that was read by name is counted as read, also where it was listed.
#[derive(Debug, Default)]
pub struct Rotation {
    pub secrets: Table,
    /// The lists that succeeded, by their scopes.
    pub lists: Table,
    /// By cluster and namespace; there are as many as there are namespaces.
    places: BTreeMap<(Option<String>, Option<String>), Place>,
}

/// The first rows of a table, and how many there are.
#[derive(Debug, Default)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Value>>,
    pub found: usize,
}

#[derive(Debug, Default, Clone, Copy)]
struct Place {
    read: u64,
    listed: u64,
}

/// The columns of [`Rotation::places`].
const PLACES: [&str; 5] = ["cluster", "namespace", "secrets", "read_by_name", "listed_only"];

impl Rotation {
    /// Asks for all of it and keeps so many rows of each table; none where nothing succeeded.
    pub fn read(source: &mut dyn EvidenceSource, rows: usize) -> Result<Option<Self>, EvidenceError> {
        let mut rotation = Self::default();
        let Self { secrets, lists, places } = &mut rotation;
        source.rotation(&mut |part| {
            secrets.take(part, rows);
            let Part::Row(row) = part else { return Ok(()) };
            let text = |name: &str| text(&secrets.columns, row, name);
            let place = places.entry((text("cluster"), text("namespace"))).or_default();
            if text("how").as_deref() == Some("read") {
                place.read += 1;
            } else {
                place.listed += 1;
            }
            Ok(())
        })?;
        source.lists(&mut |part| {
            lists.take(part, rows);
            Ok(())
        })?;
        let is_empty = rotation.secrets.found == 0 && rotation.lists.found == 0;
        Ok((!is_empty).then_some(rotation))
    }

    /// How many secrets, where, and how they were seen.
    pub fn sentence(&self) -> String {
        let clusters: std::collections::BTreeSet<_> =
            self.places.keys().map(|(cluster, _)| cluster).collect();
        let (read, listed) = self
            .places
            .values()
            .fold((0, 0), |(read, listed), place| (read + place.read, listed + place.listed));
        format!(
            "{} in {} of {}: {} read by name, {} returned by lists alone",
            count(self.secrets.found as u64, "secret", "secrets"),
            count(self.places.len() as u64, "namespace", "namespaces"),
            count(clusters.len() as u64, "cluster", "clusters"),
            number(read),
            number(listed)
        )
    }

    /// How many secrets of each cluster and namespace, at most so many rows.
    pub fn places(&self, rows: usize) -> Table {
        let row = |((cluster, namespace), place): (&(Option<String>, Option<String>), &Place)| {
            vec![
                cluster.clone().into(),
                namespace.clone().into(),
                (place.read + place.listed).into(),
                place.read.into(),
                place.listed.into(),
            ]
        };
        Table {
            columns: PLACES.map(str::to_owned).into(),
            rows: self.places.iter().take(rows).map(row).collect(),
            found: self.places.len(),
        }
    }
}

impl Table {
    fn take(&mut self, part: Part<'_>, rows: usize) {
        match part {
            Part::Columns(columns) => self.columns = columns.to_vec(),
            Part::Row(row) => {
                self.found += 1;
                if self.rows.len() < rows {
                    self.rows.push(row.to_vec());
                }
            }
        }
    }
}

fn text(columns: &[String], row: &[Value], name: &str) -> Option<String> {
    let index = columns.iter().position(|column| column == name)?;
    row.get(index)?.as_str().map(str::to_owned)
}
