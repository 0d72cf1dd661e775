//! One document with everything: versions, parameters, summary, alerts.
//!
//! Values are those of the log. Characters that a terminal would obey are written in JSON's own
//! `\u....` spelling, which is the same value to every reader.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use super::escape;
use crate::detect::HuntReport;

pub(super) fn write(report: &HuntReport, out: &mut dyn Write) -> io::Result<()> {
    write_pretty(report, out)
}

/// Writes any value as indented JSON with a line end, safe to look at in a terminal.
pub fn write_pretty<T: Serialize>(value: &T, out: &mut dyn Write) -> io::Result<()> {
    let formatter = Visible(PrettyFormatter::new());
    value.serialize(&mut Serializer::with_formatter(&mut *out, formatter))?;
    out.write_all(b"\n")
}

/// Writes any value as one line of JSON.
pub fn write_line<T: Serialize>(value: &T, out: &mut dyn Write) -> io::Result<()> {
    write_value(value, out)?;
    out.write_all(b"\n")
}

/// The same without the line's end.
pub fn write_value<T: Serialize>(value: &T, out: &mut dyn Write) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, Visible(CompactFormatter)))?;
    Ok(())
}

/// A formatter that spells out hidden characters.
struct Visible<F>(F);

impl<F: Formatter> Formatter for Visible<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, hidden)) = rest.char_indices().find(|(_, c)| escape::is_hidden(*c)) {
            out.write_all(&rest.as_bytes()[..at])?;
            out.write_all(escape::json_escape(hidden).as_bytes())?;
            rest = &rest[at + hidden.len_utf8()..];
        }
        out.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn written(report: &HuntReport) -> String {
        let mut out = Vec::new();
        write(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn shows_the_whole_answer() {
        insta::assert_snapshot!(written(&sample::report()));
    }

    #[test]
    fn an_answer_without_alerts_is_whole() {
        let value: serde_json::Value = serde_json::from_str(&written(&sample::empty_report())).unwrap();
        assert_eq!(value["schema"], "kubetrawl/hunt/1");
        assert_eq!(value["alerts"], serde_json::json!([]));
    }

    #[test]
    fn plain_values_are_written_as_serde_json_writes_them() {
        let report = sample::report();
        assert_eq!(written(&report), serde_json::to_string_pretty(&report).unwrap() + "\n");
    }

    #[test]
    fn hostile_values_stay_what_they_are_and_stay_off_the_terminal() {
        let report = sample::hostile_report();
        let text = written(&report);
        assert!(!text.replace('\n', "").chars().any(escape::is_hidden));
        assert_eq!(serde_json::from_str::<HuntReport>(&text).unwrap(), report);
    }
}
