use proptest::prelude::*;

use super::*;
use crate::decode::testing::json as any_json;
use crate::decode::{Chunk, ChunkReader, Frame, Limits, decompress};

proptest! {
    #[test]
    fn never_panics_and_gives_one_outcome_a_line(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let outcomes = decode_with(&mut Decoder::default(), &bytes, |_| ());
        let starts_object = String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').trim_ascii().starts_with('{');
        prop_assert!(starts_object || outcomes.len() <= 1);
    }

    #[test]
    fn damage_costs_no_more_than_the_record(
        at in 0.0..1.0f64, byte in any::<u8>(), which in 0usize..4, cut in any::<bool>(),
    ) {
        let text = [event(), aks("kube-audit", Value::from(event().to_string())), gke(), aks("kube-audit", event())][which].to_string();
        let mut bytes = text.into_bytes();
        let at = (at * bytes.len() as f64) as usize;
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        let mut outcomes = 0;
        Decoder::default().decode(&bytes, &mut |_| outcomes += 1);
        prop_assert!(outcomes == 1 || (at <= 1 || !cut), "{} outcomes", outcomes);
    }

    #[test]
    fn one_outcome_for_each_object(values in proptest::collection::vec(any_json(3), 1..5)) {
        let objects: Vec<String> = values.into_iter().map(|value| json!({"x": value}).to_string()).collect();
        let outcomes = decode_with(&mut Decoder::default(), objects.concat().as_bytes(), |_| ());
        prop_assert_eq!(outcomes.len(), objects.len());
        prop_assert!(outcomes.iter().all(Result::is_err));
    }
}

/// A record of each container that may be tried because the one before it was in it.
fn tried_first() -> [String; EXACT] {
    [
        event().to_string(),
        gke().to_string(),
        aks("kube-audit", event()).to_string(),
        format!("2019-08-09T18:00:00.000Z {}", event()),
        "level=info msg=x".to_owned(),
    ]
}

/// Records of other containers, some with records of one more inside.
fn asked_by_marks() -> [String; 7] {
    let message = json!({"id": "1", "timestamp": 1, "message": event().to_string()});
    [
        json!({"messageType": "DATA_MESSAGE", "logGroup": "/aws/eks/a/cluster", "logEvents": [message]}),
        json!({"records": [gke()]}),
        json!({"log": aks("kube-audit", event()).to_string()}),
        json!({"Body": event(), "EnqueuedTimeUtc": "", "SequenceNumber": 1}),
        json!({"preview": false, "result": {"_raw": event().to_string()}}),
        json!({"hits": {"hits": [{"_source": {"message": event().to_string()}}]}}),
        json!({"data": {"result": [{"stream": {}, "values": [["1", event().to_string()]]}]}, "status": "success"}),
    ]
    .map(|record| record.to_string())
}

/// Objects with some fields of one container and some of another, among them nulls, values of the wrong type, and
/// fields that stand twice.
fn mixed() -> impl Strategy<Value = String> {
    let records = [event(), gke(), aks("kube-audit", event()), aks("guard", event())];
    let lists =
        json!({"kind": "EventList", "items": [event()], "records": [gke(), event()], "events": [event()]});
    let fields = records.into_iter().chain([lists]).flat_map(|record| record.as_object().unwrap().clone());
    let fields: Vec<(String, Value)> = fields.collect();
    let value = prop_oneof![
        6 => Just(None),
        1 => Just(Some(Value::Null)),
        1 => any_json(1).prop_map(Some),
    ];
    let field = (proptest::sample::select(fields), value)
        .prop_map(|((key, usual), value)| format!("{}:{}", Value::from(key), value.unwrap_or(usual)));
    proptest::collection::vec(field, 1..12).prop_map(|fields| format!("{{{}}}", fields.join(",")))
}

fn after(record: &str) -> Decoder {
    let mut decoder = Decoder::default();
    decoder.decode(record.as_bytes(), &mut |_| ());
    decoder
}

fn in_words(decoder: &mut Decoder, record: &str) -> Vec<String> {
    let mut outcomes = Vec::new();
    decoder.decode(record.as_bytes(), &mut |decoded| outcomes.push(format!("{decoded:?}")));
    outcomes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_a_record_gives_does_not_depend_on_the_one_before(record in mixed(), other in mixed()) {
        let alone = in_words(&mut Decoder::default(), &record);
        let mut all = Decoder::default();
        for before in tried_first().into_iter().chain(asked_by_marks()).chain([other]) {
            prop_assert_eq!(&in_words(&mut after(&before), &record), &alone, "{} after {}", record, before);
            in_words(&mut all, &before);
            prop_assert_eq!(&in_words(&mut all, &record), &alone, "{} after all to {}", record, before);
        }
    }
}

#[test]
fn what_is_looked_for_is_found_and_what_follows_is_left_alone() {
    let lists = json!({"records": [event(), {"x": 1}, event()]}).to_string();
    for (text, outcomes) in asked_by_marks().into_iter().map(|text| (text, 1)).chain([(lists, 3)]) {
        let frames = vec![Frame { start: 0, len: text.len(), problem: None }];
        let chunk = Chunk { number: 0, offset: 0, first_row: None, data: text.clone().into_bytes(), frames };
        let looked_at = std::cell::Cell::new(0);
        let finds = |wanted: fn(&Decoded<'_>) -> bool| {
            looked_at.set(0);
            let is_so = |decoded: &Decoded<'_>| {
                looked_at.set(looked_at.get() + 1);
                wanted(decoded)
            };
            (Decoder::default().finds(&chunk, &chunk.frames[0], is_so), looked_at.get())
        };
        assert_eq!(finds(|_| true), (true, 1), "{text}");
        assert_eq!(finds(|_| false), (false, outcomes), "{text}");
        if outcomes == 3 {
            assert_eq!(finds(|decoded| matches!(decoded, Decoded::Reject(_))), (true, 2));
        }
    }
}

#[test]
fn a_decoder_is_told_by_each_container_that_is_tried_first() {
    for (number, before) in tried_first().iter().enumerate() {
        assert_eq!(after(before).remembered.hints[0], number, "{before}");
    }
}

/// Rows, others and rejects of a corpus file; `None` where there is no corpus.
fn corpus(file: &str) -> Option<(usize, usize, usize, bool)> {
    let file = std::fs::File::open(crate::testing::corpus()?.join(file)).unwrap();
    let mut reader = ChunkReader::new(decompress(Box::new(file)).unwrap(), Limits::default());
    let mut decoder = Decoder::default();
    let (mut rows, mut others, mut rejects, mut log) = (0, 0, 0, false);
    while let Some(chunk) = reader.next_chunk().unwrap() {
        for frame in &chunk.frames {
            decoder.decode_frame(&chunk, frame, &mut |decoded| {
                log |= is_log_record(&decoded);
                match decoded {
                    Decoded::Event(_) => rows += 1,
                    Decoded::Other(_) => others += 1,
                    Decoded::Reject(_) => rejects += 1,
                }
            });
        }
    }
    Some((rows, others, rejects, log))
}

#[test]
fn corpus_files_hold_what_their_index_says() {
    for (file, expected) in [
        ("kube-apiserver/immudb-k8s.log", (2_971, 0, 0, true)),
        ("kube-apiserver/openshift-audit_in.log", (100, 0, 0, true)),
        ("kube-apiserver/audit2rbac-demo.log", (37, 0, 0, true)),
        ("kube-apiserver/rbac-tool-01.json", (3, 0, 0, true)),
        ("kube-apiserver/crowdsec-pod-exec.log", (1, 0, 0, true)),
        ("kube-apiserver/crowdsec-priv-pod.log", (1, 0, 0, true)),
        ("aks/eventhub-records.json", (22, 0, 0, true)),
        ("aks/eventhub-one-record-bom.json", (1, 0, 0, true)),
        ("aks/unwrapped-event-pretty-bom.json", (1, 0, 0, true)),
        ("gke/logentries.jsonl", (11, 0, 5, true)),
        ("shippers/viaq_audit_kubernetes.json", (1, 0, 0, true)),
        ("shippers/otlp_audit_kube.json", (3, 0, 0, true)),
        ("not-audit/admissionreview.jsonl", (0, 0, 59, false)),
    ] {
        let Some(found) = corpus(file) else { return };
        assert_eq!(found, expected, "{file}");
    }
}

#[test]
fn an_envelope_is_not_read_to_its_end_where_its_beginning_tells() {
    let found = |envelope: &str| {
        let chunk = Chunk {
            number: 0,
            offset: 0,
            first_row: None,
            data: envelope.as_bytes().to_vec(),
            frames: vec![Frame { start: 0, len: envelope.len(), problem: None }],
        };
        Decoder::default().finds_log_record(&chunk, &chunk.frames[0], &mut 0)
    };
    let event = super::event().to_string();
    let blanks = " ".repeat(HEAD);
    for (list, expected) in [(event.as_str(), true), ("1", false), (&format!("{blanks}{event}"), true)] {
        for behind in ["", &blanks] {
            assert_eq!(found(&format!("{{\"records\":[{list}]{behind}}}")), expected, "{list}");
        }
    }
}
