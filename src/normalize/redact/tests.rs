mod properties;

use std::borrow::Cow;

use serde_json::{Value, json};

use super::*;

fn masked(json: &str, context: Context) -> String {
    let masked = body(json, context);
    assert!(matches!(masked, Cow::Owned(_)), "nothing was masked in {json}");
    masked.into_owned()
}

fn untouched(json: &str, context: Context) {
    let kept = body(json, context);
    assert!(matches!(kept, Cow::Borrowed(_)), "{json} became {kept}");
}

#[test]
fn a_secret_keeps_its_keys_and_its_order() {
    let given = r#"{ "kind": "Secret", "apiVersion":"v1","data":{"b":"eA==","a":"eQ==","none":null},
        "metadata":{"uid":"1","big":12345678901234567890123},"stringData":{"n":1,"t":true,"o":{"k":["x"]}},"type":"Opaque"}"#;
    let expected = r#"{ "kind": "Secret", "apiVersion":"v1","data":{"b":"REDACTED","a":"REDACTED","none":null},
        "metadata":{"uid":"1","big":12345678901234567890123},"stringData":{"n":"REDACTED","t":"REDACTED","o":{"k":["REDACTED"]}},"type":"Opaque"}"#;
    assert_eq!(masked(given, Context::Other), expected);
    assert_eq!(masked(given, Context::Secret), expected);
}

#[test]
fn a_kind_may_come_last_and_far_up() {
    let items = r#"{"items":[{"data":{"a":"eA=="}},{"metadata":{"name":"n"}}],"kind":"SecretList"}"#;
    let expected = r#"{"items":[{"data":{"a":"REDACTED"}},{"metadata":{"name":"n"}}],"kind":"SecretList"}"#;
    assert_eq!(masked(items, Context::Other), expected);
}

#[test]
fn only_the_secrets_of_a_list_are_masked() {
    let list = r#"{"kind":"List","items":[{"kind":"ConfigMap","data":{"a":"x"}},{"kind":"Secret","data":{"a":"x"}}]}"#;
    let expected = r#"{"kind":"List","items":[{"kind":"ConfigMap","data":{"a":"x"}},{"kind":"Secret","data":{"a":"REDACTED"}}]}"#;
    assert_eq!(masked(list, Context::Other), expected);
}

#[test]
fn the_context_stands_in_for_a_missing_kind() {
    let cases = [
        (r#"{"data":{"a":"eA=="}}"#, r#"{"data":{"a":"REDACTED"}}"#),
        (r#"{"data":"eA=="}"#, r#"{"data":"REDACTED"}"#),
        (r#"{"d\u0061ta":{"a":"eA=="}}"#, r#"{"d\u0061ta":{"a":"REDACTED"}}"#),
        (
            r#"[{"op":"add","path":"/data/a","value":"eA=="},{"op":"remove","path":"/data/b"}]"#,
            r#"[{"op":"add","path":"/data/a","value":"REDACTED"},{"op":"remove","path":"/data/b"}]"#,
        ),
        (
            r#"{"kind":"Table","rows":[{"cells":["db",1],"object":{"data":{"a":"eA=="}}}]}"#,
            r#"{"kind":"Table","rows":[{"cells":["db",1],"object":{"data":{"a":"REDACTED"}}}]}"#,
        ),
        (
            r#"{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"data: x"}}}"#,
            r#"{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"REDACTED"}}}"#,
        ),
        (r#"{"a":" \n{\"b\":1}"}"#, r#"{"a":"REDACTED"}"#),
        (r#"{"status":{"token":"x.y"}}"#, r#"{"status":{"token":"REDACTED"}}"#),
        (r#""c2VjcmV0""#, r#""REDACTED""#),
    ];
    for (given, expected) in cases {
        assert_eq!(masked(given, Context::Secret), expected);
    }
}

#[test]
fn other_objects_may_carry_secrets_too() {
    let cases = [
        (r#"{"stringData":{"a":"x"}}"#, r#"{"stringData":{"a":"REDACTED"}}"#),
        (
            r#"{"kind":"TokenReview","spec":{"token":"x"}}"#,
            r#"{"kind":"TokenReview","spec":{"token":"REDACTED"}}"#,
        ),
        (
            r#"{"@type":"core.k8s.io/v1.Secret","data":{"a":"x"}}"#,
            r#"{"@type":"core.k8s.io/v1.Secret","data":{"a":"REDACTED"}}"#,
        ),
        (
            r#"{"kind":"ConfigMap","data":{"s.json":"{\"kind\":\"Secret\",\"data\":{}}"}}"#,
            r#"{"kind":"ConfigMap","data":{"s.json":"REDACTED"}}"#,
        ),
        (r#"{"x":"eyJhbGciOiJub25lIn0.e30."}"#, r#"{"x":"REDACTED"}"#),
        (r#"{"kind":"\u0053ecret","data":{"a":"x"}}"#, r#"{"kind":"\u0053ecret","data":{"a":"REDACTED"}}"#),
    ];
    for (given, expected) in cases {
        assert_eq!(masked(given, Context::Other), expected);
    }
}

#[test]
fn what_holds_no_secret_is_not_touched() {
    let pod = r#"{"kind":"Pod","spec":{"volumes":[{"projected":{"sources":[{"serviceAccountToken":{"path":"token"}}]}},{"secret":{"secretName":"x"}}]}}"#;
    let cases = [
        pod,
        r#"{"kind":"ConfigMap","data":{"a":"x","token.json":"y"}}"#,
        r#"{"kind":"Event","involvedObject":{"kind":"Secret","name":"x"}}"#,
        r#"{"continue":"eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MX0"}"#,
        r#"{"not json"#,
        "",
    ];
    cases.iter().for_each(|case| untouched(case, Context::Other));
    let status =
        r#"{"kind":"Status","reason":"NotFound","details":{"name":"db","kind":"secrets"},"code":404}"#;
    untouched(status, Context::Secret);
    untouched(r#"{"kind":"Secret","data":{"a":"REDACTED","b":""}}"#, Context::Secret);
}

#[test]
fn what_a_status_quotes_of_a_body_is_masked() {
    let answer = |text: &str| {
        format!(
            "{{\"code\":400,\"message\":\"v1.Secret.Data: illegal base64, {text}\",\"reason\":\"BadRequest\"}}"
        )
    };
    let whole = r#"error found in #10 byte of ...|:\"pw\"},\"k|..., bigger context ...|\"data\":{\"a\":\"p|...w\"}}|..."#;
    let cut = r#"error found in #10 byte of ...|:\"pw\"},\"k"#;
    for quote in [whole, cut] {
        let masked = status(&answer(quote)).into_owned();
        let value: Value = serde_json::from_str(&masked).unwrap();
        let message = value["message"].as_str().unwrap();
        assert!(
            message.contains("of ...|REDACTED") && !message.contains("pw") && value["reason"] == "BadRequest",
            "{masked}"
        );
    }
    let marks = answer(r#"...|\"a|...\":\"pw|... pw ...|"#);
    assert_eq!(status(&marks), answer("...|REDACTED"));
    for plain in [answer("secrets \\\"db\\\" not found"), "...|".to_owned()] {
        assert_eq!(status(&plain), plain);
    }
}

#[test]
fn a_body_that_cannot_be_read_is_dropped() {
    assert_eq!(masked(r#"{"data":{"a":"c2Vj"#, Context::Secret), "\"REDACTED\"");
    assert_eq!(masked(r#"{"kind":"Secret","data":{"a":"c2Vj"#, Context::Other), "\"REDACTED\"");
    assert_eq!(masked("skipped", Context::Secret), "\"REDACTED\"");
}

#[test]
fn nesting_costs_no_stack() {
    let depth = 1_000_000;
    let nested = format!("{}{{\"kind\":\"Secret\",\"data\":\"x\"}}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(masked(&nested, Context::Other).contains("\"data\":\"REDACTED\""));
    let open = format!("{{\"data\":{}", "{\"a\":".repeat(depth));
    assert_eq!(masked(&open, Context::Secret), "\"REDACTED\"");
    reject_bytes(open.as_bytes());
}

#[test]
fn credentials_in_uris_and_user_agents() {
    let cases = [
        ("/api?token=abc&watch=1", "/api?token=REDACTED&watch=1"),
        ("/api?access_token=abc", "/api?access_token=REDACTED"),
        ("/api?Access_Token%3Dabc;x", "/api?Access_Token%3DREDACTED;x"),
        ("/api?auth=Bearer%20abc&x", "/api?auth=Bearer%20REDACTED&x"),
        ("curl/8 (Bearer abc)", "curl/8 (Bearer REDACTED)"),
        ("/x/eyJhbGciOiJub25lIn0.e30.c2ln/y", "/x/REDACTED/y"),
        ("/x?token=eyJhbGciOiJub25lIn0.e30.c2ln&y", "/x?token=REDACTED&y"),
    ];
    for (given, expected) in cases {
        assert_eq!(uri(given), expected);
    }
    for kept in
        ["/api/v1/secrets?limit=500&continue=eyJ2Ijoi.x", "/serviceaccounts/a/token", "token", "Bearer", ""]
    {
        assert!(matches!(uri(kept), Cow::Borrowed(_)), "{kept}");
    }
}

fn reject(record: &str) -> String {
    String::from_utf8(reject_bytes(record.as_bytes())).unwrap()
}

#[test]
fn rejects_keep_what_is_not_secret() {
    let cases = [
        (
            r#"{"verb":"get","objectRef":{"resource":"secrets"},"data":{"a":"c2Vj","b":{"c":1,"d":null}},"stage":"x"}"#,
            r#"{"verb":"get","objectRef":{"resource":"secrets"},"data":{"a":"REDACTED","b":{"c":REDACTED,"d":null}},"stage":"x"}"#,
        ),
        (r#"{"resource":"secrets","data":{"a":"c2V"#, r#"{"resource":"secrets","data":{"a":"REDACTED"#),
        (r#"{"token" : "abc", "verb":"get"#, r#"{"token" : "REDACTED", "verb":"get"#),
        (
            r#"{"log":"{\"kind\":\"Secret\",\"data\":{\"a\":\"c2Vj\"},\"type\":\"Opaque\"}\n","time":"t"}"#,
            r#"{"log":"{\"kind\":\"Secret\",\"data\":{\"a\":\"REDACTED\"},\"type\":\"Opaque\"}\n","time":"t"}"#,
        ),
        (
            r#"{"log":"{\"kind\":\"Secret\",\"data\":{\"a\":\"c2V","time":"t"}"#,
            r#"{"log":"{\"kind\":\"Secret\",\"data\":{\"a\":\"REDACTED","time":"t"}"#,
        ),
        (
            r#"2026-11-22 10:00:00,"{""kind"":""Secret"",""data"":{""a"":""c2Vj""},""x"":""y""}",z"#,
            r#"2026-11-22 10:00:00,"{""kind"":""Secret"",""data"":{""a"":""REDACTED""},""x"":""y""}",z"#,
        ),
        (r#"{"kind":"ConfigMap","data":{"a":"b"}}"#, r#"{"kind":"ConfigMap","data":{"a":"b"}}"#),
        (r#"{"message":{"data":"eyJhIjo"#, r#"{"message":{"data":"REDACTED"#),
        (r#"{"a":"eyJhbGciOi"#, r#"{"a":"REDACTED"#),
        ("GET /x?token=abc HTTP/1.1", "GET /x?token=REDACTED HTTP/1.1"),
        ("plain text, with 'secrets' in it", "plain text, with 'secrets' in it"),
        (r#"c2Vj"},"kind":"Secret"}"#, "REDACTED"),
        (r#"{"password":"c2Vj"},"kind":"Secret"}"#, "REDACTED"),
        // Tails that begin in a text which looks like the beginning of a value.
        (r#"{}","a":{"stringData":{"p":"c2Vj"},"kind":"Secret"}}"#, "REDACTED"),
        (r#"{[","a":{"stringData":{"p":"c2Vj"},"kind":"Secret"}}"#, "REDACTED"),
        (r#"{}\",\"a\":{\"stringData\":{\"p\":\"c2Vj\"}}}","stream":"x"}"#, "REDACTED"),
        ("", ""),
    ];
    for (given, expected) in cases {
        assert_eq!(reject(given), expected);
    }
}

/// What a list of Secrets leaves where it was cut: its items name no kind, and the inside of their data nothing at all.
#[test]
fn a_piece_without_its_head_is_masked() {
    let cases = [
        (
            r#"{"metadata":{"name":"db","ownerReferences":[{"kind":"Certificate"}]},"data":{"p":"c2Vj"},"type":"Opaque"}"#,
            r#"{"metadata":{"name":"db","ownerReferences":[{"kind":"Certificate"}]},"data":{"p":"REDACTED"},"type":"Opaque"}"#,
        ),
        (
            "{\n  \"data\": {\n    \"p\": \"c2Vj\"\n  }\n}",
            "{\n  \"data\": {\n    \"p\": \"REDACTED\"\n  }\n}",
        ),
        // An event that was written into the middle of another one.
        (
            r#"{"metadata":{"name":{"kind":"Event","auditID":"x","data":{"a":"b"}}},"data":{"p":"c2Vj"}}"#,
            r#"{"metadata":{"name":{"kind":"Event","auditID":"x","data":{"a":"b"}}},"data":{"p":"REDACTED"}}"#,
        ),
        (
            r#"{"log":"{\"metadata\":{},\"data\":{\"p\":\"c2Vj\"}}","n":1}"#,
            r#"{"log":"{\"metadata\":{},\"data\":{\"p\":\"REDACTED\"}}","n":1}"#,
        ),
        (r#"{"password":"c2Vj","b":null}"#, r#"{"password":"REDACTED","b":null}"#),
        (r#"{"password":"c2Vj","b":"c2"#, r#"{"password":"REDACTED","b":"REDACTED"#),
        (r#"{"password":"c2Vj","b"#, r#"{"password":"REDACTED","REDACTED"#),
        (
            r#"{"requestObject":{"M":{"data":{"M":{"p":{"S":"c2Vj"}}}}}}"#,
            r#"{"requestObject":{"M":{"data":{"M":{"p":{"S":"REDACTED"}}}}}}"#,
        ),
        (
            r#"{"op":"replace","path":"/data/p","value":"c2Vj"}"#,
            r#"{"op":"REDACTED","path":"REDACTED","value":"REDACTED"}"#,
        ),
        (
            r#"[{"op":"replace","path":"/data/p","value":"c2Vj"},{"op":"add","path":"/spec/n","value":1}]"#,
            r#"[{"op":"replace","path":"/data/p","value":"REDACTED"},{"op":"add","path":"/spec/n","value":1}]"#,
        ),
        (r#"{"d\u0061ta":{"p":"c2Vj"},"n":1}"#, r#"{"d\u0061ta":{"p":"REDACTED"},"n":1}"#),
    ];
    for (given, expected) in cases {
        assert_eq!(reject(given), expected);
    }
}

#[test]
fn flattened_keys_and_pairs_are_masked() {
    let cases = [
        (
            r#"{"fields":{"kubernetes.audit.auditID":["x"],"kubernetes.audit.requestObject.data.password":["c2Vj"]}}"#,
            r#"{"fields":{"kubernetes.audit.auditID":["x"],"kubernetes.audit.requestObject.data.password":["REDACTED"]}}"#,
        ),
        (
            r#"{"verb":"create","requestObject_stringData_password":"c2Vj","request_object":{"string_data":{"p":"c2Vj"}}}"#,
            r#"{"verb":"create","requestObject_stringData_password":"REDACTED","request_object":{"string_data":{"p":"REDACTED"}}}"#,
        ),
        (
            r#"{"a":[{"key":"kubectl.kubernetes.io/last-applied-configuration","value":"{\"data\":{\"p\":\"c2Vj\"}}"}]}"#,
            r#"{"a":[{"key":"kubectl.kubernetes.io/last-applied-configuration","value":"REDACTED"}]}"#,
        ),
        (
            r#"[{"key":"verb","value":{"stringValue":"get"}},{"key":"data","value":{"kvlistValue":{"values":[{"key":"p","value":{"stringValue":"c2Vj"}}]}}}]"#,
            r#"[{"key":"verb","value":{"stringValue":"get"}},{"key":"data","value":{"kvlistValue":{"values":[{"key":"REDACTED","value":{"stringValue":"REDACTED"}}]}}}]"#,
        ),
        // A pair of the data itself.
        (
            r#"{"key":"password","value":{"stringValue":"c2Vj"}}"#,
            r#"{"key":"password","value":{"stringValue":"REDACTED"}}"#,
        ),
        (
            r#"{"fields":[{"name":"password","value":"c2Vj"},{"Name":"token","Value":"c2Vj"}]}"#,
            r#"{"fields":[{"name":"password","value":"REDACTED"},{"Name":"token","Value":"REDACTED"}]}"#,
        ),
    ];
    for (given, expected) in cases {
        assert_eq!(reject(given), expected);
    }
}

#[test]
fn other_logs_stay_readable() {
    for kept in [
        r#"{"level":"info","msg":"started","component":"scheduler"}"#,
        r#"{"path":"/x","status":200,"user":{"name":"eve"}}"#,
        r#"{"winlog.event_data.Image":"cmd.exe","n":1}"#,
        r#"{"specversion":"1.0","n":1,"data":{"kind":"Event","auditID":"x","verb":"get","user":{"username":"eve"}}}"#,
        r#"{"status":"ok","n":1,"data":{"resultType":"streams","result":[["1","{\"auditID\":\"x\",\"verb\":\"get\"}"]]}}"#,
        r#"{"x":"{\"kind\":\"Event\",\"auditID\":\"x\"}"}"#,
        r#"{"n":1,"tags":[{"name":"PORT","value":"80"},{"key":"verb","value":{"stringValue":"get"}}]}"#,
        r#"{"kind":"Event","auditID":"x","responseObject":{"kind":"ConfigMap","data":{"a":"b"}}}"#,
        r#"{"time_local":"22/Nov/2026:10:00:00 +0000","remote_addr":"10.0.0.1","status":"200"}"#,
        r#"{"asctime":"2026-11-22 10:00:00,000","levelname":"INFO","name":"worker"}"#,
        r#"{"error":"connection refused","component":"etcd"}"#,
        r#"{"level":"info","data":{"pods":5,"state":"ready"}}"#,
        r#"{"n":1,"usage":{"token_count":7,"token-type":"word","max_tokens":9}}"#,
    ] {
        assert_eq!(reject(kept), kept);
    }
}

/// Values that hold a record deep down are not gone over for each value around it.
#[test]
fn nested_data_is_looked_into_for_so_long() {
    let nested = format!("{{\"n\":1,{}\"auditID\"", "\"data\":{".repeat(100_000));
    assert!(reject(&nested).contains("data"));
}

#[test]
fn rejects_are_bounded() {
    let long = format!("{{\"secrets\":1,\"data\":{}", "{\"a\":\"b\",".repeat(300_000));
    assert!(reject_bytes(long.as_bytes()).len() <= REJECT_LIMIT);
    let backslashes = format!("{{\"secrets\":1,\"data\":{}", "\\".repeat(2 << 20));
    assert!(reject_bytes(backslashes.as_bytes()).len() <= REJECT_LIMIT);
    let literals = format!("{{\"secrets\":1,\"data\":[{}", "1,".repeat(1 << 20));
    assert!(reject_bytes(literals.as_bytes()).len() <= REJECT_LIMIT);
}

#[test]
fn a_piece_of_a_record_inside_a_string_is_masked() {
    let of = |record: &str| String::from_utf8(reject_bytes(record.as_bytes())).unwrap();
    let piece = r#"{"log":"rd\":\"U1VQRVI=\",\"z\":\"U1VQ\"}},\"verb\":\"create\"}\n","stream":"stdout"}"#;
    assert_eq!(of(piece), r#"{"log":"REDACTED","stream":"stdout"}"#);
    let of_net = r#"{"log":"rd\u0022:\u0022U1VQRVI=\u0022,","y":["{\\u0022data\\u0022:\\u0022U1VQ"]}"#;
    assert_eq!(of(of_net), r#"{"log":"REDACTED","y":["REDACTED"]}"#);
    // What stands in the middle of a long value has no punctuation at all.
    let middle = format!(r#"{{"log":"{}","logtag":"P"}}"#, "U1VQRVI".repeat(40));
    assert_eq!(of(&middle), r#"{"log":"REDACTED","logtag":"P"}"#);
    for kept in [
        r#"{"log":"{\"verb\":\"get\",\"user\":{\"username\":\"eve\"}}"}"#,
        r#"{"log":"could not open \"audit.log\" today","level":"error"}"#,
        r#"{"log":"C:\\logs\\audit.log"}"#,
    ] {
        assert_eq!(of(kept), kept);
    }
}

/// A client that repeats what a credential follows has it looked for once.
#[test]
fn a_long_run_of_names_takes_no_longer_than_its_length() {
    let text = "token=".repeat(1 << 18);
    assert_eq!(uri(&text), "token=REDACTED");
    let text = "bearer+".repeat(1 << 18);
    assert_eq!(uri(&text), "bearer+REDACTED");
}

/// What one record's middle leaves of two.
#[test]
fn a_value_that_another_colon_follows_is_no_key() {
    let data = r#"{"password":"MARK":"MARK","a":["MARK","MARK"],"b":{"c":"MARK":{"d":"MARK"}}}"#;
    for record in [
        format!(r#"{{"auditID":"x","requestObject":{{"kind":"Secret","data":{data}}}}}"#),
        format!(r#"{{"objectRef":{{"resource":"secrets"}},"data":{data}}}"#),
        r#"{"kind":"Secret","stringData":"MARK":"MARK"}"#.to_owned(),
    ] {
        let masked = String::from_utf8(reject_bytes(record.as_bytes())).unwrap();
        assert!(!masked.contains("MARK"), "{masked}");
    }
    let kept = r#"{"kind":"Secret","data":{"keys":"REDACTED","stay":"REDACTED"}}"#;
    assert_eq!(reject_bytes(kept.replace("REDACTED", "x").as_bytes()), kept.as_bytes());
}
