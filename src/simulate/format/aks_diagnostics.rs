//! A row of a Log Analytics workspace's table AzureDiagnostics, which holds an event as text.

use super::aks::ManagedCluster;
use crate::simulate::template::mark;

/// The columns of [`row`], in the same order.
pub const COLUMNS: [&str; 11] = [
    "TenantId",
    "TimeGenerated",
    "ResourceId",
    "Category",
    "ResourceGroup",
    "SubscriptionId",
    "OperationName",
    "log_s",
    "stream_s",
    "pod_s",
    "Type",
];

pub fn row(cluster: &ManagedCluster, record: String) -> [String; 11] {
    [
        cluster.subscription.clone(),
        format!("{}Z", mark::STAGE_TIME),
        cluster.resource_id.clone(),
        "kube-audit".to_owned(),
        cluster.resource_group.to_uppercase(),
        cluster.subscription.clone(),
        "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read".to_owned(),
        record + "\n",
        "stdout".to_owned(),
        cluster.pod.clone(),
        "AzureDiagnostics".to_owned(),
    ]
}
