//! The format of a rubric's file.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_spanned::Spanned;

use super::{Counted, KnownTest, Reveal, Rubric, RubricError, RubricMistake, Scoring};
use crate::score::{Points, PointsError};

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    scoring: Option<Scoring>,
    pass_rate: Option<Spanned<f64>>,
    column: Option<Counted>,
    reveal: Option<Reveal>,
    parts: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    part: BTreeMap<Spanned<String>, Part>,
    #[serde(default)]
    test: BTreeMap<Spanned<String>, Test>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    scoring: Option<Scoring>,
    pass_rate: Option<Spanned<f64>>,
    column: Option<Counted>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    points: Option<Spanned<f64>>,
    scoring: Option<Scoring>,
    pass_rate: Option<Spanned<f64>>,
    column: Option<Counted>,
}

/// The settings for all tests, for a part, or for one test; `None` if not given.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Overrides {
    pub(super) scoring: Option<Scoring>,
    pub(super) pass_rate: Option<f64>,
    pub(super) column: Option<Counted>,
}

impl Overrides {
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            scoring: self.scoring.or(other.scoring),
            pass_rate: self.pass_rate.or(other.pass_rate),
            column: self.column.or(other.column),
        }
    }
}

pub(super) fn parse(text: &str, tests: &[KnownTest]) -> Result<Rubric, RubricError> {
    let mistake = |at: usize, mistake| {
        let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        RubricError { line, mistake }
    };
    let file: File = toml_edit::de::from_str(text).map_err(|error: toml_edit::de::Error| {
        let at = error.span().map_or(0, |span| span.start);
        mistake(at, RubricMistake::Form(error.message().to_owned()))
    })?;
    let pass_rate = |rate: Option<Spanned<f64>>| match rate {
        Some(rate) if *rate.get_ref() > 0.0 && *rate.get_ref() <= 1.0 => Ok(Some(rate.into_inner())),
        Some(rate) => Err(mistake(rate.span().start, RubricMistake::PassRate(*rate.get_ref()))),
        None => Ok(None),
    };
    let known_part = |part: &Spanned<String>| {
        if tests.iter().any(|test| test.part == *part.get_ref()) {
            return Ok(part.get_ref().clone());
        }
        Err(mistake(part.span().start, RubricMistake::UnknownPart(part.get_ref().clone())))
    };

    let base =
        Overrides { scoring: file.scoring, pass_rate: pass_rate(file.pass_rate)?, column: file.column };
    let mut parts = BTreeMap::new();
    for (name, Part { scoring, pass_rate: rate, column }) in file.part {
        parts.insert(known_part(&name)?, Overrides { scoring, pass_rate: pass_rate(rate)?, column });
    }
    let mut single = BTreeMap::new();
    for (name, Test { points, scoring, pass_rate: rate, column }) in file.test {
        if !tests.iter().any(|test| test.name == *name.get_ref()) {
            return Err(mistake(name.span().start, RubricMistake::UnknownTest(name.into_inner())));
        }
        let no_points = |at: usize| move |error: PointsError| mistake(at, RubricMistake::Points(error));
        let points =
            points.map(|points| Points::try_from(*points.get_ref()).map_err(no_points(points.span().start)));
        let overrides = Overrides { scoring, pass_rate: pass_rate(rate)?, column };
        single.insert(name.into_inner(), (overrides, points.transpose()?));
    }
    let graded = match &file.parts {
        Some(parts) => Some(parts.iter().map(known_part).collect::<Result<Vec<_>, _>>()?),
        None => None,
    };
    let is_graded = |test: &&KnownTest| graded.as_ref().is_none_or(|parts| parts.contains(&test.part));
    let tests: Vec<KnownTest> = tests.iter().filter(is_graded).cloned().collect();
    let rubric = Rubric::new(&tests, &base, &parts, &single);
    Ok(Rubric { reveal: file.reveal.unwrap_or_default(), ..rubric })
}
