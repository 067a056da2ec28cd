//! The secrets of a rehearsal: what its operator gives, and what its world must never write down.

use std::collections::BTreeMap;

use super::names::token_of;
use crate::app::place::Place;
use crate::manifest::{Form, Key, Manifest, Origin, VariableKind, VariableName};
use crate::seam::passwords::Passwords;
use crate::secret::{Secret, SecretName};
use crate::sim::hidden::Known;

/// What a world hands out, under the names that a launch keeps it by.
pub fn secrets(
    tokens: &BTreeMap<String, Secret>,
    manifest: &Manifest,
) -> BTreeMap<SecretName, Secret> {
    let fixed = [
        ("GITHUB_TOKEN", "github"),
        ("VERCEL_TOKEN", "vercel"),
        ("RENDER_API_KEY", "render"),
        ("ATLAS_CLIENT_ID", "atlas_id"),
        ("ATLAS_CLIENT_SECRET", "atlas_secret"),
        ("GODADDY_TOKEN", "godaddy"),
        ("CLOUDFLARE_TOKEN", "cloudflare"),
    ];
    let fixed = fixed.map(|(slot, name)| (SecretName::new(slot), name.to_string()));
    // One password opens every user that this world has had before the launch, those of production included.
    let users = manifest.atlas.user.keys().map(|key| {
        let slot = SecretName::new(format!("{key}.DATABASE_PASSWORD"));
        (slot, "mongodb_dev".to_string())
    });
    let all = fixed.into_iter().chain(users);
    let issued = all.filter_map(|(slot, name)| Some((slot, tokens.get(&name)?.clone())));
    let passwords = Passwords::Rehearsed {
        launch: manifest.id.to_string(),
    };
    let asked = asked(manifest).filter_map(|(slot, form)| {
        let value = match form {
            Some(form) => tokens.get(token_of(form)).cloned()?,
            None => passwords.make(&slot).ok()?,
        };
        Some((slot, value))
    });
    issued.chain(asked).collect()
}

/// Every origin in the matrix, with the environment and the variable that it is for.
fn origins(manifest: &Manifest) -> impl Iterator<Item = (&Key, &VariableName, &Origin)> {
    manifest.variable.iter().flat_map(|(name, row)| {
        row.cells.iter().flat_map(move |(environment, cell)| {
            let origins = cell.origins().into_iter();
            origins.map(move |(_, origin)| (environment, name, origin))
        })
    })
}

/// The values of the matrix that a person gives: the name that each is kept under, and what it must look like.
fn asked(manifest: &Manifest) -> impl Iterator<Item = (SecretName, Option<Form>)> {
    origins(manifest).filter_map(|(environment, _, origin)| match origin {
        Origin::Asked { name, form } => {
            Some((SecretName::new(format!("{environment}.{name}")), *form))
        }
        _ => None,
    })
}

/// The values of the matrix that golive makes: the name that each is kept under, and of how many bytes.
fn generated(manifest: &Manifest) -> impl Iterator<Item = (SecretName, u16)> {
    origins(manifest).filter_map(|(environment, name, origin)| match origin {
        Origin::Generated { bytes } => {
            Some((SecretName::new(format!("{environment}.{name}")), *bytes))
        }
        _ => None,
    })
}

/// What the world may know of the launch, so that its memory holds no secret and is complete all the same: all that the
/// rehearsal makes or gives by itself, and which variables are no secret.
pub fn known(place: &Place) -> Known {
    let manifest = &place.manifest;
    let passwords = Passwords::Rehearsed {
        launch: place.launch.id.clone(),
    };
    let slots = place.launch.slots().into_iter().map(|slot| slot.name);
    let asked = asked(manifest).map(|(slot, _)| slot);
    let made = slots.chain(asked).filter_map(|slot| {
        let secret = passwords.make(&slot).ok()?;
        Some((slot.to_string(), secret))
    });
    let random = generated(manifest).filter_map(|(slot, bytes)| {
        let secret = passwords.random(&slot, bytes).ok()?;
        Some((format!("{slot} at random"), secret))
    });
    let rows = manifest.variable.iter();
    Known {
        secrets: made.chain(random).collect(),
        plain: rows
            .filter(|(_, row)| row.kind != VariableKind::Secret)
            .map(|(name, _)| name.to_string())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init;
    use crate::manifest::Preset;
    use crate::sim::{Names, Scenario, World};

    #[test]
    fn the_rehearsals_operator_has_a_key_of_the_right_kind_for_every_cell() {
        let preset = Preset::named("bondigoo").unwrap();
        let id = init::fresh_id(preset).unwrap();
        let (_, manifest) = init::rehearsed(preset, &id).unwrap();
        let scenario = Scenario::named("fresh", &Names::example()).unwrap();
        let start = "2026-11-24T08:00:00Z".parse().unwrap();
        let world = World::new(&scenario, 1, start);
        let secrets = secrets(&world.tokens(), &manifest);
        for (slot, prefix) in [
            ("prod.STRIPE_SECRET_KEY_TEST", "golive-sim-stripe-sk-test-"),
            ("prod.STRIPE_SECRET_KEY", "golive-sim-stripe-sk-live-"),
            ("dev.STRIPE_SECRET_KEY_TEST", "golive-sim-stripe-sk-test-"),
            ("prod.REACT_APP_STRIPE_PKEY", "golive-sim-stripe-pk-live-"),
            (
                "staging.REACT_APP_STRIPE_PKEY_TEST",
                "golive-sim-stripe-pk-test-",
            ),
        ] {
            let value = &secrets[&SecretName::new(slot)];
            assert!(value.starts_with(prefix), "{slot}");
            assert_eq!(value.chars(), prefix.len() + 24, "{slot}");
        }
        assert!(!secrets.contains_key(&SecretName::new("staging.STRIPE_SECRET_KEY")));
    }
}
