//! What must be true of the matrix: cells lead to services that exist, and no secret goes where it could be seen.

use super::{Path, deeper, known_key, path};
use crate::error::Result;
use crate::manifest::source::Source;
use crate::manifest::{Cell, Destination, Key, Manifest, Origin, Variable, VariableKind};

/// Checks every variable and every cell.
pub fn sound(manifest: &Manifest, source: &Source) -> Result<()> {
    for (name, variable) in &manifest.variable {
        variable_is_sound(source, name, variable)?;
        for (environment, cell) in &variable.cells {
            let place = path(&["variable", name, "in", environment]);
            known_key(source, &place, environment, &manifest.environment)?;
            cell_is_sound(manifest, source, &place, variable, cell)?;
        }
    }
    Ok(())
}

fn cell_is_sound(
    manifest: &Manifest,
    source: &Source,
    place: &Path,
    variable: &Variable,
    cell: &Cell,
) -> Result<()> {
    let environment = place.last().map(String::as_str).unwrap_or_default();
    for (stage, origin) in cell.origins() {
        let place = stage.map_or_else(|| place.clone(), |stage| deeper(place, stage));
        match origin {
            Origin::Literal(_) if variable.kind == VariableKind::Secret => {
                return Err(source
                    .error(&place, "a secret's value never stands in this file")
                    .hint("write asked = \"NAME\" or generated = 32"));
            }
            Origin::Generated { .. } if variable.kind != VariableKind::Secret => {
                return Err(source.error(
                    &place,
                    "what golive generates is a secret, so `kind = \"secret\"`",
                ));
            }
            Origin::Output {
                service,
                environment,
                ..
            } => {
                known_key(
                    source,
                    &deeper(&place, "environment"),
                    environment,
                    &manifest.environment,
                )?;
                let home = &manifest.environment[environment];
                known_key(source, &deeper(&place, "service"), service, &home.service)?;
            }
            Origin::Asked {
                form: Some(form), ..
            } => {
                if form.is_secret() != (variable.kind == VariableKind::Secret) {
                    return Err(source.error(
                        &place,
                        "a secret key belongs in `kind = \"secret\"`, a publishable one does not",
                    ));
                }
                if form.is_live() && manifest.production().map(Key::as_str) != Some(environment) {
                    return Err(source.error(&place, "a live key belongs to production only"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn variable_is_sound(source: &Source, name: &str, variable: &Variable) -> Result<()> {
    let reaches_browser = ["REACT_APP_", "NEXT_PUBLIC_", "VITE_"]
        .iter()
        .any(|prefix| name.starts_with(prefix));
    if variable.kind == VariableKind::Secret && reaches_browser {
        return Err(source.error(
            &["variable", name, "kind"],
            "the build puts this variable into the browser, so it can be no secret",
        ));
    }
    if variable.kind == VariableKind::Public && variable.to == Destination::Render {
        return Err(source.error(
            &["variable", name, "to"],
            "a public variable goes to the browser, so to Vercel",
        ));
    }
    Ok(())
}
