//! The HTML of the page: all that it shows without scripts, and the places that the script fills.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::{Map, Value as Json};

use crate::assets::{SCRIPT, STYLE, hash};
use crate::deadlock::{self, Wait};
use crate::events::number_of;
use crate::page::{Failure, Page, Rule};

/// So many events are in the table on each side of those that the page is about.
const TABLE_BESIDE: usize = 20;

/// The table has so many events at most.
const TABLE_MAX: usize = 200;

/// The whole document. `data` is the JSON that the script reads.
pub(crate) fn document(page: &Page<'_>, data: &str) -> Markup {
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
        hash(&SCRIPT),
        hash(STYLE)
    );
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page.test) ", seed " (page.seed) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (header(page))
                main {
                    (diagnosis(page))
                    (faults(page.faults))
                    (walk())
                    (table(page))
                }
                script type="application/gzip+base64" id="data" { (PreEscaped(compressed(data))) }
                script { (PreEscaped(SCRIPT.as_str())) }
            }
        }
    }
}

/// The data, gzipped and in base 64, which has no character that means something in HTML.
fn compressed(data: &str) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(5));
    encoder.write_all(data.as_bytes()).expect("memory takes all");
    STANDARD.encode(encoder.finish().expect("memory takes all"))
}

fn header(page: &Page<'_>) -> Markup {
    html! {
        header {
            h1 { (page.test) " " span.faint { "seed " (page.seed) } }
            @match page.failure {
                Some(_) => { span.verdict.failed { "✕ failed" } }
                None => { span.verdict.passed { "✓ passed" } }
            }
            p.faint {
                (page.title) " · solution " (page.solution) " · " (format!("{:.1} s", page.seconds))
            }
            p.command { code { (page.replay) } }
        }
    }
}

fn diagnosis(page: &Page<'_>) -> Markup {
    let rule = page.broken.first();
    html! {
        @if page.failure.is_some() || rule.is_some() {
            section #diagnosis aria-label="Diagnosis" {
                @if let Some(rule) = rule { (broken(rule, page)) }
                @if let Some(failure) = &page.failure { (failed(failure, rule.is_some())) }
                @if page.broken.len() > 1 { (others(&page.broken[1..])) }
                @if !page.unseen.is_empty() {
                    details {
                        summary { "What the rules could not see" }
                        ul { @for unseen in page.unseen { li { (unseen) } } }
                    }
                }
                (comparison(page))
            }
        } @else {
            (comparison(page))
        }
        @if page.events.len() as u64 != page.events.total() {
            p.note {
                "The run has " (page.events.total()) " events, more than a page can show. Here are "
                (page.events.len()) " of them, around the one that matters."
            }
        }
    }
}

/// The fault plan. Its times count from the moment when the clients begin.
fn faults(lines: &[String]) -> Markup {
    html! {
        @if let Some((title, plan)) = lines.split_first() {
            details #faults open {
                summary { "Faults: " (title.trim_end_matches(':')) }
                p.faint { "The times count from the moment when the clients begin to work." }
                pre { (plan.join("\n")) }
            }
        }
    }
}

fn broken(rule: &Rule, page: &Page<'_>) -> Markup {
    let verb = if page.failure.is_some() { "error" } else { "finding" };
    html! {
        h2 { span.rule { (verb) "[" (rule.id) "]" } " " (rule.headline) }
        p.faint {
            (seconds(rule.at_seconds)) ", " (rule.server)
            @if let Some(location) = &rule.location { ", " code { (location) } }
        }
        ol.events {
            @for event in &rule.events {
                li { (event_link(event.number, event.time, &event.server, &event.what)) }
            }
        }
        p { "Rule: " (rule.text) ". " code { "cargo lab explain " (rule.id) } " says more." }
    }
}

fn event_link(number: u64, time: f64, server: &str, what: &str) -> Markup {
    html! {
        a href=(format!("#event-{number}")) data-event=(number) {
            span.time { (seconds(time)) } " " span.server { (server) } " " (what)
        }
    }
}

fn failed(failure: &Failure, is_explained: bool) -> Markup {
    let kind = failure.kind.replace('_', " ");
    let waits = if failure.kind == "deadlock" { deadlock::waits(&failure.message) } else { Vec::new() };
    html! {
        @if is_explained {
            h3 { "What the test noticed" }
        } @else {
            h2 { (kind) }
        }
        pre.message { @if is_explained { (kind) ": " } (failure.message.trim_end()) }
        p.faint {
            "seen on " (failure.seen_on)
            @if let Some(at) = failure.at_seconds { " at " (seconds(at)) }
            @if let Some(location) = &failure.location { ", " code { (location) } }
        }
        @if !waits.is_empty() { (who_waits(&waits)) }
        @if let Some(backtrace) = &failure.backtrace {
            details { summary { "The calls that led there" } pre { (backtrace.trim_end()) } }
        }
    }
}

fn who_waits(waits: &[Wait]) -> Markup {
    html! {
        h3 { "Who waits for whom" }
        ul.waits {
            @for wait in waits {
                li {
                    span.thread { (wait.waiter) } " " (wait.what)
                    @if let Some(holder) = &wait.holder {
                        span.arrow aria-hidden="true" { " → " } span.thread { (holder) } " " (wait.how)
                    }
                }
            }
        }
    }
}

fn others(rules: &[Rule]) -> Markup {
    html! {
        details {
            summary { "Rules broken besides: " (rules.len()) }
            ul.events {
                @for rule in rules.iter().take(20) {
                    li {
                        span.rule { "[" (rule.id) "]" } " " (rule.headline)
                        @if let Some(event) = rule.events.last() {
                            " " (event_link(event.number, event.time, &event.server, &event.what))
                        }
                    }
                }
            }
        }
    }
}

fn comparison(page: &Page<'_>) -> Markup {
    let Some(comparison) = &page.comparison else { return html! {} };
    let verdict = if comparison.passed { "passed" } else { "failed, too" };
    html! {
        p.note {
            "Compared with seed " (comparison.seed) ", which " (verdict) ": "
            @match comparison.unlike {
                Some(number) => {
                    a href=(format!("#event-{number}")) data-event=(number) {
                        "event " (number)
                    }
                    " is the first of which that run has no like."
                }
                None => { "each event of this run has a like in that one." }
            }
        }
    }
}

/// The places that the script fills. Without scripts they are not shown.
fn walk() -> Markup {
    html! {
        section #walk aria-label="Events of the run" hidden {
            div #bar role="toolbar" aria-label="Filters and views" {}
            div #strip-box {
                canvas #strip tabindex="0" role="slider" aria-label="Time" {}
                div #strip-cursor {}
            }
            div #panes {
                div #lanes-pane {
                    div #heads aria-hidden="true" {}
                    div #lanes tabindex="0" role="listbox" aria-label="Events" {}
                    p #drawn.faint {}
                }
                div #side {
                    section #detail aria-label="Selected event" aria-live="polite" {}
                    section #logs aria-label="Logs of the servers" {}
                    section #history aria-label="Operations of clients" {}
                    section #lines aria-label="Log lines" {}
                }
            }
            dialog #help aria-label="Keys" {}
        }
    }
}

/// The events around those that the page is about, as a table.
fn table(page: &Page<'_>) -> Markup {
    let shown = in_table(page);
    let marked: Vec<u64> = match page.broken.first() {
        Some(rule) => rule.events.iter().map(|event| event.number).collect(),
        None => page.opens_at().into_iter().collect(),
    };
    html! {
        details #table open {
            summary { "Events as a table" @if (shown.len() as u64) < page.events.total() { ", an extract" } }
            div.scroll tabindex="0" role="region" aria-label="Table of events" {
                table {
                    thead { tr {
                        th scope="col" { "#" } th scope="col" { "time" } th scope="col" { "at" }
                        th scope="col" { "event" } th scope="col" { "source" }
                    } }
                    tbody {
                        @for event in shown { (row(event, &marked)) }
                    }
                }
            }
        }
    }
}

fn row(event: &Map<String, Json>, marked: &[u64]) -> Markup {
    let number = number_of(event).unwrap_or(0);
    let text = |key: &str| event.get(key).and_then(Json::as_str).unwrap_or_default();
    let time = event.get("time_ns").and_then(Json::as_u64).unwrap_or(0);
    html! {
        tr id=(format!("event-{number}")) class=[marked.contains(&number).then_some("marked")] {
            td { (number) }
            td { (format!("{:.6}", std::time::Duration::from_nanos(time).as_secs_f64())) }
            td { (text("at")) }
            td { @if marked.contains(&number) { strong { (text("line")) } } @else { (text("line")) } }
            td { code { (text("location")) } }
        }
    }
}

/// The events of the table: those of the rule with their neighbours, or those around the event with which the
/// page opens.
fn in_table<'a>(page: &'a Page<'_>) -> Vec<&'a Map<String, Json>> {
    let events: Vec<_> = page.events.iter().collect();
    let position = |number: u64| events.iter().position(|event| number_of(event) == Some(number));
    let of_rule = page.broken.first().map_or(&[][..], |rule| &rule.events);
    let mut centres: Vec<usize> = of_rule.iter().filter_map(|event| position(event.number)).collect();
    if centres.is_empty() {
        centres.extend(page.opens_at().and_then(position));
    }
    let mut wanted: Vec<usize> = centres
        .iter()
        .flat_map(|&centre| {
            centre.saturating_sub(TABLE_BESIDE)..=(centre + TABLE_BESIDE).min(events.len() - 1)
        })
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    wanted.into_iter().take(TABLE_MAX).map(|position| events[position]).collect()
}

fn seconds(time: f64) -> String {
    format!("{time:.3} s")
}
