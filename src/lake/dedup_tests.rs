use proptest::prelude::*;

use super::*;

/// A row: identity, source, record number. Every third record is what was left of a cut one.
type Row = (u8, u8, i64);

fn is_salvaged(record: i64) -> bool {
    record % 3 == 0
}

fn identity(seed: u8) -> Identity {
    let mut bytes = [seed; 16];
    bytes[0] = seed % 3;
    bytes[1] = seed.wrapping_mul(67);
    Identity(bytes)
}

fn uri(source: u8) -> String {
    format!("file:///{source}")
}

/// A lake in memory: files of rows.
#[derive(Default)]
struct Model {
    files: Vec<Vec<Row>>,
}

impl Model {
    fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = self.files.iter().flatten().copied().collect();
        rows.sort_unstable();
        rows
    }

    /// Ingests files of rows and checks what is said of it.
    fn ingest(&mut self, staged: Vec<Vec<Row>>, budget: usize, dropped: &HashSet<String>) {
        let folder = tempfile::tempdir().unwrap();
        let mut dedup = Dedup::new(folder.path().join("buckets"), budget * size_of::<Entry>());
        let before = self.rows().len();
        let (committed, arrived) = (self.files.len(), staged.iter().map(Vec::len).sum::<usize>());
        let mut left_out = 0;
        // Staged files come first, as in an ingest.
        let mut numbers = Vec::new();
        self.files.extend(staged);
        let order = (committed..self.files.len()).chain(0..committed);
        for at in order {
            let standing = if at < committed { Standing::Committed } else { Standing::Staged };
            let rows = &self.files[at];
            let number = dedup.file(standing, rows.len() as u32);
            for (row, &(seed, source, record)) in rows.iter().enumerate() {
                let from = dedup.source(&uri(source));
                dedup.add(number, row as u32, identity(seed), from, record, is_salvaged(record)).unwrap();
                left_out += usize::from(standing == Standing::Staged && dropped.contains(&uri(source)));
            }
            numbers.push((at, number));
        }
        let settled = dedup.resolve(dropped).unwrap();
        assert!(!folder.path().join("buckets").exists());
        for (at, number) in numbers {
            let removed = settled.removed(number);
            assert!(removed.is_sorted());
            let rows = std::mem::take(&mut self.files[at]);
            let stays = |(row, _): &(usize, Row)| removed.binary_search(&(*row as u32)).is_err();
            self.files[at] = rows.into_iter().enumerate().filter(stays).map(|(_, row)| row).collect();
        }
        let grown = self.rows().len() - before;
        assert_eq!(arrived, grown + settled.duplicates as usize + left_out);
        assert_eq!(settled.duplicates, settled.replaced + settled.by_source.values().sum::<u64>());
    }
}

fn naive(rows: &[Row]) -> Vec<Row> {
    let mut best: BTreeMap<u8, Row> = BTreeMap::new();
    for &row in rows {
        let stays = best.entry(row.0).or_insert(row);
        let order = |row: &Row| (is_salvaged(row.2), uri(row.1), row.2);
        if order(&row) < order(stays) {
            *stays = row;
        }
    }
    best.into_values().collect()
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((0..40_u8, 0..12_u8), 0..120).prop_map(|rows| {
        let number = |(at, (seed, source))| (seed, source, (at as i64 * 37) % 101);
        rows.into_iter().enumerate().map(number).collect()
    })
}

proptest! {
    #[test]
    fn any_split_into_ingests_and_files_gives_what_one_set_would(
        rows in rows(),
        ingests in prop::collection::vec(0..120_usize, 0..4),
        per_file in 1..30_usize,
        budget in 1..60_usize,
    ) {
        let mut cuts = ingests;
        cuts.push(0);
        cuts.push(120);
        cuts.sort_unstable();
        let mut model = Model::default();
        for cut in cuts.windows(2) {
            let part = &rows[cut[0].min(rows.len())..cut[1].min(rows.len())];
            model.ingest(part.chunks(per_file).map(<[Row]>::to_vec).collect(), budget, &HashSet::new());
        }
        prop_assert_eq!(model.rows(), naive(&rows));
    }

    #[test]
    fn dropped_sources_leave_nothing_behind(rows in rows(), budget in 1..60_usize, gone in 0..12_u8) {
        let (first, second) = rows.split_at(rows.len() / 2);
        let mut model = Model::default();
        model.ingest(vec![first.to_vec()], budget, &HashSet::new());
        model.ingest(vec![second.to_vec()], budget, &HashSet::from([uri(gone)]));
        let mut left = first.to_vec();
        left.extend(second.iter().filter(|row| row.1 != gone));
        prop_assert_eq!(model.rows(), naive(&left));
    }
}

#[test]
fn a_record_read_again_leaves_the_lake_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut dedup = Dedup::new(folder.path().join("buckets"), 1 << 20);
    let new = dedup.file(Standing::Staged, 1);
    let source = dedup.source("file:///a");
    dedup.add(new, 0, identity(1), source, 4, false).unwrap();
    let old = dedup.file(Standing::Committed, 1);
    dedup.add(old, 0, identity(1), source, 4, false).unwrap();
    let settled = dedup.resolve(&HashSet::new()).unwrap();
    assert_eq!((settled.removed(new), settled.removed(old)), (vec![0], vec![]));
    assert_eq!((settled.duplicates, settled.replaced), (1, 0));
}

#[test]
fn an_entry_survives_its_file() {
    let entry =
        Entry { identity: identity(9), record: -5, uri: 1, file: 2, row: SALVAGED - 1, salvaged: true };
    let back = restore(&store(&entry));
    assert_eq!(
        (back.identity, back.record, back.uri, back.file, back.row, back.salvaged),
        (entry.identity, -5, 1, 2, SALVAGED - 1, true)
    );
}
