//! The second run of a hunt, with the allow-list, and the alerts that it leaves without a breach.

use std::collections::HashMap;

use super::masks::{self, Patterns};
use super::{AllowList, AllowUse, AllowedBy};
use crate::detect::alert::{Alert, HuntSummary};
use crate::detect::group::Group;
use crate::detect::hunt::Hunt;
use crate::detect::parameters::WindowMode;
use crate::detect::{DetectError, HuntParameters};
use crate::engine::Param;
use crate::lake::utc;
use crate::sql;

/// Silenced alerts by id, with the numbers of the entries that did it.
pub type Silenced = HashMap<String, Vec<usize>>;

/// An allow-list at work on one hunt: [`Self::read`], then [`Self::take_out`], then count again.
pub struct Silencer<'l> {
    list: &'l AllowList,
    patterns: Patterns,
}

impl<'l> Silencer<'l> {
    /// None for an empty list, with which there is no second run.
    ///
    /// # Errors
    /// When an entry holds what is no pattern.
    pub fn of(parameters: &'l HuntParameters) -> Result<Option<Self>, DetectError> {
        let list = &parameters.allow;
        if list.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self { list, patterns: Patterns::of(list)? }))
    }

    /// Matches the entries with the reads of a hunt that has read.
    pub fn read(&self, hunt: &mut Hunt<'_>) -> Result<(), DetectError> {
        masks::read(hunt, &self.patterns)?;
        let in_force = self.list.entries.iter().map(|entry| !self.list.is_expired(entry));
        hunt.bind("allow_active", Param::Text(masks::bits(in_force)));
        let anchored = hunt.parameters.window_mode == WindowMode::Anchored;
        hunt.bind("taken_out", if anchored { Param::Int(0) } else { Param::Null });
        Ok(())
    }

    /// Puts into the table reads what the second run counts: of the groups that the entries touch
    /// and that reach `least` distinct secrets without them.
    pub fn take_out(&self, hunt: &mut Hunt<'_>, least: i64) -> Result<(), DetectError> {
        hunt.bind("least", Param::Int(least));
        hunt.keep("touched", sql::file("detect/allow/touched.sql"))?;
        hunt.keep("reads", sql::file("detect/allow/rest.sql"))
    }

    /// The alerts that the counts of the second run silence.
    pub fn silenced(&self, hunt: &Hunt<'_>) -> Result<Silenced, DetectError> {
        hunt.keep("allow_named", sql::file("detect/allow/named.sql"))?;
        let mut silenced = Silenced::new();
        hunt.each(sql::file("detect/allow/silenced.sql"), |cells, row| {
            let group = Group::read(cells, row, &hunt.parameters.by)?;
            let crossed_at = utc::text(cells.time(row, "crossed_at")?.unwrap_or_default());
            let mask = cells.text(row, "mask")?.unwrap_or_default();
            let id = group.alert_id(&hunt.rule.rule_id, &crossed_at);
            silenced.insert(id, masks::entries(&mask).collect());
            Ok(())
        })?;
        Ok(silenced)
    }

    /// Marks the silenced among the alerts.
    pub fn mark(&self, alerts: &mut [Alert], silenced: &Silenced) {
        for alert in alerts {
            let Some(numbers) = silenced.get(&alert.alert_id) else { continue };
            let entries = numbers.iter().filter_map(|number| self.list.entries.get(*number));
            alert.silenced_by = entries.map(AllowedBy::from).collect();
        }
    }

    /// Says in the summary what was silenced, and what became of each entry.
    pub fn sum_up(
        &self,
        hunt: &Hunt<'_>,
        silenced: &Silenced,
        summary: &mut HuntSummary,
    ) -> Result<(), DetectError> {
        summary.allow = self.uses(hunt, silenced)?;
        summary.silenced = i64::try_from(silenced.len()).unwrap_or(i64::MAX);
        summary.alerts -= summary.silenced;
        Ok(())
    }

    /// What became of each entry, in the list's order.
    pub fn uses(&self, hunt: &Hunt<'_>, silenced: &Silenced) -> Result<Vec<AllowUse>, DetectError> {
        let mut uses: Vec<AllowUse> = self.list.entries.iter().map(|entry| self.unused(entry)).collect();
        hunt.each(sql::file("detect/allow/uses.sql"), |cells, row| {
            let (mask, reads) = (cells.text(row, "mask")?, cells.int(row, "reads")?);
            for entry in masks::entries(&mask.unwrap_or_default()) {
                if let Some(used) = uses.get_mut(entry) {
                    used.reads += reads.unwrap_or_default();
                }
            }
            Ok(())
        })?;
        for entry in silenced.values().flatten() {
            if let Some(used) = uses.get_mut(*entry) {
                used.silenced += 1;
            }
        }
        Ok(uses)
    }

    fn unused(&self, entry: &super::AllowEntry) -> AllowUse {
        AllowUse {
            entry: entry.entry.clone(),
            reason: entry.reason.clone(),
            owner: entry.owner.clone(),
            expires: entry.expires.clone(),
            expired: self.list.is_expired(entry),
            reads: 0,
            silenced: 0,
        }
    }
}
