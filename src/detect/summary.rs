//! What a hunt's answer rests on, read with the files of `sql/reports`.

use super::DetectError;
use super::alert::{Exclusion, Exposure, HuntSummary, Principal};
use super::group::Group;
use super::hunt::Hunt;
use super::parameters::GroupColumn;
use crate::engine::{Cells, EngineError};
use crate::lake::utc;
use crate::sql;

/// Reads the summary of a hunt that has been counted.
pub fn read(hunt: &Hunt<'_>, alerts: usize) -> Result<HuntSummary, DetectError> {
    let mut summary = totals(hunt)?;
    summary.alerts = i64::try_from(alerts).unwrap_or(i64::MAX);
    summary.exclusions = rows(hunt, "hunt_exclusions", |cells, row| {
        Ok(Exclusion {
            reason: cells.text(row, "exclusion")?.unwrap_or_default(),
            reads: int(cells, row, "reads")?,
            principals: int(cells, row, "principals")?,
        })
    })?;
    summary.excluded_over_threshold = rows(hunt, "hunt_excluded_principals", |cells, row| {
        principal(cells, row, cells.text(row, GroupColumn::Username.column())?)
    })?;
    summary.nearest_miss = rows(hunt, "hunt_nearest_miss", |cells, row| {
        let group = Group::read(cells, row, &hunt.parameters.by)?;
        let username = match group.value(GroupColumn::Username) {
            Some(username) => username.map(str::to_owned),
            None => Some(group.name()),
        };
        principal(cells, row, username)
    })?
    .pop();
    let lists = rows(hunt, "hunt_wide_lists", |cells, row| {
        let exposure = Exposure {
            username: cells.text(row, "username")?,
            lists: int(cells, row, "lists")?,
            succeeded: int(cells, row, "succeeded")?,
            first_seen: utc::text(cells.time(row, "first_seen")?.unwrap_or_default()),
            last_seen: utc::text(cells.time(row, "last_seen")?.unwrap_or_default()),
        };
        Ok((cells.bool(row, "cluster_wide")?.unwrap_or_default(), exposure))
    })?;
    let (cluster_wide, namespace_wide) =
        lists.into_iter().partition::<Vec<_>, _>(|(is_cluster, _)| *is_cluster);
    summary.cluster_wide_lists = cluster_wide.into_iter().map(|(_, exposure)| exposure).collect();
    summary.namespace_wide_lists = namespace_wide.into_iter().map(|(_, exposure)| exposure).collect();
    Ok(summary)
}

fn totals(hunt: &Hunt<'_>) -> Result<HuntSummary, DetectError> {
    hunt.know_days()?;
    let found = rows(hunt, "hunt_totals", |cells, row| {
        Ok(HuntSummary {
            records: int(cells, row, "records")?,
            requests: int(cells, row, "requests")?,
            matches: int(cells, row, "matches")?,
            users: int(cells, row, "users")?,
            first_event: cells.time(row, "first_event")?.map(utc::text),
            last_event: cells.time(row, "last_event")?.map(utc::text),
            exclusions: Vec::new(),
            excluded_over_threshold: Vec::new(),
            nearest_miss: None,
            cluster_wide_lists: Vec::new(),
            namespace_wide_lists: Vec::new(),
            coverage: None,
            alerts: 0,
            silenced: 0,
            allow: Vec::new(),
        })
    })?;
    let missing = || DetectError::Engine(EngineError::Column { name: "records".to_owned() });
    found.into_iter().next().ok_or_else(missing)
}

fn principal(cells: &Cells<'_>, row: usize, username: Option<String>) -> Result<Principal, EngineError> {
    Ok(Principal {
        username,
        peak_distinct: int(cells, row, "peak_distinct")?,
        at: utc::text(cells.time(row, "peaked_at")?.unwrap_or_default()),
        impersonated: cells.bool(row, "impersonated")?.unwrap_or_default(),
    })
}

fn rows<T>(
    hunt: &Hunt<'_>,
    report: &str,
    mut read: impl FnMut(&Cells<'_>, usize) -> Result<T, EngineError>,
) -> Result<Vec<T>, DetectError> {
    let mut rows = Vec::new();
    hunt.each(sql::file(&format!("reports/{report}.sql")), |cells, row| {
        rows.push(read(cells, row)?);
        Ok(())
    })?;
    Ok(rows)
}

fn int(cells: &Cells<'_>, row: usize, name: &str) -> Result<i64, EngineError> {
    Ok(cells.int(row, name)?.unwrap_or_default())
}
