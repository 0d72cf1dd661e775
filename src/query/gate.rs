//! The gate that outside SQL passes before anything is prepared.
//!
//! DuckDB itself serialises the text, on a connection of its own that has no lake. The text must be
//! exactly one statement, and every query node in it, at any depth, a SELECT, SET_OPERATION, CTE or
//! RECURSIVE_CTE node: DuckDB can write from inside a WITH, and such a statement serialises as a
//! SELECT. Besides, only the two views and WITH names can be read, and functions that read files, run
//! text as SQL or tell of the process are refused by name. Behind the gate stands the
//! engine's own wall: external access off, the lake's files the only allowed paths, configuration locked.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use super::extent::{Extent, extent};

/// The most bytes of SQL that are looked at: the walk takes time by depth and length.
const LONGEST: usize = 1 << 20;

/// The deepest nesting of DuckDB's description that is followed; an addition of 1,000 terms, where
/// DuckDB itself stops, has 3,000 levels.
const DEEPEST: usize = 4_000;

const MOST_PARENTHESES: usize = 300;

/// In a name, as `a.b.c`: one of 12,000 parts took DuckDB half a minute to describe.
const MOST_DOTS: usize = 100;

/// Nodes that read and nothing else.
const NODES: &[&str] = &["SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "RECURSIVE_CTE_NODE"];

/// What can stand in a FROM clause.
const TABLE_KINDS: &[&str] =
    &["BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "PIVOT", "SHOW_REF"];

/// The views an analyst's SQL reads.
const VIEWS: &[&str] = &["audit_events", "requests"];

/// Functions in FROM that only turn their arguments into rows.
const TABLE_FUNCTIONS: &[&str] =
    &["range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree"];

/// What the SQL of a rule may read besides: the tables of a hunt, and a view whose name it is handed.
const RULE_TABLES: &[&str] = &["reads", "groups", "keys"];
const RULE_TABLE_FUNCTIONS: &[&str] = &["query_table"];

/// Whose text is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A query of an analyst, or a section of a runbook.
    Query,
    /// The matches or the counts of a rule.
    Rule,
}

/// Functions that do more than compute with their arguments, and why each is refused.
const REFUSED: &[(&str, &str)] = &[
    ("getenv", "it reads the environment of this process"),
    ("getvariable", "it reads the engine's variables"),
    ("current_setting", "it reads the engine's settings"),
    ("current_query", "it reads the engine's state"),
    ("json_serialize_plan", "it plans SQL that is hidden in a string"),
    ("json_execute_serialized_sql", "it runs SQL that is hidden in a string"),
    ("nextval", "it writes to a sequence"),
    ("currval", "it reads a sequence"),
    ("setval", "it writes to a sequence"),
    ("write_log", "it writes to the engine's log"),
    ("sleep_ms", "it only waits"),
    ("pg_sleep", "it only waits"),
];

/// Beginnings of names of functions that read files, catalogs or internals.
const REFUSED_PREFIXES: &[&str] =
    &["read_", "duckdb_", "pragma_", "parquet_", "__internal", "inet_", "scan_"];

/// Why a text was not let through.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    #[error("the query has a NUL character at byte {position}")]
    Nul { position: usize },
    #[error("the query has {bytes} bytes: at most 1 MiB is taken")]
    TooLong { bytes: usize },
    #[error("the query is nested too deeply, or has a name of too many parts")]
    TooDeep,
    #[error("the query cannot be parsed: {message}")]
    Syntax {
        message: String,
        /// Bytes before the place that DuckDB stopped at, where it says.
        position: Option<usize>,
    },
    #[error("the query has {count} statements: give exactly one")]
    Statements { count: usize },
    #[error(
        "only reading is allowed: give one SELECT, VALUES, FROM, DESCRIBE or SUMMARIZE (a PIVOT needs its values: \
        PIVOT ... ON column IN (...); for a plan use --explain)"
    )]
    NotSelect,
    #[error("only reading is allowed, and the query holds a {node}")]
    Node { node: String },
    #[error(
        "{name} cannot be read: the tables are audit_events and requests, besides the names of the query's own WITH"
    )]
    Table { name: String },
    #[error("the function {name} is not allowed: {reason}")]
    Function { name: String, reason: &'static str },
    #[error("this form of SHOW is not allowed: use SHOW TABLES or DESCRIBE")]
    Show,
    #[error("DuckDB's own description of the query could not be read")]
    Unreadable(#[from] serde_json::Error),
}

/// Looks at what does not need DuckDB: length, NULs, which end a C string early, parentheses, whose
/// nesting DuckDB's parser follows on the stack (60,000 subqueries inside each other end the process), and long names.
pub fn check_text(sql: &str) -> Result<(), GateError> {
    if sql.len() > LONGEST {
        return Err(GateError::TooLong { bytes: sql.len() });
    }
    if let Some(position) = sql.bytes().position(|byte| byte == 0) {
        return Err(GateError::Nul { position });
    }
    let Extent { deepest, longest } = extent(sql);
    if deepest > MOST_PARENTHESES || longest > MOST_DOTS { Err(GateError::TooDeep) } else { Ok(()) }
}

/// Judges what `json_serialize_sql` says of a text.
pub fn check_serialized(json: &str, origin: Origin) -> Result<(), GateError> {
    let document: Object<'_> = serde_json::from_str(json)?;
    if text(&document, "error").as_deref() != Some("false") {
        return Err(match text(&document, "error_type").as_deref() {
            Some("not implemented") => GateError::NotSelect,
            _ => GateError::Syntax {
                message: text(&document, "error_message").unwrap_or_default(),
                position: text(&document, "position").and_then(|position| position.parse().ok()),
            },
        });
    }
    let statements: Vec<&RawValue> = match document.get("statements") {
        Some(statements) => serde_json::from_str(statements.get())?,
        None => Vec::new(),
    };
    if statements.len() != 1 {
        return Err(GateError::Statements { count: statements.len() });
    }
    Found::in_document(statements[0])?.judge(origin)
}

/// One level of a JSON object. Values stay unparsed, so that no depth of nesting overflows the stack.
type Object<'a> = BTreeMap<String, &'a RawValue>;

/// A string, or the text of another value; none for an absent one.
fn text(object: &Object<'_>, key: &str) -> Option<String> {
    let raw = object.get(key)?.get();
    Some(serde_json::from_str::<String>(raw).unwrap_or_else(|_| raw.to_owned()))
}

/// What is found in a query at any depth.
#[derive(Debug, Default)]
struct Found {
    nodes: BTreeSet<String>,
    table_kinds: BTreeSet<String>,
    /// Names as paths: catalog, schema and table as far as given.
    tables: BTreeSet<Vec<String>>,
    with_names: BTreeSet<String>,
    functions: BTreeSet<String>,
    table_functions: BTreeSet<String>,
    shows: BTreeSet<String>,
}

impl Found {
    fn in_document(root: &RawValue) -> Result<Self, GateError> {
        let mut found = Self::default();
        let mut open = vec![(root, 0)];
        while let Some((value, depth)) = open.pop() {
            if depth > DEEPEST {
                return Err(GateError::TooDeep);
            }
            match value.get().as_bytes().first() {
                Some(b'{') => {
                    let object: Object<'_> = serde_json::from_str(value.get())?;
                    found.look_at(&object)?;
                    open.extend(object.values().map(|value| (*value, depth + 1)));
                }
                Some(b'[') => {
                    let items: Vec<&RawValue> = serde_json::from_str(value.get())?;
                    open.extend(items.into_iter().map(|item| (item, depth + 1)));
                }
                _ => {}
            }
        }
        Ok(found)
    }

    fn look_at(&mut self, object: &Object<'_>) -> Result<(), GateError> {
        let kind = text(object, "type").unwrap_or_default();
        // Every query node has its WITH names and modifiers; a kind that is yet unknown has them too.
        if kind.ends_with("_NODE") || object.contains_key("cte_map") || object.contains_key("modifiers") {
            self.nodes.insert(kind.clone());
        } else if object.contains_key("sample") {
            self.table_kinds.insert(kind.clone());
        }
        if let Some(map) = object.get("cte_map") {
            self.add_with_names(map)?;
        }
        if let Some(name) = text(object, "cte_name").or_else(|| text(object, "ctename")) {
            self.with_names.insert(name.to_lowercase());
        }
        if let Some(name) = text(object, "function_name") {
            self.functions.insert(name.to_lowercase());
        }
        match kind.as_str() {
            "BASE_TABLE" => {
                self.tables.insert(path(object)?);
            }
            "TABLE_FUNCTION" => {
                let function: Object<'_> = object
                    .get("function")
                    .map_or(Ok(Object::new()), |raw| serde_json::from_str(raw.get()))?;
                self.table_functions
                    .insert(text(&function, "function_name").unwrap_or_default().to_lowercase());
            }
            "SHOW_REF" => self.add_show(object),
            _ => {}
        }
        Ok(())
    }

    fn add_with_names(&mut self, map: &RawValue) -> Result<(), GateError> {
        let map: Object<'_> = serde_json::from_str(map.get())?;
        let Some(entries) = map.get("map") else { return Ok(()) };
        for entry in serde_json::from_str::<Vec<Object<'_>>>(entries.get())? {
            self.with_names.extend(text(&entry, "key").map(|key| key.to_lowercase()));
        }
        Ok(())
    }

    /// DESCRIBE and SUMMARIZE hold the query they describe, which is walked; SHOW TABLES lists the views.
    fn add_show(&mut self, object: &Object<'_>) {
        let holds_query = object.get("query").is_some_and(|query| query.get() != "null");
        let name = text(object, "table_name").unwrap_or_default();
        if !holds_query && name != "\"tables\"" {
            self.shows.insert(name);
        }
    }

    fn judge(&self, origin: Origin) -> Result<(), GateError> {
        let (tables, table_functions) = match origin {
            Origin::Query => (VIEWS.to_vec(), TABLE_FUNCTIONS.to_vec()),
            Origin::Rule => ([VIEWS, RULE_TABLES].concat(), [TABLE_FUNCTIONS, RULE_TABLE_FUNCTIONS].concat()),
        };
        let foreign = |known: &[&str], set: &BTreeSet<String>| {
            set.iter().find(|name| !known.contains(&name.as_str())).cloned()
        };
        if let Some(node) = foreign(NODES, &self.nodes).or_else(|| foreign(TABLE_KINDS, &self.table_kinds)) {
            return Err(GateError::Node { node });
        }
        if !self.shows.is_empty() {
            return Err(GateError::Show);
        }
        if let Some(name) = foreign(&table_functions, &self.table_functions) {
            let reason = "in FROM, only range, generate_series, unnest, repeat, json_each and json_tree are";
            return Err(GateError::Function { name, reason });
        }
        for name in &self.functions {
            if let Some(reason) = refused(name) {
                return Err(GateError::Function { name: name.clone(), reason });
            }
        }
        match self.tables.iter().find(|path| !self.may_read(path, &tables)) {
            Some(path) => Err(GateError::Table { name: path.join(".") }),
            None => Ok(()),
        }
    }

    fn may_read(&self, path: &[String], tables: &[&str]) -> bool {
        match path {
            [table] => tables.contains(&table.as_str()) || self.is_with_name(table),
            [schema, table] if schema == "main" => tables.contains(&table.as_str()),
            // The earlier rows of a recursive query with USING KEY.
            [schema, table] if schema == "recurring" => self.is_with_name(table),
            _ => false,
        }
    }

    /// A WITH name is seen in its own query only, and the walk does not know where that ends: names
    /// that would mean a file or a catalog's table outside of it are nobody's.
    fn is_with_name(&self, table: &str) -> bool {
        let plain = table.chars().all(|c| c.is_alphanumeric() || c == '_');
        let catalog = ["duckdb_", "pragma_", "sqlite_", "pg_"].iter().any(|prefix| table.starts_with(prefix));
        plain && !catalog && self.with_names.contains(table)
    }
}

/// The name of a table as its path.
fn path(object: &Object<'_>) -> Result<Vec<String>, GateError> {
    let parts = ["catalog_name", "schema_name", "table_name"];
    Ok(parts
        .iter()
        .filter_map(|part| text(object, part))
        .filter(|part| !part.is_empty())
        .map(|part| part.to_lowercase())
        .collect())
}

fn refused(function: &str) -> Option<&'static str> {
    if let Some((_, reason)) = REFUSED.iter().find(|(name, _)| *name == function) {
        return Some(reason);
    }
    let internal = REFUSED_PREFIXES.iter().any(|prefix| function.starts_with(prefix));
    internal.then_some("it reads files or the engine's internals")
}
