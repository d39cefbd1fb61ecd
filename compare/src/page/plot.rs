//! [`bars`]: a plot of spreads as SVG.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::summary::Spread;

/// A bar: a protocol and its spread.
pub(super) struct Bar {
    pub name: &'static str,
    pub spread: Spread,
}

/// The size of the plot in pixels, without the rows.
const WIDTH: u32 = 600;
const MARGIN: u32 = 46;
const ROW: u32 = 28;

/// The room for names at the left, and for figures at the right.
const NAMES: u32 = 190;
const FIGURES: i32 = 96;

/// The axis ends at the longest time, but not before so many milliseconds.
const LEAST_RANGE: f64 = 10.0;

const INK: RGBColor = RGBColor(26, 28, 32);
const FILL: RGBColor = RGBColor(178, 186, 200);
const GRID: RGBColor = RGBColor(227, 230, 236);

/// Horizontal bars, one for each protocol in the order of `bars`, which are one at least: a filled bar up to
/// the median, a line with an end up to the 95th percentile, and both as text. The bars differ in length
/// alone, so nothing depends on colour. `title` is for readers that do not see it.
pub(super) fn bars(title: &str, bars: &[Bar]) -> String {
    let mut svg = String::new();
    let height = MARGIN + ROW * u32::try_from(bars.len()).unwrap_or(u32::MAX / ROW - 1);
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        // Drawing into a string does not fail.
        draw(&area, bars).expect("a string takes any text");
    }
    // Plotters knows no titles. Its first tag is that of the picture.
    let label = format!("<svg role=\"img\" aria-label=\"{title}\" ");
    svg.replacen("<svg ", &label, 1)
}

type Drawn<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn draw<'a>(
    area: &Drawn<'a>,
    bars: &[Bar],
) -> Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>> {
    let most = bars.iter().map(|bar| bar.spread.p95).fold(LEAST_RANGE, f64::max);
    let rows = bars.len() as f64;
    let font = |size: i32| ("sans-serif", size).into_font().color(&INK);
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(area)
        .margin_right(FIGURES)
        .margin_top(4)
        .set_label_area_size(LabelAreaPosition::Left, NAMES)
        .set_label_area_size(LabelAreaPosition::Bottom, 40)
        .build_cartesian_2d(0.0..most, rows..0.0)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .x_labels(6)
        .x_label_style(font(15))
        .x_label_formatter(&|ms| format!("{ms:.0}"))
        .x_desc("milliseconds")
        .axis_desc_style(font(15))
        .draw()?;
    for (row, bar) in bars.iter().enumerate() {
        let (top, middle, bottom) = (row as f64 + 0.25, row as f64 + 0.5, row as f64 + 0.75);
        let Spread { median, p95 } = bar.spread;
        let solid = [(0.0, top), (median, bottom)];
        chart.draw_series([
            Rectangle::new(solid, FILL.filled()),
            Rectangle::new(solid, INK.stroke_width(1)),
        ])?;
        let line = [(median, middle), (p95, middle)];
        let end = [(p95, top), (p95, bottom)];
        chart.draw_series([line, end].map(|path| PathElement::new(path, INK.stroke_width(2))))?;
        let (x, y) = chart.backend_coord(&(p95, middle));
        let figures = format!("{median:.0} / {p95:.0}");
        area.draw_text(&figures, &font(15).pos(Pos::new(HPos::Left, VPos::Center)), (x + 7, y))?;
        let names = chart.backend_coord(&(0.0, middle)).0 - 8;
        area.draw_text(bar.name, &font(16).pos(Pos::new(HPos::Right, VPos::Center)), (names, y))?;
    }
    area.present()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_has_its_figures_as_text_and_no_style_or_script() {
        let spread = |median, p95| Spread { median, p95 };
        let all = [
            Bar { name: "Raft", spread: spread(410.4, 612.0) },
            Bar { name: "Bully", spread: spread(0.0, 0.0) },
        ];
        let svg = bars("Longest time without a leader", &all);
        for text in ["410 / 612", "0 / 0", "Raft", "Bully", "aria-label=\"Longest time without a leader\""] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        for forbidden in ["style=", "<script", "href", "http:", "https:"] {
            assert!(
                !svg.replace("http://www.w3.org/2000/svg", "").contains(forbidden),
                "{forbidden} in {svg}"
            );
        }
    }
}
