//! GKE's method and resource names: what is said of the object stands in them.

use kubetrawl::decode::Decoded;
use serde_json::json;

use super::decoder;

/// The method is the first line, the rest the resource.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (method, resource) = text.split_once('\n').unwrap_or((&text, ""));
    let entry = json!({
        "insertId": "i", "timestamp": "2026-11-22T10:00:00Z",
        "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity",
        "protoPayload": {
            "serviceName": "k8s.io", "methodName": method, "resourceName": resource,
            "authenticationInfo": {"principalEmail": "jane"}
        }
    });
    let mut outcomes = 0;
    decoder::of_record(entry.to_string().as_bytes(), &mut |decoded| {
        outcomes += 1;
        let Decoded::Event(event) = decoded else { return };
        let within = |part: &Option<std::borrow::Cow<'_, str>>, whole: &[&str]| {
            let Some(part) = part else { return };
            assert!(whole.iter().any(|whole| whole.contains(&**part)), "{part:?} is in none of {whole:?}");
        };
        let (namespace, name) = (&event.namespace, &event.name);
        [namespace, name].into_iter().for_each(|part| within(part, &[resource]));
        [&event.resource, &event.subresource, &event.api_version]
            .into_iter()
            .for_each(|part| within(part, &[method, resource]));
        within(&event.verb, &[method]);
    });
    assert_eq!(outcomes, 1, "{entry}");
}
