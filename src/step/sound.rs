//! What must be true of the step files together: ids unique, every need known, no circle, no need of a later phase.

use std::collections::BTreeMap;

use super::catalog::{Catalog, Ensure, Item, PHASES, StepFile};
use crate::error::{Error, Result};

/// What one file must say.
pub fn step(path: &str, file: &StepFile) -> Result<()> {
    let wrong = |what: &str| Err(Error::damaged(format!("{path}: {what}")));
    if file.number.is_empty() || !file.number.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return wrong("number must be a number of the plan, such as 2.1");
    }
    for (key, text) in [
        ("title", &file.title),
        ("why", &file.why),
        ("undo", &file.undo),
        ("docs", &file.docs),
    ] {
        if text.trim().is_empty() {
            return wrong(&format!("{key} must not be empty"));
        }
    }
    if !file.docs.starts_with("https://") {
        return wrong("docs must be a https:// address");
    }
    if file.minutes == 0 || file.item.is_empty() {
        return wrong("a step takes at least a minute and has at least one item");
    }
    for item in &file.item {
        let fits = item.id.starts_with(|c: char| c.is_ascii_lowercase())
            && item
                .id
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !fits {
            return wrong(&format!(
                "item id {:?} must be lower-case letters, digits and -",
                item.id
            ));
        }
        if !item.ensure.repeats_over().contains(&item.each) {
            return wrong(&format!(
                "item {:?} cannot be repeated over {:?}",
                item.id, item.each
            ));
        }
    }
    Ok(())
}

/// What the files must be together.
pub fn whole(catalog: &Catalog) -> Result<()> {
    let mut items: BTreeMap<String, (u32, &StepFile, &Item)> = BTreeMap::new();
    for step in &catalog.steps {
        if PHASES.get(step.phase as usize).is_none() {
            return Err(Error::damaged(format!(
                "step {} stands in phase {}",
                step.file.number, step.phase
            )));
        }
        for item in &step.file.item {
            let id = format!("{}.{}", step.file.number, item.id);
            if items
                .insert(id.clone(), (step.phase, &step.file, item))
                .is_some()
            {
                return Err(Error::damaged(format!("two items are called {id}")));
            }
        }
    }
    for (id, (phase, file, item)) in &items {
        if let Ensure::Promotion { carries } = &item.ensure
            && !matches!(
                items.get(carries),
                Some((
                    _,
                    _,
                    Item {
                        ensure: Ensure::DynamicCors {},
                        ..
                    }
                ))
            )
        {
            return Err(Error::damaged(format!(
                "{id} carries {carries}, which is no change of code"
            )));
        }
        for wired in item.ensure.wired() {
            if !items.contains_key(wired) {
                return Err(Error::damaged(format!(
                    "{id} names {wired}, and there is no such item"
                )));
            }
        }
        for need in needs_of(file, item) {
            let needed: Vec<_> = items
                .iter()
                .filter(|(other, _)| names(need, other))
                .collect();
            if needed.is_empty() {
                return Err(Error::damaged(format!(
                    "{id} needs {need}, and there is no such step or item"
                )));
            }
            if let Some((other, _)) = needed
                .iter()
                .find(|(_, (other_phase, _, _))| other_phase > phase)
            {
                return Err(Error::damaged(format!(
                    "{id} needs {other}, which is of a later phase"
                )));
            }
        }
    }
    no_circle(&items)
}

/// The needs of an item, its step's included.
pub fn needs_of<'a>(file: &'a StepFile, item: &'a Item) -> impl Iterator<Item = &'a String> {
    file.needs.iter().chain(&item.needs)
}

/// Whether `need` names the item `id` (`1.branch`), its step (`1`), or one of its instances (`1.branch-main`).
pub fn names(need: &str, id: &str) -> bool {
    need == id
        || id
            .strip_prefix(need)
            .is_some_and(|rest| rest.starts_with('.') && !rest[1..].contains('.'))
        || need
            .strip_prefix(id)
            .is_some_and(|rest| rest.starts_with('-'))
}

fn no_circle(items: &BTreeMap<String, (u32, &StepFile, &Item)>) -> Result<()> {
    let mut done: Vec<&String> = vec![];
    while done.len() < items.len() {
        let ready: Vec<&String> = items
            .iter()
            .filter(|(id, _)| !done.contains(id))
            .filter(|(id, (_, file, item))| {
                needs_of(file, item).all(|need| {
                    items
                        .keys()
                        .filter(|other| names(need, other))
                        .all(|other| other == *id || done.contains(&other))
                })
            })
            .map(|(id, _)| id)
            .collect();
        if ready.is_empty() {
            let rest: Vec<&str> = items
                .keys()
                .filter(|id| !done.contains(id))
                .map(String::as_str)
                .collect();
            return Err(Error::damaged(format!(
                "these items need each other in a circle: {}",
                rest.join(", ")
            )));
        }
        done.extend(ready);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: &str =
        "title = \"t\"\nminutes = 1\nwhy = \"w\"\nundo = \"u\"\ndocs = \"https://d\"\n";

    fn refused(files: &[(u32, String)]) -> String {
        let files = files
            .iter()
            .map(|(phase, text)| ("steps/x.toml", *phase, text.as_str()));
        Catalog::read(files).unwrap_err().to_string()
    }

    fn step(number: &str, items: &[(&str, &str)]) -> String {
        let mut text = format!("number = \"{number}\"\n{STEP}");
        for (id, need) in items {
            let needs = if need.is_empty() {
                String::new()
            } else {
                format!("needs = [\"{need}\"]\n")
            };
            text += &format!(
                "[[item]]\nid = \"{id}\"\ntitle = \"t\"\n{needs}[item.ensure.github_access]\n"
            );
        }
        text
    }

    #[test]
    fn needs_must_exist_not_circle_and_not_reach_ahead() {
        assert!(refused(&[(0, step("0", &[("a", "9.b")]))]).contains("no such step or item"));
        assert!(
            refused(&[(0, step("0", &[("a", "0.b"), ("b", "0.a")]))]).contains("circle: 0.a, 0.b")
        );
        assert!(
            refused(&[
                (0, step("0", &[("a", "1.b")])),
                (1, step("1", &[("b", "")]))
            ])
            .contains("later phase")
        );
        assert!(
            refused(&[(0, step("0", &[("a", ""), ("a", "")]))])
                .contains("two items are called 0.a")
        );
    }

    #[test]
    fn a_need_names_a_step_an_item_or_an_instance() {
        assert!(names("1", "1.branch"));
        assert!(!names("2", "2.1.build"));
        assert!(names("2.1", "2.1.build"));
        assert!(names("1.branch-main", "1.branch"));
        assert!(!names("1.bran", "1.branch"));
    }
}
