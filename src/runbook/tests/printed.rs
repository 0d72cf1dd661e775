//! What is printed for a person passes the gate, and answers as the bound form does.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::query::{Gate, QueryFile};
use crate::report::rows;

/// Names as an attacker would choose them against whoever prints SQL.
fn hostile() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "'",
        "''",
        "\"",
        "\\",
        "\\'",
        "$username",
        "$$",
        "$1",
        "--",
        "/*",
        "*/",
        ";",
        "\n",
        "\r\n",
        "\t",
        "\u{0}",
        "\u{1b}[31m",
        "\u{202e}",
        "chr(0)",
        "' OR true --",
        "'; DROP VIEW requests; --",
        "E'",
        "U&'",
        "{}",
        "%",
        "_",
        "ünï",
        "漢字",
        "🦀",
        " ",
        "a",
    ]);
    prop_oneof![
        prop::collection::vec(parts, 0..8).prop_map(|parts| parts.concat()),
        any::<String>(),
        (1_000usize..20_000).prop_map(|length| "x'".repeat(length)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn what_is_printed_passes_the_gate_and_answers_the_same(username in hostile(), agent in hostile(), name in hostile()) {
        let request = |time: &str| Request {
            username: Some(username.clone()),
            user_agent: agent.clone(),
            ..Request::get(time, &name)
        };
        let lake = TestLake::new(&[
            request("2026-11-18T12:00:00Z"),
            request("2026-11-20T12:00:00Z"),
            Request { namespace: None, name: None, ..request("2026-11-20T12:01:00Z") },
            Request { username: Some("other".to_owned()), ..request("2026-11-20T12:02:00Z") },
        ]);
        let (engine, gate) = (lake.engine(), Gate::open().unwrap());
        let subject = Subject { username: Some(username.clone()), user_agents: Some(vec![agent.clone()]), ..eve() };
        let bound = report(&engine, &subject);
        prop_assert_eq!(rows_of(&bound, "1_1_secrets").len(), 1);
        let sections = bound.steps.iter().flat_map(|step| &step.sections);
        for (section, (printed_name, sql)) in sections.zip(sql(&runbook(), &subject)) {
            prop_assert_eq!(&section.name, &printed_name);
            prop_assert_eq!(&section.sql, &sql);
            prop_assert!(!sql.chars().any(|c| c != '\n' && crate::report::escape::is_hidden(c)));
            prop_assert!(QueryFile::parse("printed", &sql).unwrap().parameters.is_empty());
            gate.check(&sql).unwrap();
            let mut printed: Vec<Vec<Value>> = Vec::new();
            crate::query::run(&engine, &sql, &Default::default(), LONG, &Cancel::default(), |batch| {
                printed.extend(rows::values(batch).map(Result::unwrap));
                Ok(())
            }).unwrap();
            prop_assert_eq!(&section.rows, &printed, "{}", sql);
        }
    }
}
