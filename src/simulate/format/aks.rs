//! The audit log of an AKS cluster, and the record of a diagnostic setting, which a storage account and an Event
//! Hub share.

use serde_json::{Value, json};

use super::Source;
use crate::simulate::call::{Actor, ActorKind, Call, Stage};
use crate::simulate::event;
use crate::simulate::rng::Rng;
use crate::simulate::template::mark;

/// A managed cluster in Azure's terms.
pub struct ManagedCluster {
    /// In upper case, as diagnostic settings write it.
    pub resource_id: String,
    pub subscription: String,
    pub resource_group: String,
    namespace: String,
    pub pod: String,
}

impl ManagedCluster {
    pub fn new(cluster: &str) -> Self {
        let mut rng = Rng::new(0, cluster);
        let (subscription, resource_group) = (rng.uuid(), format!("rg-{cluster}"));
        let id = format!(
            "/subscriptions/{subscription}/resourcegroups/{resource_group}/providers/microsoft.containerservice/managedclusters/{cluster}",
        );
        let namespace = format!("{}{}", rng.hex(16), rng.hex(8));
        let pod = format!("kube-apiserver-{}-{}", rng.hex(9), rng.hex(5));
        Self { resource_id: id.to_uppercase(), subscription, resource_group, namespace, pod }
    }

    /// The diagnostic record, with the event as a string that ends in a newline.
    pub fn diagnostic(&self, record: String) -> String {
        json!({
            "operationName": "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read",
            "category": "kube-audit",
            "ccpNamespace": self.namespace,
            "resourceId": self.resource_id,
            "properties": {"log": record + "\n", "stream": "stdout", "pod": self.pod},
            "time": format!("{}0Z", mark::STAGE_TIME),
            "Cloud": "AzureCloud",
            "Environment": "prod",
        })
        .to_string()
    }
}

impl Source for ManagedCluster {
    fn record(&self, call: &Call, stage: Stage) -> Option<String> {
        Some(event::line(call, stage, extra))
    }

    fn cut(&self, kept: &str) -> Option<String> {
        Some(kept.to_owned())
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
