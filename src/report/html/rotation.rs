//! What must be rotated, over all alerts: how many secrets where, each of them, and what lists leave open.

use std::io;

use super::page::Page;
use super::tables;
use crate::report::rotation::{Rotation, Table};

/// Where the rows are that the page leaves out.
const SECRETS: &str = "rotation.csv of --detail";
const LISTS: &str = "lists.csv of --detail";

pub fn section(page: &mut Page<'_>, rotation: &Rotation) -> io::Result<()> {
    page.markup(
        "<section aria-labelledby=\"rotation\">\n<h2 id=\"rotation\">What must be rotated</h2>\n<p>",
    )?;
    page.text(&rotation.sentence())?;
    page.markup(
        ". Read and listed with success by the users of all alerts, from 24 hours before an alert to half an hour \
         after it. Whoever made a list of the summary without an alert is not among them: follow such a user with \
         <code>kubetrawl runbook --user</code>.</p>\n",
    )?;
    let places = rotation.places(rotation.secrets.rows.len());
    if places.rows.len() > 1 {
        page.markup("<h3>By cluster and namespace</h3>\n")?;
        table(page, "Secrets to rotate by namespace", &places, SECRETS)?;
    }
    if rotation.secrets.found > 0 {
        page.markup("<h3>Each secret</h3>\n")?;
        table(page, "Secrets to rotate", &rotation.secrets, SECRETS)?;
    }
    if rotation.lists.found > 0 {
        page.markup("<h3>Lists whose answers may hold more</h3>\n<p>")?;
        page.markup(
            "A list returns every secret of its scope; the log has the request, not the answer. The secrets above are \
             those that the lake knew there at that time: rotate whatever else was there.</p>\n",
        )?;
        table(page, "Lists that succeeded", &rotation.lists, LISTS)?;
    }
    page.markup("</section>\n")
}

fn table(page: &mut Page<'_>, caption: &str, table: &Table, rest: &'static str) -> io::Result<()> {
    tables::table(page, caption, &table.columns, &table.rows, table.found, rest)
}
