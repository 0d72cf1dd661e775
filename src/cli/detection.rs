//! What to look for: the flags that every verb with a hunt in it takes.

use anyhow::bail;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::Session;
use super::allow::AllowArgs;
use super::catalog::CatalogArgs;
use super::exit::Usage;
use super::times;
use super::values::ResourceArgs;
use crate::detect::{GroupColumn, SecretKey, Since, WindowMode};
use crate::hunt::HuntOptions;

/// The rule that is hunted with when none is named.
pub(super) const DEFAULT_RULE: &str = "kubernetes.bulk_secret_access";

/// What to look for.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Detection")]
pub(super) struct DetectionArgs {
    /// Rule to hunt with; see `kubetrawl rules list`
    #[arg(long, value_name = "RULE", default_value = DEFAULT_RULE)]
    rule: String,

    #[command(flatten)]
    catalog: CatalogArgs,

    /// Only breaches from this time on: a time, a date, or a span such as 30d
    #[arg(long, value_name = "TIME", value_parser = times::bound)]
    since: Option<Since>,

    /// Only breaches before this time: a time, a date, or a span
    #[arg(long, value_name = "TIME", value_parser = times::bound)]
    until: Option<Since>,

    /// Distinct secrets in a window that make a breach [default: the rule's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    threshold: Option<i64>,

    /// Length of the window, such as 30m [default: the rule's]
    #[arg(long, value_name = "SPAN", value_parser = times::span)]
    window: Option<i64>,

    /// Breaches at most so far apart are one alert [default: the rule's]
    #[arg(long, value_name = "SPAN", value_parser = times::span)]
    dedup: Option<i64>,

    /// Whom to count for, joined by commas: username, effective_user, session, cluster, source_ip, user_agent
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', default_value = "username",
        value_parser = one_of(GroupColumn::ALL, GroupColumn::as_str), hide_possible_values = true)]
    by: Vec<GroupColumn>,

    /// What makes secrets distinct: qualified (cluster, namespace and name) or name (the name alone)
    #[arg(long, value_name = "KEY", default_value = "qualified",
        value_parser = one_of([SecretKey::Qualified, SecretKey::Name], SecretKey::as_str), hide_possible_values = true)]
    secret_key: SecretKey,

    /// How windows lie: sliding (every range of the window's length), anchored (opened by a read) or tumbling (bins of the clock)
    #[arg(long, value_name = "MODE", default_value = "sliding",
        value_parser = one_of(WindowMode::ALL, WindowMode::as_str), hide_possible_values = true)]
    window_mode: WindowMode,

    /// Count system principals too, which the rule excludes
    #[arg(long)]
    include_system: bool,

    #[command(flatten)]
    allow: AllowArgs,
}

impl DetectionArgs {
    /// The hunt that was asked for.
    ///
    /// # Errors
    /// When an allow-list or a rule cannot be used.
    pub fn options(&self, resources: &ResourceArgs, session: &Session) -> anyhow::Result<HuntOptions> {
        check_span(self.since, self.until)?;
        Ok(HuntOptions {
            rule: self.catalog.load(session)?.find(&self.rule)?.clone(),
            since: self.since,
            until: self.until,
            threshold: self.threshold,
            window: self.window,
            dedup: self.dedup,
            by: self.by.clone(),
            secret_key: self.secret_key,
            window_mode: self.window_mode,
            include_system: self.include_system,
            allow: self.allow.list()?,
            lake_allow: self.allow.with_lakes(),
            memory: resources.memory,
            threads: resources.threads(),
        })
    }
}

/// Refuses bounds that no time lies between.
pub(super) fn check_span(since: Option<Since>, until: Option<Since>) -> anyhow::Result<()> {
    if since.zip(until).is_some_and(|(since, until)| holds_nothing(since, until)) {
        bail!(Usage("--since is not before --until, so that no time lies between them"));
    }
    Ok(())
}

/// Whether no time can be from `since` on and before `until`, as far as can be told without the lake.
fn holds_nothing(since: Since, until: Since) -> bool {
    match (since, until) {
        (Since::At(since), Since::At(until)) => since >= until,
        (Since::BeforeNewest(since), Since::BeforeNewest(until)) => since <= until,
        _ => false,
    }
}

/// Reads the word for one of a few values.
fn one_of<T, const N: usize>(values: [T; N], word: fn(T) -> &'static str) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    PossibleValuesParser::new(values.map(word)).try_map(move |typed| {
        values.into_iter().find(|value| word(*value) == typed).ok_or("not one of the values")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_of_no_time_is_told_where_it_can_be() {
        use Since::{At, BeforeNewest};
        assert!(holds_nothing(At(5), At(5)) && holds_nothing(BeforeNewest(7), BeforeNewest(7)));
        assert!(!holds_nothing(At(5), At(6)) && !holds_nothing(BeforeNewest(8), BeforeNewest(7)));
        assert!(!holds_nothing(At(5), BeforeNewest(7)));
    }
}
