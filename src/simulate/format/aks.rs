//! The record of an AKS diagnostic setting, which a storage account and an Event Hub share.

use serde_json::{Value, json};

use crate::simulate::call::{Actor, ActorKind, Call, Stage};
use crate::simulate::event;
use crate::simulate::rng::Rng;
use crate::simulate::template::mark;

/// A managed cluster in Azure's terms.
pub struct ManagedCluster {
    /// In upper case, as diagnostic settings write it.
    pub resource_id: String,
    namespace: String,
    pod: String,
}

impl ManagedCluster {
    pub fn new(cluster: &str) -> Self {
        let mut rng = Rng::new(0, cluster);
        let id = format!(
            "/subscriptions/{}/resourcegroups/rg-{cluster}/providers/microsoft.containerservice/managedclusters/{cluster}",
            rng.uuid()
        );
        let namespace = format!("{}{}", rng.hex(16), rng.hex(8));
        let pod = format!("kube-apiserver-{}-{}", rng.hex(9), rng.hex(5));
        Self { resource_id: id.to_uppercase(), namespace, pod }
    }

    /// The record, with the event as a string that ends in a newline.
    pub fn record(&self, call: &Call, stage: Stage) -> String {
        let log = event::line(call, stage, extra) + "\n";
        json!({
            "operationName": "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read",
            "category": "kube-audit",
            "ccpNamespace": self.namespace,
            "resourceId": self.resource_id,
            "properties": {"log": log, "stream": "stdout", "pod": self.pod},
            "time": format!("{}0Z", mark::STAGE_TIME),
            "Cloud": "AzureCloud",
            "Environment": "prod",
        })
        .to_string()
    }
}

/// Entra ID adds the object id of a person.
fn extra(actor: &Actor) -> Option<Value> {
    match actor.kind {
        ActorKind::Person => Some(json!({"oid": [actor.uid]})),
        ActorKind::ServiceAccount => Some(event::token_extra(actor)),
        ActorKind::Node | ActorKind::Component => None,
    }
}
