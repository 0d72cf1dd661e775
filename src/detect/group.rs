//! The group that an alert is for: its columns, its name, its identity.

use serde_json::{Map, Value, json};

use super::alert::UNKNOWN_USER;
use super::parameters::GroupColumn;
use crate::engine::{Cells, EngineError};
use crate::hash::sha256;

/// The values of the group columns of one row, in the order of [`GroupColumn::ALL`].
pub struct Group(Vec<(GroupColumn, Option<String>)>);

impl Group {
    /// Reads the columns of `by` from a row of the hunt's tables.
    pub fn read(cells: &Cells<'_>, row: usize, by: &[GroupColumn]) -> Result<Self, EngineError> {
        let column = |column: GroupColumn| Ok((column, cells.text(row, column.column())?));
        GroupColumn::ALL
            .into_iter()
            .filter(|c| by.contains(c))
            .map(column)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The value of one column; None when it is not grouped by, Some(None) for null.
    pub fn value(&self, column: GroupColumn) -> Option<Option<&str>> {
        self.0.iter().find(|(c, _)| *c == column).map(|(_, value)| value.as_deref())
    }

    /// All columns but the username.
    pub fn others(&self) -> Map<String, Value> {
        self.0
            .iter()
            .filter(|(column, _)| *column != GroupColumn::Username)
            .map(|(column, value)| (column.as_str().to_owned(), json!(value)))
            .collect()
    }

    /// All columns by name.
    pub fn columns(&self) -> Map<String, Value> {
        self.0.iter().map(|(column, value)| (column.as_str().to_owned(), json!(value))).collect()
    }

    /// Who it is, for a title: the username, else the other values.
    pub fn name(&self) -> String {
        match self.value(GroupColumn::Username) {
            Some(username) => username.unwrap_or(UNKNOWN_USER).to_owned(),
            None => {
                let values: Vec<&str> =
                    self.0.iter().map(|(_, value)| value.as_deref().unwrap_or("<UNKNOWN>")).collect();
                values.join(", ")
            }
        }
    }

    /// The first 16 hex digits of SHA-256 over `[rule_id, {column: value, ...}, crossed_at]`.
    pub fn alert_id(&self, rule_id: &str, crossed_at: &str) -> String {
        let mut hash = sha256(json!([rule_id, self.columns(), crossed_at]).to_string());
        hash.truncate(16);
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_id_is_the_hash_of_rule_group_and_time() {
        let group = Group(vec![(GroupColumn::Username, Some("eve".into())), (GroupColumn::Cluster, None)]);
        let expected = sha256(r#"["R",{"username":"eve","cluster":null},"2026-11-22T00:00:00.000000Z"]"#);
        assert_eq!(group.alert_id("R", "2026-11-22T00:00:00.000000Z"), expected[..16]);
    }

    #[test]
    fn a_group_is_named_by_its_user_or_by_its_values() {
        assert_eq!(Group(vec![(GroupColumn::Username, None)]).name(), UNKNOWN_USER);
        assert_eq!(Group(vec![(GroupColumn::SourceIp, Some("10.0.0.1".into()))]).name(), "10.0.0.1");
    }
}
