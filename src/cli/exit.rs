//! The exit codes: an interface that scripts rely on, listed in the README.

use std::process::ExitCode;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done. Rejects are counted and named.
    Done,
    /// 1: could not do it.
    Failed,
    /// 2: wrong usage.
    Usage,
    /// 3: found something: alerts with `--fail-on-alert`, a failed test of a rule, a difference that `verify` saw.
    Found,
    /// 4: done in part: a source could not be read, or not to its end; `--strict` and rejects.
    Partial,
    /// 128 and the signal's number, as shells have it: 130 after Ctrl-C, 143 after SIGTERM.
    Signal(u8),
}

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Found => 3,
            Self::Partial => 4,
            Self::Signal(number) => 128_u8.saturating_add(number),
        }
    }

    /// The one of two outcomes to report: 1 before 4 before 3 before 0.
    pub fn or_worse(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Found => 1,
            Self::Partial => 2,
            Self::Failed => 3,
            Self::Usage => 4,
            Self::Signal(_) => 5,
        }
    }
}

/// Arguments that do not go together, where clap cannot tell: the run ends with [`Exit::Usage`].
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub &'static str);

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_comes_before_four_before_three() {
        assert_eq!(Exit::Found.or_worse(Exit::Partial), Exit::Partial);
        assert_eq!(Exit::Partial.or_worse(Exit::Found), Exit::Partial);
        assert_eq!(Exit::Partial.or_worse(Exit::Failed), Exit::Failed);
        assert_eq!(Exit::Done.or_worse(Exit::Done), Exit::Done);
        assert_eq!(Exit::Signal(2).code(), 130);
        assert_eq!(Exit::Signal(15).code(), 143);
    }
}
