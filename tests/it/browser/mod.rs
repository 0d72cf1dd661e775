//! The HTML report as a reader opens it: in a real browser, without a network.

mod chromium;

use std::path::Path;

use chromium::{Chromium, Conduct};

use crate::support::{World, passed_over};

/// The widths at which the page must not be wider than its window.
const WIDTHS: [u32; 2] = [1280, 400];

/// The report of a simulated attack, as the program writes it.
fn report(world: &World) -> std::path::PathBuf {
    let logs = world.simulate("logs", &["--seed", "7"]);
    world.run(&["ingest", "--lake", "lake", &logs.display().to_string()]).expect_code(0);
    world.run(&["hunt", "--lake", "lake", "--format", "html", "--output", "report.html"]).expect_code(0);
    world.path("report.html")
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
     .filter((e) => !e.closest('.scroll, pre, svg') && e.getBoundingClientRect().right > innerWidth + 0.5)\
     .map((e) => e.tagName + '.' + e.className).slice(0, 5).join(' ')";

#[test]
fn opens_without_error_request_or_overflow() {
    let Some(mut browser) = browser() else { return };
    let world = World::new();
    let page = report(&world);
    for width in WIDTHS {
        let conduct = browser.open(&page, width, 900);
        assert_well_behaved(&page, &conduct);
        assert_eq!(browser.evaluate(WIDTH_WHEN_UNFOLDED), 0, "at {width} pixels");
        assert_eq!(browser.evaluate(OUTSIDE), "", "at {width} pixels");
    }
}

#[test]
fn scripts_sort_and_filter_and_break_nothing() {
    let Some(mut browser) = browser() else { return };
    let world = World::new();
    let page = report(&world);
    let mut conduct = browser.open(&page, 1280, 900);
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
    assert_well_behaved(&page, &conduct);
}

/// Keeps pictures for a person to look at where KUBETRAWL_SCREENSHOTS names a folder.
#[test]
fn is_seen_in_light_and_dark_and_on_paper() {
    let Some(mut browser) = browser() else { return };
    let world = World::new();
    let page = report(&world);
    let mut shots = Vec::new();
    for width in WIDTHS {
        for scheme in ["light", "dark"] {
            browser.prefer(scheme);
            browser.open(&page, width, 900);
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
