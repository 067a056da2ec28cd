//! Values as they are come by, and a vault to try it with.

use std::cell::RefCell;
use std::collections::BTreeMap;

use futures::FutureExt;
use futures::executor::block_on;
use futures::future::{LocalBoxFuture, ready};
use jiff::Timestamp;

use super::*;
use crate::plan::Blocker;
use crate::resource::{Cx, Look, Slots};
use crate::secret::{Fingerprint, Secret};

/// A vault in memory.
#[derive(Default)]
pub(in crate::resource) struct Kept {
    pub values: RefCell<BTreeMap<SecretName, Secret>>,
    /// Names under which something was kept that is gone.
    pub gone: Vec<SecretName>,
}

impl Kept {
    pub fn with(values: &[(&str, &str)]) -> Kept {
        let values = values
            .iter()
            .map(|(name, value)| (SecretName::new(*name), Secret::new(*value)));
        Kept {
            values: RefCell::new(values.collect()),
            gone: vec![],
        }
    }

    pub fn value(&self, name: &str) -> Option<Secret> {
        self.values.borrow().get(&SecretName::new(name)).cloned()
    }
}

impl Slots for Kept {
    fn secret<'s>(&'s self, slot: &'s SecretName) -> LocalBoxFuture<'s, Look<Option<Secret>>> {
        ready(Ok(self.values.borrow().get(slot).cloned())).boxed_local()
    }

    fn fingerprint(&self, slot: &SecretName) -> Option<Fingerprint> {
        let there = self.values.borrow().get(slot).cloned();
        let was = self.gone.contains(slot).then(|| Secret::new("gone"));
        Some(there.or(was)?.fingerprint(&Secret::new("key")))
    }

    fn fingerprint_of<'s>(
        &'s self,
        value: &'s Secret,
    ) -> LocalBoxFuture<'s, Look<Option<Fingerprint>>> {
        ready(Ok(Some(value.fingerprint(&Secret::new("key"))))).boxed_local()
    }

    fn keep<'s>(&'s self, slot: &'s SecretName, value: Secret) -> LocalBoxFuture<'s, Look<()>> {
        self.values.borrow_mut().insert(slot.clone(), value);
        ready(Ok(())).boxed_local()
    }
}

/// Runs `test` as an item that has that vault and knows that much.
pub(in crate::resource) fn with<T>(
    kept: &Kept,
    known: &Known,
    test: impl AsyncFnOnce(&Cx<'_>) -> T,
) -> T {
    let item = ItemId::new("7.cell-prod-X");
    let cx = Cx {
        slots: kept,
        ..Cx::alone(&item, Timestamp::UNIX_EPOCH, known)
    };
    block_on(test(&cx))
}

pub(in crate::resource) fn text(value: &str) -> Wished {
    always(Source::Text(value.into()), Origin::Literal, None)
}

pub(in crate::resource) fn asked(slot: &str, form: Option<Form>) -> Wished {
    always(Source::Kept(SecretName::new(slot)), Origin::Asked, form)
}

pub(in crate::resource) fn always(source: Source, origin: Origin, form: Option<Form>) -> Wished {
    Wished {
        now: Given {
            source,
            origin,
            form,
        },
        live: None,
    }
}

pub(in crate::resource) fn variable(name: &str, kind: Kind, wished: Wished) -> Variable {
    Variable {
        name: name.into(),
        kind,
        wished,
        cell: ItemId::new(format!("7.cell-prod-{name}")),
    }
}

fn url() -> DatabaseUrl {
    DatabaseUrl {
        user: "shop-user".into(),
        password: SecretName::new("prod.DATABASE_PASSWORD"),
        host_of: ItemId::new("3.cluster"),
        expected_host: "shop.abc12.mongodb.net".into(),
        database: "shop".into(),
        options: "retryWrites=true&w=majority".into(),
        app: "shop-cluster".into(),
    }
}

fn got(source: &Source, kept: &Kept, known: &Known) -> Got {
    with(kept, known, async |cx| source.get(cx).await.unwrap())
}

#[test]
fn a_database_address_is_written_as_the_plan_writes_it() {
    let kept = Kept::with(&[("prod.DATABASE_PASSWORD", "p@ss:w/rd")]);
    let mut known = Known::default();
    known
        .outputs
        .insert("3.cluster.host".into(), "shop.xyz99.mongodb.net".into());
    let Got::Value { value, believed } = got(&Source::DatabaseUrl(Box::new(url())), &kept, &known)
    else {
        panic!("no value")
    };
    let written = "mongodb+srv://shop-user:p%40ss%3Aw%2Frd@shop.xyz99.mongodb.net/shop?retryWrites=true&w=majority&appName=shop-cluster";
    assert!(value.same_as(&Secret::new(written)));
    assert_eq!(believed, None);
}

#[test]
fn a_host_that_atlas_has_not_said_is_a_belief_and_told_as_one() {
    let kept = Kept::with(&[("prod.DATABASE_PASSWORD", "pass")]);
    let Got::Value { believed, .. } = got(
        &Source::DatabaseUrl(Box::new(url())),
        &kept,
        &Known::default(),
    ) else {
        panic!("no value")
    };
    assert_eq!(believed.as_deref(), Some("shop.abc12.mongodb.net"));
}

#[test]
fn a_value_that_is_gone_from_the_vault_is_missing_and_not_empty() {
    let gone = Kept {
        gone: vec![SecretName::new("prod.KEY")],
        ..Kept::default()
    };
    let variables = [variable("KEY", Kind::Secret, asked("prod.KEY", None))];
    let known = Known::default();
    let wanted = with(&gone, &known, async |cx| {
        wanted(cx, &variables).await.unwrap()
    });
    let Err(Blocker::SecretMissing { slot, was_kept }) = wanted else {
        panic!("not missing")
    };
    assert_eq!((slot.as_str(), was_kept), ("prod.KEY", true));
}

#[test]
fn the_other_wish_holds_once_the_cell_has_switched() {
    let mut own = variable("KEY", Kind::Secret, asked("prod.KEY_TEST", None));
    own.wished.live = Some(asked("prod.KEY", None).now);
    let slot = |known: &Known| own.given(known).source.slot().unwrap().to_string();
    assert_eq!(slot(&Known::default()), "prod.KEY_TEST");
    let switched = Known {
        switched: [own.cell.clone()].into(),
        ..Known::default()
    };
    assert_eq!(slot(&switched), "prod.KEY");
}

#[test]
fn a_line_of_a_log_that_holds_a_secret_is_not_shown() {
    let kept = Kept::with(&[("prod.DATABASE_PASSWORD", "p@ss:w/rd")]);
    let source = Source::DatabaseUrl(Box::new(url()));
    let variables = [variable(
        "DATABASE_URL",
        Kind::Secret,
        always(source, Origin::Composed, None),
    )];
    let lines = [
        "starting",
        "auth failed for p@ss:w/rd",
        "connecting to mongodb+srv://shop-user:p%40ss%3Aw%2Frd@elsewhere",
    ];
    let lines = lines.map(str::to_string).to_vec();
    let shown = with(&kept, &Known::default(), async |cx| {
        without_secrets(cx, &variables, lines).await.unwrap()
    });
    assert_eq!(shown[0], "starting");
    assert!(shown[1..].iter().all(|line| line.contains("not shown")));
}

#[test]
fn a_former_value_is_kept_once() {
    let kept = Kept::default();
    let slot = former("prod", "KEY");
    with(&kept, &Known::default(), async |cx| {
        for value in ["theirs", "ours"] {
            keep_former(cx, &slot, &Secret::new(value)).await.unwrap();
        }
    });
    let there = kept.value("former.prod.KEY").unwrap();
    assert!(there.same_as(&Secret::new("theirs")));
}
