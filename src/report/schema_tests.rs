//! The JSON schemas of the repository against the output.
//!
//! The check knows the keywords that the schemas use and fails on any other, so that a schema
//! cannot say more than is checked.

use serde_json::{Value, json};

use super::{coverage, sample};

fn schema(name: &str) -> Value {
    let text = match name {
        "urn:kubetrawl:alert:1" => include_str!("../../schema/alert.schema.json"),
        "urn:kubetrawl:coverage:1" => include_str!("../../schema/coverage.schema.json"),
        "urn:kubetrawl:hunt:1" => include_str!("../../schema/hunt.schema.json"),
        other => panic!("no schema {other}"),
    };
    serde_json::from_str(text).unwrap()
}

struct Check {
    problems: Vec<String>,
}

impl Check {
    fn run(root: &Value, value: &Value) -> Vec<String> {
        let mut check = Self { problems: Vec::new() };
        check.value(root, root, value, "$");
        check.problems
    }

    fn fail(&mut self, at: &str, what: &str) {
        self.problems.push(format!("{at}: {what}"));
    }

    fn value(&mut self, root: &Value, schema: &Value, value: &Value, at: &str) {
        for (keyword, rule) in schema.as_object().unwrap() {
            let holds = match keyword.as_str() {
                "$schema" | "$id" | "$defs" | "title" | "description" => true,
                "additionalProperties" => {
                    assert_eq!(rule, &json!(false));
                    let known = schema["properties"].as_object().unwrap();
                    value.as_object().is_none_or(|object| object.keys().all(|key| known.contains_key(key)))
                }
                "$ref" => {
                    self.reference(root, rule.as_str().unwrap(), value, at);
                    true
                }
                "type" => rule
                    .as_array()
                    .map_or_else(|| is(rule, value), |types| types.iter().any(|t| is(t, value))),
                "const" => rule == value,
                "enum" => rule.as_array().unwrap().contains(value),
                "minimum" => value.as_f64().is_none_or(|n| n >= rule.as_f64().unwrap()),
                "minLength" => {
                    value.as_str().is_none_or(|s| s.chars().count() as u64 >= rule.as_u64().unwrap())
                }
                "pattern" => value.as_str().is_none_or(|text| matches(rule.as_str().unwrap(), text)),
                "uniqueItems" => value.as_array().is_none_or(|items| {
                    items.iter().enumerate().all(|(index, item)| !items[..index].contains(item))
                }),
                "required" => {
                    rule.as_array().unwrap().iter().all(|key| value.get(key.as_str().unwrap()).is_some())
                }
                "properties" => {
                    for (key, rule) in rule.as_object().unwrap() {
                        if let Some(value) = value.get(key) {
                            self.value(root, rule, value, &format!("{at}.{key}"));
                        }
                    }
                    true
                }
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.value(root, rule, item, &format!("{at}[{index}]"));
                    }
                    true
                }
                "anyOf" => rule.as_array().unwrap().iter().any(|choice| {
                    let mut check = Self { problems: Vec::new() };
                    check.value(root, choice, value, at);
                    check.problems.is_empty()
                }),
                other => panic!("the check does not know {other}"),
            };
            if !holds {
                self.fail(at, keyword);
            }
        }
    }

    fn reference(&mut self, root: &Value, target: &str, value: &Value, at: &str) {
        let (document, place) = target.split_once('#').unwrap_or((target, ""));
        let other;
        let root = if document.is_empty() {
            root
        } else {
            other = schema(document);
            &other
        };
        let part = root.pointer(place).unwrap_or_else(|| panic!("{target} leads nowhere"));
        self.value(root, part, value, at);
    }
}

fn is(kind: &Value, value: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the check does not know the type {other}"),
    }
}

/// The two patterns of the schemas, by hand.
fn matches(pattern: &str, text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    match pattern {
        "^[0-9a-f]{16}$" => {
            text.len() == 16 && text.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
        }
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}Z$" => {
            shape == "0000-00-00T00:00:00.000000Z"
        }
        other => panic!("the check does not know the pattern {other}"),
    }
}

#[test]
fn hunts_are_what_the_schema_says() {
    let schema = schema("urn:kubetrawl:hunt:1");
    for report in [
        sample::report(),
        sample::empty_report(),
        sample::hostile_report(),
        sample::many(100),
        sample::silenced_report(),
        sample::several_report(),
        sample::hostile_users_report(),
    ] {
        let problems = Check::run(&schema, &serde_json::to_value(&report).unwrap());
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }
}

#[test]
fn coverage_is_what_the_schema_says_alone_and_in_a_hunt() {
    let (covered, rules) = coverage::sample();
    let mut out = Vec::new();
    coverage::write_json(&covered, &rules, &mut out).unwrap();
    let document: Value = serde_json::from_slice(&out).unwrap();
    let problems = Check::run(&schema("urn:kubetrawl:coverage:1"), &document);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let mut report = sample::report();
    report.summary.coverage = rules.into_iter().next();
    let problems = Check::run(&schema("urn:kubetrawl:hunt:1"), &serde_json::to_value(&report).unwrap());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_schema_refuses_what_is_missing_added_or_of_another_type() {
    let alert = serde_json::to_value(sample::alert("alice")).unwrap();
    let schema = schema("urn:kubetrawl:alert:1");
    for key in alert.as_object().unwrap().keys() {
        let mut without = alert.clone();
        without.as_object_mut().unwrap().remove(key);
        assert!(!Check::run(&schema, &without).is_empty(), "{key} is not required");
        let mut other = alert.clone();
        other[key] = json!({"another": "type"});
        assert!(!Check::run(&schema, &other).is_empty(), "{key} may be anything");
    }
    let mut more = alert;
    more["more"] = json!(1);
    assert!(!Check::run(&schema, &more).is_empty());
}
