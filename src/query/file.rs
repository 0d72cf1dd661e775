//! A SQL file and its header: what it answers, its parameters with their types and defaults, and
//! what its columns mean.
//!
//! ```sql
//! -- title: Who read a given secret
//! -- meaning: users that read the secret by name.
//! -- param name VARCHAR: the secret's name
//! -- param since TIMESTAMP = null: start, inclusive
//! -- column readers: the first twenty of them
//! SELECT ...
//! ```

use std::collections::BTreeMap;

use super::tokens::tokens;
use super::value::{ParameterType, Value};

/// A query with what its header says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryFile {
    /// The file's name without folder and `.sql`.
    pub name: String,
    /// One line; the name where the header gives none.
    pub title: String,
    /// What it answers, or what to know of its answer; empty where the header says nothing.
    pub meaning: String,
    pub parameters: Vec<Parameter>,
    /// Column names with their meaning, for those that need one.
    pub columns: Vec<(String, String)>,
    /// The whole text, header included.
    pub sql: String,
}

/// One `-- param` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    pub parameter_type: ParameterType,
    /// Null in a header's default is the SQL null; without a default a value must be given.
    pub default: Option<Value>,
    pub meaning: String,
}

/// A header that cannot be read, or values that do not fit it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    #[error(
        "the header of {file} has the line `{line}`: write it as `-- param name TYPE = default: meaning`, \
        TYPE being VARCHAR, BIGINT, BOOLEAN, TIMESTAMP or DATE"
    )]
    Header { file: String, line: String },
    #[error("parameter {name} of {file} needs a value: give it with --param {name}=VALUE")]
    Missing { file: String, name: String },
    #[error("{file} has no parameter {name}: it has {known}")]
    Unknown { file: String, name: String, known: String },
    #[error("parameter {name} is `{value}`, which is not {wanted}")]
    Value { name: String, value: String, wanted: &'static str },
}

impl ParameterError {
    /// Of a name that is none of those that a file has.
    pub fn unknown<'a>(file: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Self::Unknown { file: file.to_owned(), name: name.to_owned(), known }
    }
}

impl QueryFile {
    /// Reads a file's text. Comment lines that are no header lines are left alone.
    pub fn parse(name: &str, sql: &str) -> Result<Self, ParameterError> {
        let mut file = Self {
            name: name.to_owned(),
            title: name.to_owned(),
            meaning: String::new(),
            parameters: Vec::new(),
            columns: Vec::new(),
            sql: sql.trim_end().trim_end_matches(';').trim_end().to_owned(),
        };
        for line in sql.lines().map(str::trim).take_while(|line| line.starts_with("--") || line.is_empty()) {
            let text = line.trim_start_matches('-').trim();
            if let Some(title) = text.strip_prefix("title:") {
                file.title = title.trim().to_owned();
            } else if let Some(text) = text.strip_prefix("meaning:").or(text.strip_prefix("question:")) {
                file.meaning = text.trim().to_owned();
            } else if let Some(parameter) = text.strip_prefix("param ") {
                let parameter = Parameter::parse(parameter)
                    .ok_or_else(|| ParameterError::Header { file: name.to_owned(), line: line.to_owned() })?;
                file.parameters.push(parameter);
            } else if let Some((column, meaning)) =
                text.strip_prefix("column ").and_then(|column| column.split_once(": "))
            {
                file.columns.push((column.trim().to_owned(), meaning.trim().to_owned()));
            }
        }
        Ok(file)
    }

    /// The values to bind: those given, read by the header's types, and the defaults of the others.
    /// A given `None` is null.
    pub fn bind(
        &self,
        given: &[(String, Option<String>)],
    ) -> Result<BTreeMap<String, Value>, ParameterError> {
        let mut values = BTreeMap::new();
        for (name, text) in given {
            let parameter =
                self.parameters.iter().find(|p| p.name == *name).ok_or_else(|| self.unknown(name))?;
            let value = text.as_deref().map_or(Ok(Value::Null), |text| parameter.read(text))?;
            values.insert(name.clone(), value);
        }
        for parameter in &self.parameters {
            if !values.contains_key(&parameter.name) {
                let default = parameter.default.clone().ok_or_else(|| ParameterError::Missing {
                    file: self.name.clone(),
                    name: parameter.name.clone(),
                })?;
                values.insert(parameter.name.clone(), default);
            }
        }
        Ok(values)
    }

    fn unknown(&self, name: &str) -> ParameterError {
        ParameterError::unknown(&self.name, name, self.parameters.iter().map(|p| p.name.as_str()))
    }
}

impl Parameter {
    /// `name TYPE = default: meaning`, of which the default can be left out.
    fn parse(line: &str) -> Option<Self> {
        let (declared, meaning) = line.split_once(": ")?;
        let (declared, default) = match declared.split_once('=') {
            Some((declared, default)) => (declared, Some(default.trim())),
            None => (declared, None),
        };
        let (name, type_name) = declared.trim().split_once(' ')?;
        let parameter_type = ParameterType::parse(type_name.trim())?;
        let default = match default {
            None => None,
            Some("null") => Some(Value::Null),
            Some(text) => Some(parameter_type.read(text).ok()?),
        };
        Some(Self { name: name.to_owned(), parameter_type, default, meaning: meaning.trim().to_owned() })
    }

    fn read(&self, text: &str) -> Result<Value, ParameterError> {
        self.parameter_type.read(text).map_err(|wanted| ParameterError::Value {
            name: self.name.clone(),
            value: text.to_owned(),
            wanted,
        })
    }
}

/// A query's text with its parameters' values written in, ready for a person to run: its header no longer
/// asks for parameters.
pub fn fill(sql: &str, values: &BTreeMap<String, Value>) -> String {
    let sql: String = sql.split_inclusive('\n').filter(|line| !line.starts_with("-- param ")).collect();
    let mut filled = String::with_capacity(sql.len() + 64);
    for token in tokens(&sql) {
        match token.strip_prefix('$').and_then(|name| values.get(name)) {
            Some(value) => filled.push_str(&value.literal()),
            None => filled.push_str(token),
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "-- title: Who\n-- meaning: users\n-- param name VARCHAR: a name\n\
        -- param rows BIGINT = 100: how many\n-- param since TIMESTAMP = null: from\n\
        -- column n: count\n-- any comment\nSELECT 1; \n";

    fn given(pairs: &[(&str, Option<&str>)]) -> Vec<(String, Option<String>)> {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), text.map(str::to_owned))).collect()
    }

    #[test]
    fn reads_a_header() {
        let file = QueryFile::parse("who", FILE).unwrap();
        assert_eq!((file.title.as_str(), file.meaning.as_str()), ("Who", "users"));
        assert_eq!(file.parameters.len(), 3);
        assert_eq!(file.parameters[1].default, Some(Value::Integer(100)));
        assert_eq!(file.parameters[2].default, Some(Value::Null));
        assert_eq!(file.columns, [("n".to_owned(), "count".to_owned())]);
        assert!(file.sql.ends_with("SELECT 1"));
    }

    #[test]
    fn binds_given_values_and_defaults() {
        let file = QueryFile::parse("who", FILE).unwrap();
        let values = file.bind(&given(&[("name", Some("db")), ("rows", Some("5"))])).unwrap();
        assert_eq!(values["name"], Value::Text("db".to_owned()));
        assert_eq!(values["rows"], Value::Integer(5));
        assert_eq!(values["since"], Value::Null);
        assert_eq!(file.bind(&given(&[("name", None)])).unwrap()["name"], Value::Null);
    }

    #[test]
    fn says_what_is_wrong_with_values() {
        let file = QueryFile::parse("who", FILE).unwrap();
        let message = |pairs| file.bind(&given(pairs)).unwrap_err().to_string();
        assert!(message(&[]).contains("--param name=VALUE"));
        assert!(message(&[("nam", Some("x"))]).contains("it has name, rows, since"));
        assert!(message(&[("name", Some("x")), ("rows", Some("many"))]).contains("not a whole number"));
        let bad = QueryFile::parse("who", "-- param name TEXT: x\nSELECT 1").unwrap_err();
        assert!(bad.to_string().contains("-- param name TEXT: x"), "{bad}");
    }

    #[test]
    fn fills_parameters_but_not_strings_names_or_comments() {
        let values = BTreeMap::from([
            ("a".to_owned(), Value::Text("it's $b".to_owned())),
            ("b".to_owned(), Value::Integer(7)),
        ]);
        let sql = "-- $a\n-- param a VARCHAR: x\nSELECT $a, '$a it''s $b', \"$b\", $b-$b, $ab, E'\\'$b', /* ' */ $b, $$ $b $$";
        let filled =
            "-- $a\nSELECT 'it''s $b', '$a it''s $b', \"$b\", 7-7, $ab, E'\\'$b', /* ' */ 7, $$ $b $$";
        assert_eq!(fill(sql, &values), filled);
    }
}
