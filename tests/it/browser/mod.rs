//! The HTML report as a reader opens it: in a real browser, without a network.

mod chromium;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use chromium::{Chromium, Conduct};

use crate::support::{World, passed_over, project};

/// The widths at which the page must not be wider than its window.
const WIDTHS: [u32; 2] = [1280, 400];

/// The report of the sample logs, as the program writes it; made once for all tests.
fn report() -> &'static Path {
    static REPORT: OnceLock<(World, PathBuf)> = OnceLock::new();
    let (_, page) = REPORT.get_or_init(|| {
        let world = World::new();
        let logs = project("data");
        let arguments = ["hunt", "--lake", "lake", "--format", "html", "--output", "report.html"];
        let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).chain([logs.as_os_str()]).collect();
        world.run(&arguments).expect_code(0);
        let page = world.path("report.html");
        (world, page)
    });
    page
}

fn browser() -> Option<Chromium> {
    let program = chromium::installed();
    if program.is_none() {
        passed_over("there is no chromium");
    }
    program.map(|program| Chromium::start(&program))
}

#[track_caller]
fn assert_well_behaved(page: &Path, conduct: &Conduct) {
    assert!(conduct.complaints.is_empty(), "{}", conduct.complaints.join("\n"));
    assert_eq!(conduct.requests, [format!("file://{}", page.display())]);
}

/// Everything unfolded, the window's width and the widest the page would like to be.
const WIDTH_WHEN_UNFOLDED: &str = "document.querySelectorAll('details').forEach((d) => (d.open = true)),\
     document.documentElement.scrollWidth - document.documentElement.clientWidth";

/// Elements that stand out of the page to the right, unless a container of theirs scrolls.
const OUTSIDE: &str = "Array.from(document.body.querySelectorAll('*'))\
     .filter((e) => !e.closest('.scroll, pre, svg, .who') && e.getBoundingClientRect().right > innerWidth + 0.5)\
     .map((e) => e.tagName + '.' + e.className).slice(0, 5).join(' ')";

#[test]
fn opens_without_error_request_or_overflow() {
    let Some(mut browser) = browser() else { return };
    let page = report();
    for width in WIDTHS {
        let conduct = browser.open(page, width, 900);
        assert_well_behaved(page, &conduct);
        assert_eq!(browser.evaluate(WIDTH_WHEN_UNFOLDED), 0, "at {width} pixels");
        assert_eq!(browser.evaluate(OUTSIDE), "", "at {width} pixels");
    }
}

#[test]
fn scripts_sort_and_filter_and_break_nothing() {
    let Some(mut browser) = browser() else { return };
    let page = report();
    let mut conduct = browser.open(page, 1280, 900);
    let column = "(t) => Array.from(t.tBodies[0].rows, (r) => r.cells[0].textContent)";
    let sorted = browser.evaluate(&format!(
        "const table = Array.from(document.querySelectorAll('table')).find((t) => t.rows.length > 9);\
         table.tHead.querySelector('button').click();\
         const shown = ({column})(table);\
         JSON.stringify(shown) === JSON.stringify([...shown].sort((a, b) => a.localeCompare(b, 'en')))"
    ));
    assert_eq!(sorted, true);
    let hidden = browser.evaluate(
        "const field = document.querySelector('.filter');\
         field.value = 'no row holds this'; field.dispatchEvent(new Event('input'));\
         Array.from(field.parentElement.querySelectorAll('.filter + .scroll tbody tr')).some((r) => r.hidden)",
    );
    assert_eq!(hidden, true);
    browser.conduct(&mut conduct);
    assert_well_behaved(page, &conduct);
}

/// Keeps pictures for a person to look at where KUBETRAWL_SCREENSHOTS names a folder.
#[test]
fn is_seen_in_light_and_dark_and_on_paper() {
    let Some(mut browser) = browser() else { return };
    let page = report();
    let mut shots = Vec::new();
    for width in WIDTHS {
        for scheme in ["light", "dark"] {
            browser.prefer(scheme);
            browser.open(page, width, 900);
            shots.push((format!("report-{width}-{scheme}.png"), browser.screenshot()));
        }
    }
    assert_ne!(shots[0].1, shots[1].1, "light and dark look the same");
    shots.push(("report.pdf".to_owned(), browser.pdf()));
    if let Some(folder) = std::env::var_os("KUBETRAWL_SCREENSHOTS") {
        for (name, bytes) in shots {
            std::fs::write(Path::new(&folder).join(name), bytes).expect("a kept picture");
        }
    }
}
