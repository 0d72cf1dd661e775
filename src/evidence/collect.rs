//! Goes through an alert's records, source by source.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::folder::{Folder, INDEX, Records};
use super::original::{Lost, Mark, Original};
use super::{EvidenceError, IndexFile, Manifest, NOTICE, SCHEMA, SourceEvidence};
use crate::cancel::Cancel;
use crate::detect::alert::Versions;
use crate::detect::rules::Rule;
use crate::detect::{Alert, HuntParameters, Recount};
use crate::engine::{Cells, Engine, EngineError, Param};
use crate::lake::utc;
use crate::lake::{Snapshot, hex};
use crate::report::rows;
use crate::sql;

/// Whose evidence is wanted.
pub struct Case<'a> {
    pub alert: &'a Alert,
    pub hunt_id: &'a str,
    pub rule: &'a Rule,
    pub parameters: &'a HuntParameters,
    /// The same, as the lake keeps them.
    pub stored_parameters: &'a Value,
    /// The lake that the engine is open over.
    pub snapshot: &'a Snapshot,
    /// RFC 3339 in UTC.
    pub created: String,
}

/// Where a row's record stood.
struct Place {
    offset: i64,
    record: i64,
    mark: Mark,
    username: Option<String>,
    verb: Option<String>,
    request_uri: Option<String>,
}

/// A line of the index.
#[derive(Serialize)]
struct Entry<'a> {
    /// `source` for original bytes, `lake` for a row.
    from: &'static str,
    /// The file with the record, where it begins there, and its length without the newline after it.
    file: &'a str,
    file_offset: u64,
    length: usize,
    sha256: String,
    source_uri: &'a str,
    source_record: i64,
    /// After decompression, of the outermost value: records of one envelope share it.
    source_offset: i64,
    event_time: String,
    audit_id: Option<&'a str>,
    stage: Option<&'a str>,
    username: Option<&'a str>,
    verb: Option<&'a str>,
    request_uri: Option<&'a str>,
}

/// Writes the evidence of an alert into a folder, which must be empty or not there yet.
///
/// # Errors
/// When the folder holds something or cannot be written, the engine fails, or `cancel` is set. A source that cannot be read
/// is no error: its rows come from the lake.
pub fn collect(
    engine: &Engine,
    case: &Case<'_>,
    out: &Path,
    cancel: &Cancel,
) -> Result<Manifest, EvidenceError> {
    let mut recount = Recount::new(engine, case.rule, case.parameters, cancel)?;
    if !recount.keep_records(case.alert)? {
        return Err(EvidenceError::NoAlert { alert_id: case.alert.alert_id.clone() });
    }
    let mut folder = Folder::create(out)?;
    let mut collector = Collector { engine, cancel, folder: &mut folder };
    let hashes = hashes(case.snapshot);
    let mut sources = Vec::new();
    for uri in collector.sources()? {
        let known = hashes.get(uri.as_str()).cloned().unwrap_or_default();
        let number = sources.len() + 1;
        sources.push(collector.source(uri, known, number)?);
    }
    let manifest = Manifest {
        schema: SCHEMA,
        notice: NOTICE,
        created: case.created.clone(),
        versions: Versions { kubetrawl: env!("CARGO_PKG_VERSION").to_owned(), duckdb: engine.version()? },
        hunt_id: case.hunt_id.to_owned(),
        parameters: case.stored_parameters.clone(),
        alert: case.alert.clone(),
        original: sources.iter().map(|source| source.original).sum(),
        from_lake: sources.iter().map(|source| source.from_lake).sum(),
        index: IndexFile { name: INDEX, sha256: folder.finish()? },
        sources,
    };
    folder.manifest(&manifest)?;
    Ok(manifest)
}

/// The hashes that commits know of each URI.
fn hashes(snapshot: &Snapshot) -> BTreeMap<&str, BTreeSet<String>> {
    let mut hashes: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for source in snapshot.commits.iter().flat_map(|commit| &commit.sources) {
        hashes.entry(&source.uri).or_default().extend(source.sha256.clone());
    }
    hashes
}

struct Collector<'a> {
    engine: &'a Engine,
    cancel: &'a Cancel,
    folder: &'a mut Folder,
}

/// The rows of a source that its own bytes do not give.
enum Missing {
    All,
    /// By their `source_record`.
    These(BTreeSet<i64>),
}

impl Collector<'_> {
    fn sources(&self) -> Result<Vec<String>, EngineError> {
        let mut uris = Vec::new();
        self.engine.query(sql::file("reports/alert_sources.sql"), &[], self.cancel, |batch| {
            let cells = Cells::new(batch);
            for row in 0..cells.rows() {
                uris.extend(cells.text(row, "source_uri")?);
            }
            Ok::<_, EngineError>(())
        })?;
        Ok(uris)
    }

    fn source(
        &mut self,
        uri: String,
        known: BTreeSet<String>,
        number: usize,
    ) -> Result<SourceEvidence, EvidenceError> {
        let mut evidence = SourceEvidence { uri, ..SourceEvidence::default() };
        let mark = self.folder.mark()?;
        let records = self.folder.records(format!("records/{number:05}.original"))?;
        let missing = match self.originals(&mut evidence, &known, records)? {
            Ok(missing) if missing.is_empty() => None,
            Ok(missing) => {
                evidence.problem = Some(Lost::Elsewhere(missing.len() as u64).to_string());
                Some(Missing::These(missing))
            }
            Err(lost) => {
                self.folder.back(mark)?;
                evidence.original = 0;
                evidence.problem = Some(lost.to_string());
                Some(Missing::All)
            }
        };
        evidence.sha256_at_ingest = known.into_iter().collect();
        if let Some(missing) = missing {
            self.rows(&mut evidence, &missing, number)?;
        }
        Ok(evidence)
    }

    /// Writes the records that stand in the source; gives the rows whose records do not.
    fn originals(
        &mut self,
        evidence: &mut SourceEvidence,
        known: &BTreeSet<String>,
        mut records: Records,
    ) -> Result<Result<BTreeSet<i64>, Lost>, EvidenceError> {
        let mut original = match Original::open(&evidence.uri) {
            Ok(original) => original,
            Err(lost) => {
                records.abandon()?;
                return Ok(Err(lost));
            }
        };
        let mut missing = BTreeSet::new();
        let mut last: Option<(i64, u64)> = None;
        let uri = evidence.uri.clone();
        self.places(&uri, |folder, place| {
            let Some(bytes) = original.record(place.offset.unsigned_abs(), &place.mark) else {
                missing.insert(place.record);
                return Ok(());
            };
            let at = match last {
                Some((offset, at)) if offset == place.offset => at,
                _ => records.push(bytes)?,
            };
            last = Some((place.offset, at));
            evidence.original += 1;
            folder.index(&place.entry("source", &uri, &records.name, at, bytes))
        })?;
        let hashed = original.finish(&|| !self.cancel.is_cancelled());
        if self.cancel.is_cancelled() {
            return Err(EvidenceError::Cancelled);
        }
        let lost = match hashed {
            Ok((hash, size)) => {
                let lost = match known {
                    _ if known.contains(&hash) => None,
                    _ if known.is_empty() => Some(Lost::Unknown),
                    _ => Some(Lost::Changed),
                };
                (evidence.sha256_now, evidence.size_now) = (Some(hash), Some(size));
                lost
            }
            Err(lost) => Some(lost),
        };
        match lost {
            Some(lost) => {
                records.abandon()?;
                Ok(Err(lost))
            }
            None => {
                evidence.file = records.finish()?;
                Ok(Ok(missing))
            }
        }
    }

    /// Writes rows of the lake in place of records.
    fn rows(
        &mut self,
        evidence: &mut SourceEvidence,
        missing: &Missing,
        number: usize,
    ) -> Result<(), EvidenceError> {
        let mut records = self.folder.records(format!("records/{number:05}.lake.ndjson"))?;
        let uri = &evidence.uri;
        let params = [("source_uri", Param::Text(uri.clone()))];
        let sql = sql::file("reports/alert_source_rows.sql");
        let folder = &mut *self.folder;
        self.engine.query::<EvidenceError>(sql, &params, self.cancel, |batch| {
            let names: Vec<String> =
                batch.schema().fields().iter().map(|field| field.name().clone()).collect();
            let cells = Cells::new(batch);
            for (row, values) in rows::values(batch).enumerate() {
                let place = Place::read(&cells, row)?;
                if matches!(missing, Missing::These(these) if !these.contains(&place.record)) {
                    continue;
                }
                let values = values?;
                let object: Map<String, Value> = names.iter().cloned().zip(values).collect();
                let line = Value::Object(object).to_string();
                let at = records.push(line.as_bytes())?;
                evidence.from_lake += 1;
                folder.index(&place.entry("lake", uri, &records.name, at, line.as_bytes()))?;
            }
            Ok(())
        })?;
        evidence.lake_file = records.finish()?;
        Ok(())
    }

    /// Hands on the places of a source's rows, by offset.
    fn places(
        &mut self,
        uri: &str,
        mut each: impl FnMut(&mut Folder, &Place) -> Result<(), EvidenceError>,
    ) -> Result<(), EvidenceError> {
        let params = [("source_uri", Param::Text(uri.to_owned()))];
        let folder = &mut *self.folder;
        self.engine.query(sql::file("reports/alert_source_places.sql"), &params, self.cancel, |batch| {
            let cells = Cells::new(batch);
            (0..cells.rows()).try_for_each(|row| each(folder, &Place::read(&cells, row)?))
        })
    }
}

impl Place {
    fn read(cells: &Cells<'_>, row: usize) -> Result<Self, EngineError> {
        Ok(Self {
            offset: cells.int(row, "source_offset")?.unwrap_or_default(),
            record: cells.int(row, "source_record")?.unwrap_or_default(),
            mark: Mark {
                event_time: cells.time(row, "event_time")?.unwrap_or_default(),
                audit_id: cells.text(row, "audit_id")?,
                record_id: cells.text(row, "record_id")?,
                stage: cells.text(row, "stage")?,
            },
            username: cells.text(row, "username")?,
            verb: cells.text(row, "verb")?,
            request_uri: cells.text(row, "request_uri")?,
        })
    }

    fn entry<'a>(
        &'a self,
        from: &'static str,
        uri: &'a str,
        file: &'a str,
        at: u64,
        bytes: &[u8],
    ) -> Entry<'a> {
        Entry {
            from,
            file,
            file_offset: at,
            length: bytes.len(),
            sha256: hex(&Sha256::digest(bytes)),
            source_uri: uri,
            source_record: self.record,
            source_offset: self.offset,
            event_time: utc::text(self.mark.event_time),
            audit_id: self.mark.audit_id.as_deref(),
            stage: self.mark.stage.as_deref(),
            username: self.username.as_deref(),
            verb: self.verb.as_deref(),
            request_uri: self.request_uri.as_deref(),
        }
    }
}
