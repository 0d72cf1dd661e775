//! One request with bodies of one's own, in any container: what tests plant values with.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::call::{Actor, ActorKind, Call, Target};
use super::output::Output;
use super::template::Values;
use super::{Format, Rendered};

/// What is planted in the creation of a secret.
pub(crate) struct Planted<'p> {
    pub user_agent: &'p str,
    pub query: &'p str,
    pub request: Value,
    pub response: Value,
}

/// Writes the files that a container has of it to a folder.
pub(crate) fn write(out: &Path, format: Format, planted: Planted<'_>) {
    let actor = Arc::new(Actor {
        kind: ActorKind::Person,
        username: "jane".to_owned(),
        uid: String::new(),
        groups: Vec::new(),
        user_agent: planted.user_agent.to_owned(),
        ip: "192.0.2.1".to_owned(),
        reason: String::new(),
    });
    let target = Target::core("secrets").namespace("n").name("s");
    let call = Call::new(&actor, "create", target).query(planted.query);
    let call = call.bodies(planted.request, planted.response);
    let container = format.container("prod-1");
    let rendered = Rendered::new(&*container, &call, None);
    let mut output = Output::new(out, &*container, false);
    let received = 1_795_341_600_000_000;
    for template in rendered.stages.iter().flatten().map(|(_, template)| template) {
        let values =
            Values { audit_id: [1, 2], received, stage_time: received + 5_000, suffix: 3, record_id: 4 };
        output.write(rendered.lane, template, &values).unwrap();
    }
    output.finish().unwrap();
}
