//! What a log says is hostile: it never reaches a terminal or a spreadsheet as it is.

use crate::bad_input::event;
use crate::support::World;

const HOSTILE: &[&str] = &[
    "=HYPERLINK(\"http://x\")",
    "+1",
    "-1",
    "@x",
    "\\u001b[2Jx",
    "\\u202egnp.exe",
    "a\\u0007b",
    "\\ttab",
    "\\rcr",
];

/// Reads of twenty secrets by users whose names, user agents and namespaces are hostile.
fn hostile_log() -> String {
    let mut text = String::new();
    for name in HOSTILE {
        let name = name.replace('"', "\\\"");
        for n in 0..20 {
            let line = event(n)
                .replace(r#""username":"ann""#, &format!(r#""username":"{name}""#))
                .replace(r#""sourceIPs""#, &format!(r#""userAgent":"{name}","sourceIPs""#))
                .replace(r#""namespace":"a""#, &format!(r#""namespace":"{name}""#))
                .replace(&format!("id-{n}"), &format!("{}-{n}", name.len()));
            text.push_str(&line);
            text.push('\n');
        }
    }
    text
}

pub fn is_neutral(c: char) -> bool {
    c == '\n'
        || !(c.is_control()
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c))
}

#[test]
fn a_terminal_gets_no_control_characters() {
    let world = World::new();
    world.write("audit.log", hostile_log());
    for color in ["never", "auto"] {
        let run = world.run(&["hunt", "audit.log", "--color", color]).expect_code(0);
        for (what, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
            let found: Vec<char> = text.chars().filter(|c| !is_neutral(*c)).collect();
            assert!(found.is_empty(), "{what} with --color {color}: {found:?}");
        }
    }
}

#[test]
fn a_spreadsheet_runs_no_cell() {
    let world = World::new();
    world.write("audit.log", hostile_log());
    let run = world.run(&["hunt", "audit.log", "--format", "csv"]).expect_code(0);
    let mut rows = 0;
    for record in csv::Reader::from_reader(run.stdout.as_bytes()).records() {
        rows += 1;
        for cell in record.expect("RFC 4180").iter() {
            for element in std::iter::once(cell).chain(cell.split(';')) {
                assert!(!element.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
            }
        }
    }
    assert_eq!(rows, HOSTILE.len());
}

#[test]
fn json_keeps_values_as_they_are() {
    let world = World::new();
    world.write("audit.log", hostile_log());
    let hunt = world.run(&["hunt", "audit.log", "--format", "json"]).expect_code(0).json();
    let users: Vec<&str> =
        hunt["alerts"].as_array().expect("alerts").iter().filter_map(|a| a["username"].as_str()).collect();
    assert!(users.contains(&"=HYPERLINK(\"http://x\")") && users.contains(&"\u{202e}gnp.exe"), "{users:?}");
}

#[test]
fn every_verb_has_help_with_an_example() {
    let world = World::new();
    let help = world.run(&["--help"]).expect_code(0).stdout;
    let verbs: Vec<&str> = help
        .lines()
        .skip_while(|l| !l.starts_with("Commands:"))
        .skip(1)
        .take_while(|l| !l.trim().is_empty())
        .filter_map(|l| l.strip_prefix("  ").filter(|l| !l.starts_with(' ')))
        .filter_map(|l| l.split_whitespace().next())
        .filter(|v| *v != "help")
        .collect();
    assert!(verbs.len() >= 4, "{help}");
    for verb in verbs {
        let text = world.run(&[verb, "--help"]).expect_code(0).stdout;
        assert!(text.to_lowercase().contains("example"), "{verb} --help has no example:\n{text}");
    }
    world.run(&["no-such-verb"]).expect_code(2);
}
