//! What an allow-list did, in words that all faces share.

use super::fields;
use super::text::{count, to_the_second};
use crate::detect::Alert;
use crate::detect::allow::AllowUse;

/// A silenced alert on one line.
pub fn silenced(alert: &Alert) -> String {
    format!(
        "{} {} {} {}: {}, by {}",
        alert.alert_id,
        fields::severity(alert.severity),
        to_the_second(&alert.crossed_at),
        fields::who(alert),
        count(alert.peak_distinct, "distinct secret", "distinct secrets"),
        entries(alert)
    )
}

/// The entries that silenced an alert.
pub fn entries(alert: &Alert) -> String {
    let names: Vec<&str> = alert.silenced_by.iter().map(|by| by.entry.as_str()).collect();
    names.join(", ")
}

/// What became of an entry.
pub fn fate(used: &AllowUse) -> String {
    let reads = count(used.reads, "read", "reads");
    match (&used.expires, used.reads) {
        (Some(day), 0) if used.expired => format!("expired, {day} was its last day; it matches nothing"),
        (Some(day), _) if used.expired => format!("expired, {day} was its last day; {reads} count again"),
        (_, 0) => "matched nothing".to_owned(),
        _ => format!("took out {reads}, silenced {}", count(used.silenced, "alert", "alerts")),
    }
}

/// An entry on one line.
pub fn entry(used: &AllowUse) -> String {
    format!("{}: {} ({}; {})", used.entry, fate(used), used.reason, used.owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_used_useless_or_expired() {
        let used = AllowUse {
            entry: "allow.toml:3".into(),
            reason: "Vault".into(),
            owner: "ops".into(),
            expires: Some("2027-03-31".into()),
            expired: false,
            reads: 1200,
            silenced: 1,
        };
        assert_eq!(entry(&used), "allow.toml:3: took out 1,200 reads, silenced 1 alert (Vault; ops)");
        assert_eq!(fate(&AllowUse { reads: 0, ..used.clone() }), "matched nothing");
        let expired = AllowUse { expired: true, silenced: 0, ..used };
        assert!(fate(&expired).starts_with("expired, 2027-03-31 was its last day; 1,200 reads count again"));
    }
}
