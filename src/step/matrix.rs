//! The variables of a launch as screens and lists show them, taken from what its items wish.

use std::collections::BTreeMap;

use super::Instance;
use crate::manifest::{Key, Manifest};
use crate::plan::ItemId;
use crate::resource::Wish;
use crate::resource::cell::Cell;
use crate::resource::value::{Given, Kind, Origin, Source, Variable};
use crate::view::{CellWish, Matrix, MatrixCell, MatrixEnvironment, MatrixVariable};

/// Every variable that a cell of the launch is about, in the manifest's order.
pub(super) fn matrix(manifest: &Manifest, items: &[Instance]) -> Matrix {
    let environments = manifest.environment.iter().map(|(key, own)| {
        let production = manifest.production().map(Key::as_str) == Some(key.as_str());
        MatrixEnvironment {
            key: key.to_string(),
            title: own.title.to_string(),
            production,
        }
    });
    let holders = holders(items);
    let cells: Vec<(&Instance, &Cell)> = items
        .iter()
        .filter_map(|item| match &item.wish {
            Wish::Cell(cell) => Some((item, cell)),
            _ => None,
        })
        .collect();
    let variables = manifest.variable.keys().filter_map(|name| {
        let own: Vec<_> = cells
            .iter()
            .filter(|(_, cell)| cell.variable.name == name.as_str())
            .collect();
        let (_, first) = own.first()?;
        let all = own.iter().map(|(item, cell)| {
            let held = holders.get(&item.id);
            let shown = MatrixCell {
                item: item.id.clone(),
                holder: held.map(|(holder, _)| holder.clone()),
                used_by: held.map(|(_, names)| names.clone()).unwrap_or_default(),
                now: wish(cell, &cell.variable.wished.now),
                live: cell
                    .variable
                    .wished
                    .live
                    .as_ref()
                    .map(|live| wish(cell, live)),
            };
            (cell.environment.clone(), shown)
        });
        Some(MatrixVariable {
            name: name.to_string(),
            kind: first.variable.kind.word(),
            to: first.to.word(),
            cells: all.collect(),
        })
    });
    Matrix {
        environments: environments.collect(),
        variables: variables.collect(),
    }
}

/// By cell: the item that puts its value where it goes, and what runs with it.
fn holders(items: &[Instance]) -> BTreeMap<ItemId, (ItemId, Vec<String>)> {
    let held = |item: &Instance, variables: &[Variable], names: Vec<String>| {
        variables
            .iter()
            .map(|own| (own.cell.clone(), (item.id.clone(), names.clone())))
            .collect::<Vec<_>>()
    };
    let all = items.iter().flat_map(|item| match &item.wish {
        Wish::RenderGroup(group) => {
            let names = group.services.iter().map(|(_, name)| name.clone());
            held(item, &group.variables, names.collect())
        }
        Wish::VercelVariables(set) => held(item, &set.variables, vec![set.project_name.clone()]),
        _ => vec![],
    });
    all.collect()
}

fn wish(cell: &Cell, given: &Given) -> CellWish {
    let secret = cell.variable.kind == Kind::Secret;
    CellWish {
        origin: given.origin.words(),
        asked: given.origin == Origin::Asked,
        generated: matches!(given.origin, Origin::Generated(_)),
        slot: match &given.source {
            Source::Kept(slot) => Some(slot.clone()),
            Source::Text(_) | Source::DatabaseUrl(_) => None,
        },
        text: match &given.source {
            Source::Text(text) if !secret => Some(text.clone()),
            _ => None,
        },
        form: given.form.map(|form| form.in_words()),
        page: given.form.map(|form| form.page()),
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::Preset;
    use crate::step::{Catalog, expand};

    #[test]
    fn the_presets_variables_stand_in_three_environments() {
        let preset = Preset::named("bondigoo").unwrap();
        let id = crate::init::fresh_id(preset).unwrap();
        let (_, manifest) = crate::init::rehearsed(preset, &id).unwrap();
        let launch = expand(&Catalog::embedded().unwrap(), &manifest, true).unwrap();
        let matrix = &launch.outline.matrix;
        let keys: Vec<&str> = matrix
            .environments
            .iter()
            .map(|own| own.key.as_str())
            .collect();
        assert_eq!(keys, ["prod", "staging", "dev"]);
        assert!(matrix.environments[0].production);
        let row = |name: &str| {
            let found = matrix.variables.iter().position(|own| own.name == name);
            found.unwrap()
        };
        let stripe = matrix.cell(row("STRIPE_SECRET_KEY"), 0).unwrap();
        assert_eq!(stripe.holder.as_ref().unwrap().as_str(), "7.group-prod");
        assert!(stripe.used_by.iter().any(|name| name.contains("api")));
        assert_eq!(stripe.now.form, Some("Stripe's test secret key"));
        let live = stripe.live.as_ref().unwrap();
        assert_eq!(
            live.slot.as_ref().unwrap().as_str(),
            "prod.STRIPE_SECRET_KEY"
        );
        assert_eq!(
            matrix.place_of(&stripe.item),
            Some((row("STRIPE_SECRET_KEY"), 0))
        );
        // What is only in production is in no other column.
        assert!(matrix.cell(row("REACT_APP_LAUNCHED"), 1).is_none());
        let launched = matrix.cell(row("REACT_APP_LAUNCHED"), 0).unwrap();
        assert_eq!(launched.now.text.as_deref(), Some("false"));
        let database = matrix.cell(row("DATABASE_URL"), 0).unwrap();
        assert_eq!((&database.now.text, &database.now.slot), (&None, &None));
    }
}
