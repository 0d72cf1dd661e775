//! EKS: what Microsoft Sentinel's connector writes to S3 and keeps in its table: a flat row, with the whole
//! event in `RawEvent`, which says more than the columns.

use super::message;
use crate::decode::job::Job;
use crate::decode::record::Record;
use crate::decode::shape::Shape;
use crate::decode::wire::{Context, Failure};
use crate::decode::{LogType, time};

pub(super) const NAME: &str = "eks-sentinel";

pub(super) fn recognises(shape: &Shape<'_>) -> bool {
    shape.has("RawEvent")
}

pub(super) fn decode(job: &mut Job<'_>, record: &Record<'_>) -> Result<(), Failure> {
    let fields = record.fields()?;
    let raw = fields.json("RawEvent").or_else(|| fields.text("RawEvent")).ok_or(Failure::NotMine)?;
    let (cluster, account, region) =
        (fields.text("ClusterName"), fields.text("AwsAccountId"), fields.text("Region"));
    let context = Context {
        log_type: Some(LogType::EksAudit),
        cluster: cluster.as_deref(),
        account: account.as_deref(),
        region: region.as_deref(),
        time: fields.text("TimeGenerated").and_then(|text| time::parse(&text)),
        cut: job.is_cut(),
        ..Context::default()
    };
    message::decode(job, &raw, &context);
    Ok(())
}
