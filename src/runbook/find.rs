//! Finds an alert among the hunts that a lake keeps.

use std::collections::BTreeMap;

use crate::causes::chain;
use crate::detect::{Alert, HuntParameters};
use crate::lake::{Lake, LakeError};

use super::Counting;

/// An alert with the hunt that gave it.
#[derive(Debug, Clone)]
pub struct FoundAlert {
    pub hunt_id: String,
    pub alert: Alert,
    pub counting: Counting,
    /// Why later hunts, which may have the alert too, could not be read.
    pub unread: Vec<String>,
}

/// Why no one alert was found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    #[error("could not read the lake's hunts")]
    Lake(#[from] LakeError),
    #[error(
        "no hunt stored in the lake has an alert {prefix}: run `kubetrawl hunt` on this lake, \
        or give a user and a time with --user and --at{}", also(.unread)
    )]
    None { prefix: String, unread: Vec<String> },
    #[error("{prefix} begins the ids of several alerts: {}: give more of it", .ids.join(", "))]
    Several { prefix: String, ids: Vec<String> },
    #[error("the parameters of the hunt {hunt_id} could not be read")]
    Parameters {
        hunt_id: String,
        #[source]
        source: serde_json::Error,
    },
}

fn also(unread: &[String]) -> String {
    unread.iter().map(|why| format!("; a hunt could not be read: {why}")).collect()
}

/// The alert whose id begins with `prefix`, from the latest hunt that has it. A hunt that cannot be read is
/// passed over, and told.
pub fn find_alert(lake: &Lake, prefix: &str) -> Result<FoundAlert, FindError> {
    let mut found: BTreeMap<String, FoundAlert> = BTreeMap::new();
    let mut unread = Vec::new();
    for hunt_id in lake.hunts()?.into_iter().rev() {
        let report = match lake.hunt(&hunt_id) {
            Ok(Some(report)) => report,
            Ok(None) => continue,
            Err(error) => {
                unread.push(chain(&error));
                continue;
            }
        };
        for alert in report.alerts {
            if alert.alert_id.starts_with(prefix) && !found.contains_key(&alert.alert_id) {
                let counting = counting(&hunt_id, &report.parameters)?;
                let latest = FoundAlert { hunt_id: hunt_id.clone(), alert, counting, unread: unread.clone() };
                // Ids are of one length: a whole one begins no other, and no older hunt has a later answer.
                if latest.alert.alert_id == prefix {
                    return Ok(latest);
                }
                found.insert(latest.alert.alert_id.clone(), latest);
            }
        }
    }
    if found.len() > 1 {
        return Err(FindError::Several { prefix: prefix.to_owned(), ids: found.into_keys().collect() });
    }
    found.into_values().next().ok_or_else(|| FindError::None { prefix: prefix.to_owned(), unread })
}

fn counting(hunt_id: &str, parameters: &serde_json::Value) -> Result<Counting, FindError> {
    let parameters: HuntParameters = serde_json::from_value(parameters.clone())
        .map_err(|source| FindError::Parameters { hunt_id: hunt_id.to_owned(), source })?;
    Ok(Counting::from(&parameters))
}
