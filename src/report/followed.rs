//! Whose runbooks are run for an alert, and what is said of the users whose are not.

use super::escape;
use super::fields::username;
use super::text::number;
use crate::detect::Alert;
use crate::detect::alert::in_words;

/// Users of one alert whose runbooks are run without being asked for one by one: each is some twenty queries, and
/// more runbooks than these are not read one after the other.
pub const MOST_USERS: usize = 10;

/// The column of CSV files that says whose runbook a row is of: sections have a `username` of their own.
pub const USER: &str = "user";

/// The users of an alert, in the order it lists them; none stands for records without a username.
#[derive(Debug)]
pub struct Followed<'a> {
    alert_id: &'a str,
    all: Vec<Option<&'a str>>,
}

impl<'a> Followed<'a> {
    pub fn of(alert: &'a Alert) -> Self {
        Self { alert_id: &alert.alert_id, all: alert.users() }
    }

    /// Whether what is found must say whose it is.
    pub fn is_several(&self) -> bool {
        self.all.len() > 1
    }

    /// Those whose runbooks are run.
    pub fn users(&self) -> &[Option<&'a str>] {
        &self.all[..self.all.len().min(MOST_USERS)]
    }

    /// Says whose are not run, and how to run one of them; none where all are.
    pub fn left_out(&self) -> Option<String> {
        let left = self.all.get(MOST_USERS..).filter(|left| !left.is_empty())?;
        // `=` also before a name that begins with a dash.
        let command =
            format!("kubetrawl runbook {} --user={}", self.alert_id, escape::shell(username(left[0])));
        // Quoted, so that no name can be read as the command that follows.
        let quoted: Vec<String> = left.iter().map(|user| escape::shell(username(*user))).collect();
        let quoted: Vec<Option<&str>> = quoted.iter().map(|user| Some(user.as_str())).collect();
        Some(format!(
            "the runbooks of {} of {} users are left out ({}); for one of them: {command}",
            number(left.len() as u64),
            number(self.all.len() as u64),
            in_words(&quoted)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn ten_users_are_followed_and_the_others_are_named() {
        let alone = sample::alert("alice");
        assert_eq!(
            (Followed::of(&alone).users(), Followed::of(&alone).is_several()),
            (&[Some("alice")][..], false)
        );
        let few = sample::alert_of(MOST_USERS);
        assert_eq!(Followed::of(&few).users(), few.users());
        assert!(Followed::of(&few).is_several() && Followed::of(&few).left_out().is_none());
        let many = sample::alert_of(MOST_USERS + 12);
        let followed = Followed::of(&many);
        assert_eq!(followed.users(), &many.users()[..MOST_USERS]);
        insta::assert_snapshot!(followed.left_out().unwrap(), @"the runbooks of 12 of 22 users are left out ('user 011', 'user 012', 'user 013', 'user 014', 'user 015', 'user 016', 'user 017', 'user 018', 'user 019', 'user 020' and 2 more); for one of them: kubetrawl runbook 1f0c6a2b9d3e4f50 --user='user 011'");
    }
}
