//! Reads what a hunt's rule matches, portion by portion, and numbers what its reads have in common.

use super::DetectError;
use super::hunt::Hunt;
use super::portions::{BusyDay, portions};
use crate::engine::Param;
use crate::sql;

impl Hunt<'_> {
    /// Reads what the rule matches, into the tables kinds, found, reads, groups and keys.
    pub fn read(&self) -> Result<(), DetectError> {
        for (number, portion) in self.portions()?.into_iter().enumerate() {
            if number == 0 {
                self.take(portion, 0)?;
                self.keep("known", sql::file("detect/nothing_known.sql"))?;
                self.keep("kinds", sql::file("detect/kinds.sql"))?;
                self.keep("found", sql::file("detect/found.sql"))?;
            } else {
                self.take(portion, self.numbered()?)?;
                self.keep("known", sql::file("detect/known.sql"))?;
                self.add("kinds", sql::file("detect/kinds.sql"))?;
                self.add("found", sql::file("detect/found.sql"))?;
            }
        }
        self.engine.forget("portion", self.cancel)?;
        self.keep("keys", sql::file("detect/keys.sql"))?;
        self.keep("groups", sql::file("detect/groups.sql"))?;
        self.keep("reads", sql::file("detect/reads.sql"))
    }

    /// Reads one portion of the hunt's time, into the table portion; its kinds get numbers above `numbered`.
    fn take(&self, (from, until): (i64, i64), numbered: i64) -> Result<(), DetectError> {
        let mut bound = self.bound.clone();
        bound.extend([
            ("portion_from", Param::Timestamp(from)),
            ("portion_until", Param::Timestamp(until)),
            ("numbered", Param::Int(numbered)),
        ]);
        Ok(self.engine.keep("portion", sql::file("detect/portion.sql"), &bound, self.cancel)?)
    }

    fn numbered(&self) -> Result<i64, DetectError> {
        let mut numbered = 0;
        self.each(sql::file("detect/numbered.sql"), |cells, row| {
            numbered = cells.int(row, "numbered")?.unwrap_or_default();
            Ok(())
        })?;
        Ok(numbered)
    }

    fn portions(&self) -> Result<Vec<(i64, i64)>, DetectError> {
        self.know_days()?;
        let mut days = Vec::new();
        self.each(sql::file("detect/busy.sql"), |cells, row| {
            let times = cells.time(row, "first_time")?.zip(cells.time(row, "last_time")?);
            let reads = cells.int(row, "reads")?.unwrap_or_default();
            days.extend(times.map(|(first, last)| BusyDay { reads, first, last }));
            Ok(())
        })?;
        let (from, until) = self.span;
        Ok(portions(&days, from, until.max(from), self.portion))
    }
}
