//! [`html`]: the results as one HTML file, without network and scripts.

mod definitions;
mod plot;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::comparison::{Comparison, OfPlan, OfProtocol};
use crate::contestant::Contestant;
use crate::table::{COLUMNS, NOTHING};
use plot::{Bar, bars};

/// The style. It has no colour that means something.
const STYLE: &str = include_str!("page/page.css");

/// The whole document. `command` is the command that makes it again.
#[must_use]
pub fn html(comparison: &Comparison, command: &str) -> String {
    let policy = format!(
        "default-src 'none'; style-src {}; base-uri 'none'; form-action 'none'",
        runpage::hash(STYLE)
    );
    let Comparison { seed, runs, servers, plans, .. } = comparison;
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Protocols side by side" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "Protocols side by side" }
                    p {
                        "The same faults at the same times for every protocol: " (servers) " servers, " (runs)
                        @if *runs == 1 { " run" } @else { " runs" }
                        " under each plan, from seed " code { (seed) } ". Times are virtual."
                    }
                    p { code { (command) } }
                }
                main {
                    section {
                        h2 { "What is measured" }
                        (definitions::list())
                    }
                    @for plan in plans { (of_plan(plan)) }
                    section {
                        h2 { "Why the figures are as they are" }
                        @for contestant in of_first(plans) {
                            h3 { (contestant.title) }
                            p { (contestant.why) }
                        }
                    }
                }
            }
        }
    };
    document.into_string()
}

/// The protocols, which are the same under each plan.
fn of_first(plans: &[OfPlan]) -> impl Iterator<Item = &'static Contestant> {
    let protocols = plans.first().map_or(&[][..], |plan| &plan.protocols);
    protocols.iter().filter_map(|protocol| Contestant::named(protocol.name))
}

fn of_plan(plan: &OfPlan) -> Markup {
    let bar = |of: fn(&OfProtocol) -> Option<crate::Spread>| {
        move |protocol: &OfProtocol| of(protocol).map(|spread| Bar { name: protocol.title, spread })
    };
    let leaderless: Vec<Bar> =
        plan.protocols.iter().filter_map(bar(|it| it.summary.leaderless_longest_ms)).collect();
    let stalled: Vec<Bar> = plan.protocols.iter().filter_map(bar(|it| it.summary.stalled_ms)).collect();
    html! {
        section.plan {
            h2 id=(plan.name) { (plan.title) }
            p { (plan.story) }
            div.plots {
                @for (title, bars_of) in [
                    ("Longest time without a leader", &leaderless),
                    ("Longest time without an acknowledged write", &stalled),
                ] {
                    @if !bars_of.is_empty() {
                        figure {
                            figcaption { (title) ": median and 95th percentile" }
                            (PreEscaped(bars(title, bars_of)))
                        }
                    }
                }
            }
            div.scroll tabindex="0" role="region" aria-label=(format!("Figures: {}", plan.title)) {
                (table(plan))
            }
        }
    }
}

fn table(plan: &OfPlan) -> Markup {
    let mut groups: Vec<(&str, usize)> = Vec::new();
    for column in COLUMNS {
        match groups.last_mut() {
            Some((group, columns)) if *group == column.group => *columns += 1,
            _ => groups.push((column.group, 1)),
        }
    }
    html! {
        table {
            thead {
                tr {
                    th rowspan="2" scope="col" { "protocol" }
                    @for (group, columns) in groups {
                        th.group colspan=(columns) scope="colgroup" { (group) }
                    }
                }
                tr { @for column in COLUMNS { th scope="col" { (column.heading) } } }
            }
            tbody {
                @for protocol in &plan.protocols {
                    tr {
                        th scope="row" { (protocol.title) }
                        @for column in COLUMNS {
                            td { ((column.cell)(protocol).unwrap_or_else(|| NOTHING.to_owned())) }
                        }
                    }
                }
            }
        }
    }
}
