//! `golive explain`: a step, an item, a secret or an error code, in words.

use super::place::Place;
use crate::cli::Global;
use crate::error::{Error, Result};
use crate::secret::SecretName;
use crate::step::catalog::{Catalog, PHASES};

/// The codes that a failure can carry. The number at the end of a provider's code is the HTTP status of its refusal.
const CODES: [(&str, &str); 13] = [
    (
        "GL-GITHUB-401",
        "GitHub does not take the token: it is mistyped, expired or revoked. golive login asks for another one.",
    ),
    (
        "GL-GITHUB-403",
        "GitHub refuses the token this call. The failure names the permission it asks for; golive explain GITHUB_TOKEN lists all.",
    ),
    (
        "GL-GITHUB-404",
        "GitHub shows nothing under that name, or the token may not see it: the two look alike from outside.",
    ),
    (
        "GL-GITHUB-405",
        "GitHub does not merge this now. Its own words beside the code say which rule or check is missing.",
    ),
    (
        "GL-GITHUB-409",
        "Someone changed the same thing in the same moment. Trying again looks first.",
    ),
    (
        "GL-GITHUB-422",
        "GitHub finds the request wrong for this repository. Its own words beside the code say what.",
    ),
    (
        "GL-GITHUB-LIMIT",
        "GitHub asks for more patience than one call has. golive tries again by itself when the time has come.",
    ),
    (
        "GL-GITHUB-UNCLEAR",
        "The reply to a write was lost. golive does not repeat it blindly: it looks whether it happened.",
    ),
    (
        "GL-GITHUB-UNREACHABLE",
        "Nothing was sent, or no usable answer came. Nothing is concluded from that; trying again looks first.",
    ),
    (
        "GL-GITHUB-MOVED",
        "The repository or branch was renamed. Put the new name into golive.toml.",
    ),
    (
        "GL-VAULT",
        "The vault refused. golive never turns to another store by itself: unlock it, or choose --vault file.",
    ),
    (
        "GL-RESTLESS",
        "The provider keeps showing something else than was done. Usually someone else changes the same thing.",
    ),
    (
        "GL-BUG",
        "golive itself made a mistake. What was recorded is kept, and the other items went on.",
    ),
];

pub fn run(global: &Global, topic: &str) -> Result<u8> {
    let text = code(topic)
        .or_else(|| secret(topic))
        .map_or_else(|| item(global, topic), |text| Ok(Some(text)))?
        .map_or_else(|| step(topic), Ok)?;
    println!("{text}");
    Ok(0)
}

fn code(topic: &str) -> Option<String> {
    let topic = topic.to_uppercase();
    if let Some((_, text)) = CODES.iter().find(|(code, _)| *code == topic) {
        return Some(format!("{topic}\n{text}"));
    }
    let status = topic.strip_prefix("GL-GITHUB-")?.parse::<u16>().ok()?;
    Some(format!(
        "{topic}\nGitHub answered with HTTP status {status}. Its own words stand beside the code."
    ))
}

fn secret(topic: &str) -> Option<String> {
    let token = crate::tokens::of_slot(&SecretName::new(topic.to_uppercase()))?;
    let mut lines = vec![
        format!("{}: {}", token.slot, token.name),
        format!("Expiry to choose: {}", token.expiry),
    ];
    for way in &token.ways {
        lines.push(format!(
            "\n{}\n  made at {}\n  {}",
            way.title, way.page, way.good_for
        ));
        lines.extend(
            way.choose
                .iter()
                .map(|choice| format!("  choose: {choice}")),
        );
        lines.extend(
            way.rights
                .iter()
                .map(|right| format!("  {right}, {}", right.why)),
        );
    }
    lines.push(String::new());
    lines.extend(
        token
            .purpose
            .iter()
            .map(|purpose| format!("golive {purpose}")),
    );
    lines.extend(
        token
            .never
            .iter()
            .map(|never| format!("golive never {never}")),
    );
    Some(lines.join("\n"))
}

/// An item of the launch at hand; without a launch only steps can be explained.
fn item(global: &Global, topic: &str) -> Result<Option<String>> {
    let Ok(place) = Place::find(global) else {
        return Ok(None);
    };
    let Some(item) = place
        .launch
        .items
        .iter()
        .find(|item| item.id.as_str() == topic)
    else {
        return Ok(None);
    };
    let needs: Vec<String> = item.needs.iter().map(ToString::to_string).collect();
    let needs = if needs.is_empty() {
        "nothing".into()
    } else {
        needs.join(", ")
    };
    let required = if item.required {
        "required"
    } else {
        "optional"
    };
    Ok(Some(format!(
        "{} {} ({required}, at {})\nNeeds {needs}.\n\n{}",
        item.id,
        item.title,
        item.provider,
        step(item.id.step())?
    )))
}

fn step(topic: &str) -> Result<String> {
    let catalog = Catalog::embedded()?;
    let Some(step) = catalog.steps.iter().find(|step| step.file.number == topic) else {
        let steps: Vec<&str> = catalog
            .steps
            .iter()
            .map(|step| step.file.number.as_str())
            .collect();
        return Err(
            Error::usage(format!("there is nothing called {topic} to explain")).hint(format!(
                "a step ({}), an item, a code such as GL-GITHUB-404, or GITHUB_TOKEN",
                steps.join(", ")
            )),
        );
    };
    let file = &step.file;
    let items: Vec<String> = file
        .item
        .iter()
        .map(|item| format!("  {}.{}  {}", file.number, item.id, item.title))
        .collect();
    Ok(format!(
        "Step {} {} (phase {} {}, about {} minutes)\n\n{}\n\nItems\n{}\n\nUndo  {}\nDocs  {}",
        file.number,
        file.title,
        step.phase,
        PHASES[step.phase as usize],
        file.minutes,
        file.why.trim(),
        items.join("\n"),
        file.undo,
        file.docs
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_and_token_can_be_explained() {
        for step in Catalog::embedded().unwrap().steps {
            assert!(
                self::step(&step.file.number)
                    .unwrap()
                    .contains(&step.file.title)
            );
        }
        for token in crate::tokens::all() {
            assert!(secret(token.slot.as_str()).unwrap().contains("made at"));
        }
        assert!(code("gl-github-404").unwrap().contains("look alike"));
        assert!(code("GL-GITHUB-418").unwrap().contains("418"));
    }
}
