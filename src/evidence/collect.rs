//! Goes through an alert's records, source by source.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};

use super::folder::{Folder, INDEX};
use super::moved::Moved;
use super::original::{Hashes, Lost, Mark, Original};
use super::{EvidenceError, IndexFile, Manifest, NOTICE, Reading, SCHEMA, SourceEvidence};
use crate::cancel::{Cancel, Stopped};
use crate::detect::alert::Versions;
use crate::detect::rules::Rule;
use crate::detect::{Alert, HuntParameters, Recount};
use crate::engine::{Cells, Engine, EngineError, Param};
use crate::hash;
use crate::lake::utc;
use crate::lake::{Snapshot, SourceRecord};
use crate::report::rows;
use crate::sources::Source;
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
    /// Files that may hold what a source held that is gone or has changed.
    pub from: &'a [Source],
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
    let uris = collector.sources()?;
    let mut moved = Moved::new(case.snapshot, &uris, case.from);
    let contents = contents(case.snapshot);
    let mut sources = Vec::new();
    for uri in &uris {
        let known = contents.get(uri.as_str()).map(Vec::as_slice).unwrap_or_default();
        sources.push(collector.source(uri, known, &mut moved, sources.len() + 1)?);
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

/// What commits read at each URI.
fn contents(snapshot: &Snapshot) -> BTreeMap<&str, Vec<&SourceRecord>> {
    let mut contents: BTreeMap<&str, Vec<&SourceRecord>> = BTreeMap::new();
    for source in snapshot.commits.iter().flat_map(|commit| &commit.sources) {
        contents.entry(&source.uri).or_default().push(source);
    }
    contents
}

struct Collector<'a> {
    engine: &'a Engine,
    cancel: &'a Cancel,
    folder: &'a mut Folder,
}

/// The rows of a source whose records were not found.
enum Missing {
    All,
    /// A name had several contents, as rotated files do, so that a `source_record` may be there twice.
    These(BTreeSet<(i64, Mark)>),
}

impl Missing {
    fn has(&self, place: &Place) -> bool {
        match self {
            Self::All => true,
            Self::These(these) => these.contains(&place.key()),
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::These(these) if these.is_empty())
    }
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
        uri: &str,
        known: &[&SourceRecord],
        moved: &mut Moved<'_>,
        number: usize,
    ) -> Result<SourceEvidence, EvidenceError> {
        let hashes: BTreeSet<&String> = known.iter().filter_map(|content| content.sha256.as_ref()).collect();
        let mut evidence = SourceEvidence {
            uri: uri.to_owned(),
            sha256_at_ingest: hashes.into_iter().cloned().collect(),
            ..SourceEvidence::default()
        };
        let mut missing = Missing::All;
        let (own, lost) = self.reading(uri, uri, known, &mut missing, format!("{number:05}"))?;
        evidence.readings.push(own);
        if !missing.is_empty() {
            for place in moved.places(uri, self.cancel) {
                let name = format!("{number:05}-{}", evidence.readings.len() + 1);
                let (other, _) = self.reading(uri, &place, known, &mut missing, name)?;
                if other.original > 0 {
                    evidence.readings.push(other);
                }
                if missing.is_empty() {
                    break;
                }
            }
        }
        evidence.original = evidence.readings.iter().map(|reading| reading.original).sum();
        if !missing.is_empty() {
            self.rows(&mut evidence, &missing, number)?;
            let lost = lost.unwrap_or(Lost::Elsewhere(evidence.from_lake));
            evidence.problem = Some(lost.to_string());
        }
        Ok(evidence)
    }

    /// Writes those of a source's missing records that stand at a place, which they are missing no more; or says why none can.
    fn reading(
        &mut self,
        uri: &str,
        place: &str,
        known: &[&SourceRecord],
        missing: &mut Missing,
        name: String,
    ) -> Result<(Reading, Option<Lost>), EvidenceError> {
        let mut reading = Reading { uri: place.to_owned(), ..Reading::default() };
        let sizes = known.iter().filter(|content| content.sha256.is_some()).map(|content| content.size);
        let mut original = match Original::open(place, sizes.collect()) {
            Ok(original) => original,
            Err(lost) => return Ok((reading, Some(lost))),
        };
        let back = self.folder.mark()?;
        let mut records = self.folder.records(format!("records/{name}.original"))?;
        let mut still = BTreeSet::new();
        let (mut last, mut end, mut found): (Option<(i64, u64)>, u64, u64) = (None, 0, 0);
        self.places(uri, |folder, place| {
            if !missing.has(place) {
                return Ok(());
            }
            let offset = place.offset.unsigned_abs();
            let Some(bytes) = original.record(offset, &place.mark) else {
                still.insert(place.key());
                return Ok(());
            };
            let at = match last {
                Some((offset, at)) if offset == place.offset => at,
                _ => records.push(bytes)?,
            };
            last = Some((place.offset, at));
            end = end.max(offset + bytes.len() as u64);
            found += 1;
            folder.index(&place.entry("source", uri, &records.name, at, bytes))
        })?;
        let hashed = original.finish(&|| !self.cancel.is_cancelled());
        if self.cancel.is_cancelled() {
            return Err(EvidenceError::Cancelled(Stopped));
        }
        let lost = hashed.and_then(|hashes| prove(hashes, known, end, &mut reading)).err();
        if lost.is_some() {
            records.abandon()?;
            self.folder.back(back)?;
        } else {
            reading.original = found;
            reading.file = records.finish()?;
            *missing = Missing::These(still);
        }
        Ok((reading, lost))
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
                if !missing.has(&place) {
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

/// Whether what a source begins with was read once, as far as to `end` after decompression; notes what it holds now.
fn prove(hashes: Hashes, known: &[&SourceRecord], end: u64, reading: &mut Reading) -> Result<(), Lost> {
    let begins = |content: &&&SourceRecord| {
        content.sha256.is_some() && hashes.prefixes.get(&content.size) == content.sha256.as_ref()
    };
    let longest = known.iter().filter(begins).max_by_key(|content| content.size);
    reading.size_at_ingest = longest.map(|content| content.size);
    let is_whole = reading.size_at_ingest == Some(hashes.size);
    (reading.sha256, reading.size) = (Some(hashes.sha256), Some(hashes.size));
    match longest {
        Some(content) if is_whole || end <= content.decompressed => Ok(()),
        None if known.iter().all(|content| content.sha256.is_none()) => Err(Lost::Unknown),
        _ => Err(Lost::Changed),
    }
}

impl Place {
    fn key(&self) -> (i64, Mark) {
        (self.record, self.mark.clone())
    }

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
            sha256: hash::sha256(bytes),
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
