//! Whom a runbook is about, and which spans it looks at.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::detect::alert::{in_words, username as shown};
use crate::detect::{Alert, HuntParameters};
use crate::query::Value;
use crate::query::value::{read_time, time_text};

/// An alert, or a user and a time, with the hunt's parameters that the steps need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub rule_id: String,
    pub alert_id: Option<String>,
    pub title: String,
    pub username: Option<String>,
    /// The alert's user agents; none for any.
    pub user_agents: Option<Vec<String>>,
    pub spans: Spans,
    /// `qualified` or `name`.
    pub secret_key: String,
    pub threshold: i64,
    pub window: Duration,
}

/// The spans that the steps look at; times are RFC 3339 in UTC, all but `history_to` inclusive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spans {
    pub crossed_at: String,
    /// Around the alert: step 1 and most of step 2.
    pub around_from: String,
    pub around_to: String,
    /// The past hours: steps 3 and 4.
    pub past_from: String,
    pub past_to: String,
    /// Where the user's history ends: before the alert's evidence and the span around it.
    pub history_to: String,
}

/// A subject that cannot be looked into.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    #[error("the alert's {field} is `{value}`, which is no time")]
    Time { field: &'static str, value: String },
    #[error("the spans around {crossed_at} leave the calendar: give a smaller --around or --hours")]
    Span { crossed_at: String },
    #[error("the alert is not of the user {user}, but of {users}")]
    NotOfUser { user: String, users: String },
}

/// How far the spans reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Before the alert is crossed, and after it is last seen.
    pub around: Duration,
    /// Before the alert is crossed.
    pub past: Duration,
}

impl Default for Reach {
    fn default() -> Self {
        Self { around: Duration::from_secs(30 * 60), past: Duration::from_secs(24 * 60 * 60) }
    }
}

/// What a hunt counted by, of which the steps need to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counting {
    pub secret_key: String,
    pub threshold: i64,
    pub window: Duration,
}

impl Default for Counting {
    fn default() -> Self {
        Self { secret_key: "qualified".to_owned(), threshold: 15, window: Duration::from_secs(30 * 60) }
    }
}

impl From<&HuntParameters> for Counting {
    fn from(parameters: &HuntParameters) -> Self {
        Self {
            secret_key: parameters.secret_key.as_str().to_owned(),
            threshold: parameters.threshold,
            window: Duration::from_micros(parameters.window.unsigned_abs()),
        }
    }
}

impl Subject {
    /// The subject of an alert and one of its users; none stands for records without a username.
    ///
    /// # Errors
    /// When the alert has no such user, or its times cannot be read or looked around.
    pub fn of_alert(
        alert: &Alert,
        user: Option<&str>,
        counting: Counting,
        reach: Reach,
    ) -> Result<Self, SubjectError> {
        let users = alert.users();
        if !users.contains(&user) {
            let user = shown(user).to_owned();
            return Err(SubjectError::NotOfUser { user, users: in_words(&users) });
        }
        let title = match users.len() {
            1 => alert.title.clone(),
            _ => format!("{}, user [{}]", alert.title, shown(user)),
        };
        let crossed = time("crossed_at", &alert.crossed_at)?;
        let first = time("first_seen", &alert.first_seen)?;
        let last = time("last_seen", &alert.last_seen)?;
        Ok(Self {
            rule_id: alert.rule_id.clone(),
            alert_id: Some(alert.alert_id.clone()),
            title,
            username: user.map(str::to_owned),
            user_agents: Some(alert.user_agents.clone()),
            spans: Spans::new(crossed, first, last, reach)?,
            secret_key: counting.secret_key,
            threshold: counting.threshold,
            window: counting.window,
        })
    }

    /// A user at a time, without an alert: any user agent, and the time stands for the alert's.
    pub fn of_user(
        rule_id: &str,
        username: Option<String>,
        at: Timestamp,
        counting: Counting,
        reach: Reach,
    ) -> Result<Self, SubjectError> {
        let user = shown(username.as_deref());
        Ok(Self {
            rule_id: rule_id.to_owned(),
            alert_id: None,
            title: format!("Kubernetes Secret Access by [{user}] around {}", time_text(at)),
            username,
            user_agents: None,
            spans: Spans::new(at, at, at, reach)?,
            secret_key: counting.secret_key,
            threshold: counting.threshold,
            window: counting.window,
        })
    }

    /// Every parameter that a section may name.
    pub fn parameters(&self) -> BTreeMap<String, Value> {
        let text = |text: &str| Value::Text(text.to_owned());
        let agents = self
            .user_agents
            .as_ref()
            .map_or(Value::Null, |agents| Value::Text(serde_json::Value::from(agents.clone()).to_string()));
        let spans = &self.spans;
        let window = i64::try_from(self.window.as_micros()).unwrap_or(i64::MAX);
        [
            ("username", self.username.as_deref().map_or(Value::Null, text)),
            ("user_agents", agents),
            ("crossed_at", text(&spans.crossed_at)),
            ("around_from", text(&spans.around_from)),
            ("around_to", text(&spans.around_to)),
            ("past_from", text(&spans.past_from)),
            ("past_to", text(&spans.past_to)),
            ("history_to", text(&spans.history_to)),
            ("secret_key", text(&self.secret_key)),
            ("threshold", Value::Integer(self.threshold)),
            ("window_microseconds", Value::Integer(window)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}

impl Spans {
    /// From the start of the past hours to the end of what is looked at.
    pub fn reach(&self) -> Option<(Timestamp, Timestamp)> {
        let until = read_time(&self.past_to)?.max(read_time(&self.around_to)?);
        Some((read_time(&self.past_from)?.min(read_time(&self.around_from)?), until))
    }

    fn new(
        crossed: Timestamp,
        first: Timestamp,
        last: Timestamp,
        reach: Reach,
    ) -> Result<Self, SubjectError> {
        let out_of_range = || SubjectError::Span { crossed_at: time_text(crossed) };
        let before = |time: Timestamp, by: Duration| {
            let by = SignedDuration::try_from(by).map_err(|_| out_of_range())?;
            time.checked_sub(by).map_err(|_| out_of_range())
        };
        let after = |time: Timestamp, by: Duration| {
            let by = SignedDuration::try_from(by).map_err(|_| out_of_range())?;
            time.checked_add(by).map_err(|_| out_of_range())
        };
        let around_from = before(crossed, reach.around)?;
        let around_to = after(last, reach.around)?;
        Ok(Self {
            crossed_at: time_text(crossed),
            around_from: time_text(around_from),
            around_to: time_text(around_to),
            past_from: time_text(before(crossed, reach.past)?),
            past_to: time_text(around_to),
            history_to: time_text(around_from.min(first)),
        })
    }
}

fn time(field: &'static str, text: &str) -> Result<Timestamp, SubjectError> {
    read_time(text).ok_or_else(|| SubjectError::Time { field, value: text.to_owned() })
}
