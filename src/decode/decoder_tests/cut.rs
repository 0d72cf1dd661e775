use super::*;

/// An event as the API server orders it: bodies, and then its times.
fn ordered() -> String {
    let mut event = event();
    event["requestObject"] = json!({"kind": "Secret", "data": {"k": "dmFsdWU="}});
    event["responseObject"] = json!({"kind": "Secret", "data": {"k": "x".repeat(2_000)}});
    for key in ["requestReceivedTimestamp", "stageTimestamp", "annotations"] {
        let value = event.as_object_mut().unwrap().shift_remove(key).unwrap();
        event[key] = value;
    }
    event.to_string()
}

/// What a salvaged record says, and from where its time is.
fn salvaged(frame: &str) -> String {
    let outcomes = decode(frame, |event| {
        let marks = (event.salvaged, event.truncated, event.event_time_source.as_str());
        let fields = (event.username.as_deref(), event.name.as_deref(), event.response_code);
        let bodies = (event.request_object.is_some(), event.response_object.is_some());
        format!("{marks:?} {} {fields:?} {bodies:?}", event.event_time)
    });
    assert_eq!(outcomes.len(), 1);
    outcomes.into_iter().next().unwrap().unwrap_or_else(|reject| reject)
}

const TIME: &str = "2026-11-22T10:00:01.5Z";
const HEAD: &str =
    "(true, true, \"container\") 1795341601500000 (Some(\"jane \\\"j\\\"\"), Some(\"s\"), Some(403))";

#[test]
fn cut_messages_of_eks_take_the_time_before_them() {
    let whole = ordered();
    let in_response = whole.find("xxx").unwrap();
    let in_request = whole.find("dmFs").unwrap();
    for (at, bodies) in [(in_response + 9, "(true, false)"), (in_request, "(false, false)")] {
        for end in ["[Truncated...]", ""] {
            let line = format!("{TIME} {}{end}", &whole[..at]);
            assert_eq!(salvaged(&line), format!("{HEAD} {bodies}"), "{line}");
        }
    }
    let late = format!("{TIME} {}", &whole[..whole.find(",\"stageTimestamp").unwrap() + 3]);
    assert!(salvaged(&late).starts_with("(true, true, \"requestReceivedTimestamp\") 1795341600123456"));
    for field in ["\"user\":", "\"verb\":", "\"requestURI\":", "\"stage\":"] {
        let line = format!("{TIME} {}[Truncated...]", &whole[..whole.find(field).unwrap()]);
        assert!(salvaged(&line).starts_with("cut "), "{line}");
    }
}

/// What follows a gap stands behind a key of its own no more.
#[test]
fn a_cut_line_of_several_pieces_keeps_no_body() {
    let whole = ordered();
    let (head, rest) = whole.split_at(whole.find("dmFs").unwrap() + 2);
    let (gap, tail) = rest.split_at(rest.find("xxx").unwrap());
    let cut = &tail[..tail.find("\"requestReceived").unwrap()];
    let line = |tag: &str, pieces: &[&str]| {
        pieces.iter().map(|piece| format!("{TIME} stdout {tag} {piece}\n")).collect::<String>()
    };
    assert_eq!(salvaged(line("P", &[head]).trim_end()), format!("{HEAD} (false, false)"));
    let request = &whole[..whole.find("xxx").unwrap()];
    assert_eq!(salvaged(line("P", &[request]).trim_end()), format!("{HEAD} (true, false)"));
    for pieces in [&[head, cut][..], &[head, gap, cut]] {
        assert_eq!(salvaged(line("P", pieces).trim_end()), format!("{HEAD} (false, false)"));
    }
    let bodies = |line: String| decode(&line, |event| (event.salvaged, event.request_object.is_some()));
    let parts = line("P", &[head, gap]) + &line("F", &[tail]);
    assert_eq!(bodies(parts.trim_end().to_owned()), [Ok((false, true))]);
}

#[test]
fn cut_messages_of_aks_take_the_time_around_them() {
    let whole = ordered();
    let mut record = aks("kube-audit", Value::from(&whole[..whole.find("xxx").unwrap()]));
    record["time"] = json!(TIME);
    assert_eq!(salvaged(&record.to_string()), format!("{HEAD} (true, false)"));
    record["time"] = Value::Null;
    assert!(salvaged(&record.to_string()).starts_with("cut properties.log: no time"));
}

#[test]
fn copies_that_end_in_a_line_lose_one_record() {
    let mut whole = aks("kube-audit", Value::from(ordered()));
    whole["time"] = json!(TIME);
    let record = whole.to_string();
    let cut = &record[..record.find("xxx").unwrap()];
    assert_eq!(salvaged(cut), format!("{HEAD} (true, false)"));
    let hub = format!("{{\"records\":[{record},{cut}");
    assert_eq!(decode(&hub, |event| event.salvaged), [Ok(false), Ok(true)]);
    let hub = format!("{{\"records\":[{record},{{\"time\":");
    let outcomes = decode(&hub, |event| event.salvaged);
    assert_eq!(outcomes[0], Ok(false));
    assert!(outcomes[1].as_ref().unwrap_err().starts_with("cut ") && outcomes.len() == 2);
}

#[test]
fn bare_cut_records_need_their_own_time() {
    let whole = ordered();
    assert!(salvaged(&whole[..whole.find("xxx").unwrap()]).starts_with("cut no time"));
    let late = &whole[..whole.find(",\"stageTimestamp").unwrap()];
    assert!(salvaged(late).starts_with("(true, true, \"requestReceivedTimestamp\")"));
    let entry = gke().to_string();
    let cut = &entry[..entry.find("\"status\"").unwrap()];
    assert_eq!(decode(cut, |event| event.salvaged), [Ok(true)]);
    assert!(reject(&entry[..entry.find("\"resourceName").unwrap()]).starts_with("cut "));
}
