//! The page being written: what is markup is fixed text, what is data goes through the escaping.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::report::escape;
use crate::report::text::number;

const STYLE: &str = include_str!("assets/report.css");
const SCRIPT: &str = include_str!("assets/report.js");

/// Where the page goes. Only fixed text is written as it is: [`Page::markup`] takes no other.
pub(super) struct Page<'a> {
    out: &'a mut dyn Write,
}

impl<'a> Page<'a> {
    pub fn new(out: &'a mut dyn Write) -> Self {
        Self { out }
    }

    pub fn markup(&mut self, markup: &'static str) -> io::Result<()> {
        self.out.write_all(markup.as_bytes())
    }

    /// Words of the report's own that hold a number or a fixed name.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(escape::html(text).as_bytes())
    }

    /// A value of the log: set apart, so that its direction of writing ends where it ends.
    pub fn value(&mut self, value: &str) -> io::Result<()> {
        self.markup("<bdi>")?;
        self.text(value)?;
        self.markup("</bdi>")
    }

    /// A place or a length in a drawing, to a hundredth.
    pub fn length(&mut self, length: f64) -> io::Result<()> {
        let length = if length.is_finite() { length } else { 0.0 };
        write!(self.out, "{length:.2}")
    }

    pub fn number(&mut self, n: i64) -> io::Result<()> {
        self.text(&number(n))
    }

    /// A place on this page to jump to. Made of a counter, never of data.
    pub fn alert_anchor(&mut self, position: usize) -> io::Result<()> {
        write!(self.out, "alert-{}", position + 1)
    }

    /// A cell of any type; lists as their elements, absent values as a dash.
    pub fn cell(&mut self, value: &Value) -> io::Result<()> {
        match value {
            Value::Null => self.markup("<span class=\"none\">–</span>"),
            Value::Bool(flag) => self.text(if *flag { "yes" } else { "no" }),
            Value::Number(n) => match n.as_i64() {
                Some(n) => self.number(n),
                None => self.text(&n.to_string()),
            },
            Value::String(text) => self.value(text),
            Value::Array(elements) => self.elements(elements),
            Value::Object(_) => self.value(&value.to_string()),
        }
    }

    fn elements(&mut self, elements: &[Value]) -> io::Result<()> {
        const SHOWN: usize = 20;
        for (index, element) in elements.iter().take(SHOWN).enumerate() {
            if index > 0 {
                self.markup(", ")?;
            }
            match element {
                Value::Array(_) | Value::Object(_) => self.value(&element.to_string())?,
                plain => self.cell(plain)?,
            }
        }
        if elements.len() > SHOWN {
            self.text(&format!(" and {} more", number((elements.len() - SHOWN) as u64)))?;
        }
        Ok(())
    }

    /// Everything before the content. The policy allows this page's one style and one script by
    /// their hashes and nothing else: no address, no inline attribute, no form, no frame.
    pub fn begin(&mut self, title: &str) -> io::Result<()> {
        self.markup("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")?;
        self.markup(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '",
        )?;
        self.text(&hash(STYLE))?;
        self.markup("'; script-src '")?;
        self.text(&hash(SCRIPT))?;
        self.markup("'; base-uri 'none'; form-action 'none'\">\n")?;
        self.markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")?;
        self.markup("<meta name=\"color-scheme\" content=\"light dark\">\n")?;
        self.markup("<meta name=\"referrer\" content=\"no-referrer\">\n<title>")?;
        self.text(title)?;
        self.markup("</title>\n<style>")?;
        self.markup(STYLE)?;
        self.markup("</style>\n</head>\n<body>\n")
    }

    pub fn end(&mut self) -> io::Result<()> {
        self.markup("<script>")?;
        self.markup(SCRIPT)?;
        self.markup("</script>\n</body>\n</html>\n")
    }
}

/// A source expression of the policy (Content Security Policy Level 3, 2.3.1).
fn hash(content: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(content)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_hold_nothing_that_ends_them_or_loads_anything() {
        for asset in [STYLE, SCRIPT] {
            assert!(!asset.contains("</"), "an asset must not end its element");
            assert!(!asset.contains("url(") && !asset.contains("@import") && !asset.contains("//"));
        }
        assert!(!SCRIPT.contains("innerHTML") && !SCRIPT.contains("eval"));
    }

    #[test]
    fn cells_show_every_type() {
        let mut out = Vec::new();
        let mut page = Page::new(&mut out);
        for value in
            [Value::Null, true.into(), 1234.into(), "<b>".into(), serde_json::json!(["a", 1, null, ["x"]])]
        {
            page.cell(&value).unwrap();
            page.markup("|").unwrap();
        }
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "<span class=\"none\">–</span>|yes|1,234|<bdi>&lt;b&gt;</bdi>|<bdi>a</bdi>, 1, \
             <span class=\"none\">–</span>, <bdi>[&quot;x&quot;]</bdi>|"
        );
    }
}
