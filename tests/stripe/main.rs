//! Stripe's client and the item of step 0 against the simulated Stripe, in process and over virtual time. Neither knows the
//! other's types: both are written from Stripe's documents.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::{LocalBoxFuture, ready};
use golive::clock::Jumping;
use golive::plan::{Blocker, Evidence, ItemId, Plan};
use golive::provider::http::{CallError, Pacer};
use golive::provider::stripe::{self, Manners, Road};
use golive::resource::{Cx, Known, Look, Resource, Slots, StripeAccess, stripe_key_before_keeping};
use golive::seam::clock::Clock;
use golive::secret::{Fingerprint, Secret, SecretName};
use golive::sim::scenario::{BranchNames, Names};
use golive::sim::transport::SimTransport;
use golive::sim::{FaultRule, Scenario, World};
use serde_json::json;

const SLOT: &str = "prod.STRIPE_SECRET_KEY_TEST";

/// One value under the name that the item looks with.
struct Kept {
    value: Option<Secret>,
    known: bool,
}

impl Slots for Kept {
    fn secret<'s>(&'s self, _: &'s SecretName) -> LocalBoxFuture<'s, Look<Option<Secret>>> {
        ready(Ok(self.value.clone())).boxed_local()
    }

    fn fingerprint(&self, _: &SecretName) -> Option<Fingerprint> {
        let known = self.known || self.value.is_some();
        known.then(|| Secret::new("x").fingerprint(&Secret::new("key")))
    }

    fn keep<'s>(&'s self, _: &'s SecretName, _: Secret) -> LocalBoxFuture<'s, Look<()>> {
        panic!("a look keeps nothing")
    }
}

struct Stage<'a> {
    transport: &'a SimTransport,
    clock: &'a dyn Clock,
    pacer: &'a Pacer,
    item: &'a ItemId,
}

const QUIET: &golive::provider::http::Listener = &|_| {};

impl<'a> Stage<'a> {
    fn road(&self) -> Road<'a> {
        Road {
            base: "http://stripe.localhost",
            transport: self.transport,
            clock: self.clock,
            listener: QUIET,
            pacer: self.pacer,
            item: self.item,
        }
    }

    fn key(&self, name: &str) -> Secret {
        let world = self.transport.world.lock().expect("the world");
        world.tokens()[name].clone()
    }

    /// What 0.stripe says with this value kept.
    async fn visit(&self, account: Option<&str>, pinned: Option<&str>, kept: &Kept) -> Told {
        let access = StripeAccess {
            slot: SecretName::new(SLOT),
            account: account.map(Into::into),
        };
        let known = Known {
            account: pinned.map(Into::into),
            ..Known::default()
        };
        let mut cx = Cx::alone(self.item, self.clock.now(), &known);
        cx.stripe = Some(self.road());
        cx.slots = kept;
        let seen = access.observe(&cx).await.expect("a look");
        let account = access.outputs(&seen);
        let account = account.get("account").and_then(|output| output.text());
        let account = account.map(str::to_string);
        match access.plan(&known, &seen) {
            Plan::Settled(evidence) => Told::Settled(evidence, account),
            Plan::Blocked(blocker) => Told::Blocked(blocker),
            _ => panic!("an access wants to change something"),
        }
    }

    async fn visit_with(&self, key: &str) -> Told {
        let kept = Kept {
            value: Some(self.key(key)),
            known: true,
        };
        self.visit(None, None, &kept).await
    }

    /// How many calls have reached Stripe.
    fn calls(&self) -> usize {
        let world = self.transport.world.lock().expect("the world");
        world.ledger().calls.len()
    }

    /// Nobody answers whose balance it is, however often it is asked.
    fn silence(&self) {
        let rules = (1..=12).map(|nth| {
            json!({"provider": "stripe", "match": "GET /v1/balance", "nth": nth, "fault": "timeout_before"})
        });
        let rules = serde_json::Value::Array(rules.collect());
        let rules: Vec<FaultRule> = serde_json::from_value(rules).expect("faults");
        self.transport
            .add_faults(&rules)
            .expect("no record is kept");
    }
}

#[derive(Debug)]
enum Told {
    Settled(Evidence, Option<String>),
    Blocked(Blocker),
}

impl Told {
    fn settled(self) -> (Evidence, Option<String>) {
        match self {
            Told::Settled(evidence, account) => (evidence, account),
            Told::Blocked(blocker) => panic!("blocked: {}", blocker.sentence()),
        }
    }

    fn refused(self) -> String {
        match self {
            Told::Blocked(Blocker::TokenRefused { slot, cause }) => {
                assert_eq!(slot, SLOT);
                cause
            }
            other => panic!("not refused: {other:?}"),
        }
    }
}

/// The world with an account at Stripe as `spec` describes it.
fn on(spec: serde_json::Value, test: impl AsyncFnOnce(&Stage<'_>)) {
    let names = Names {
        owner: "acme".into(),
        repository: "shop".into(),
        branches: BranchNames {
            main: "main".into(),
            staging: "staging".into(),
            develop: "develop".into(),
        },
        server_file: "server/server.js".into(),
        front_end: "client".into(),
        reviewers: vec!["robin".into()],
        words: Names::example().words,
    };
    let mut scenario = Scenario::named("fresh", &names).expect("a world of that name");
    scenario.stripe = serde_json::from_value(spec).expect("Stripe's part of a world");
    Jumping::runtime().expect("a runtime").block_on(async {
        let start = "2026-11-24T09:00:00Z".parse().expect("a time");
        let clock: Arc<dyn Clock> = Arc::new(Jumping::new(start));
        let transport = SimTransport::new(World::new(&scenario, 7, start), Arc::clone(&clock));
        test(&Stage {
            transport: &transport,
            clock: &*clock,
            pacer: &Pacer::default(),
            item: &ItemId::new("0.stripe"),
        })
        .await;
    });
}

#[test]
fn a_key_tells_its_account_and_its_mode() {
    on(
        json!({"account": "acct_1Own", "name": "Acme"}),
        async |stage| {
            for (name, live) in [("stripe_sk_test", false), ("stripe_sk_live", true)] {
                let key = stage.key(name);
                let manners = Manners::new(&key);
                let client = stage.road().client(&manners);
                assert_eq!(client.balance().await.unwrap().livemode, live);
                let account = client.account().await.unwrap();
                assert_eq!(account.id, "acct_1Own");
                assert_eq!(account.charges_enabled, Some(true));
            }
        },
    );
}

#[test]
fn a_refused_key_a_missing_right_and_a_silent_stripe_are_three_things() {
    let balance = async |stage: &Stage<'_>, key: &Secret| {
        let manners = Manners::new(key);
        stage
            .road()
            .client(&manners)
            .balance()
            .await
            .map(|_| ())
            .unwrap_err()
    };
    on(json!({"lacks": ["rak_balance_read"]}), async |stage| {
        let lacking = balance(stage, &stage.key("stripe_sk_test")).await;
        assert!(stripe::lacks_right(&lacking));
        assert_eq!(
            stripe::right_named(&lacking).as_deref(),
            Some("rak_balance_read")
        );
    });
    for publishable_403 in [false, true] {
        on(json!({"publishable_403": publishable_403}), async |stage| {
            let refused = balance(stage, &stage.key("stripe_pk_test")).await;
            assert!(
                stripe::key_refused(&refused)
                    .unwrap()
                    .contains("publishable")
            );
        });
    }
    on(json!({}), async |stage| {
        let unknown = Secret::new(format!("golive-sim-stripe-sk-test-{}", "0a".repeat(12)));
        let refused = balance(stage, &unknown).await;
        assert!(
            stripe::key_refused(&refused)
                .unwrap()
                .contains("Invalid API Key")
        );
        stage.silence();
        let silent = balance(stage, &stage.key("stripe_sk_test")).await;
        assert!(stripe::key_refused(&silent).is_none(), "{silent:?}");
    });
}

#[test]
fn the_test_key_settles_step_0_and_its_account_is_handed_on() {
    on(
        json!({"account": "acct_1Own", "name": "Acme"}),
        async |stage| {
            let (evidence, account) = stage.visit_with("stripe_sk_test").await.settled();
            assert_eq!(
                evidence.text,
                format!("{SLOT} opens acct_1Own in test mode")
            );
            assert_eq!(account.as_deref(), Some("acct_1Own"));
            assert!(evidence.notes.iter().any(|note| note.contains("Acme")));
        },
    );
}

#[test]
fn a_live_or_publishable_key_in_the_test_keys_place_is_refused_before_anything_is_sent() {
    on(json!({}), async |stage| {
        let live = stage.visit_with("stripe_sk_live").await.refused();
        assert!(live.starts_with("it is a live secret key"), "{live}");
        let publishable = stage.visit_with("stripe_pk_test").await.refused();
        assert!(
            publishable.starts_with("it is a test publishable key"),
            "{publishable}"
        );
        assert_eq!(stage.calls(), 0);
    });
}

#[test]
fn an_expired_key_is_told_in_stripes_words() {
    on(json!({"expired": ["sk_test"]}), async |stage| {
        let cause = stage.visit_with("stripe_sk_test").await.refused();
        assert!(cause.contains("Expired API Key"), "{cause}");
    });
}

#[test]
fn a_restricted_key_is_valid_and_its_account_is_read_out_of_the_refusal() {
    let lacks = json!({"account": "acct_1Own", "lacks": ["rak_accounts_kyc_basic_read"]});
    on(lacks, async |stage| {
        let (evidence, account) = stage.visit_with("stripe_sk_test").await.settled();
        assert_eq!(account.as_deref(), Some("acct_1Own"));
        let told = evidence.notes.join(" ");
        assert!(told.contains("rak_accounts_kyc_basic_read"), "{told}");
    });
}

#[test]
fn a_key_of_another_account_than_the_launchs_is_not_used() {
    on(json!({"elsewhere": ["sk_test"]}), async |stage| {
        let kept = Kept {
            value: Some(stage.key("stripe_sk_test")),
            known: true,
        };
        for (named, pinned) in [(Some("acct_1Own"), None), (None, Some("acct_1Own"))] {
            let told = stage.visit(named, pinned, &kept).await;
            assert!(
                matches!(&told, Told::Blocked(Blocker::OtherAccount { pinned, .. }) if pinned == "acct_1Own"),
                "{told:?}"
            );
        }
    });
}

#[test]
fn a_key_that_is_gone_is_asked_for_as_the_one_that_was_kept() {
    on(json!({}), async |stage| {
        for known in [false, true] {
            let kept = Kept { value: None, known };
            let told = stage.visit(None, None, &kept).await;
            assert!(
                matches!(&told, Told::Blocked(Blocker::SecretMissing { slot, was_kept })
                    if slot == SLOT && *was_kept == known),
                "{told:?}"
            );
        }
        assert_eq!(stage.calls(), 0);
    });
}

#[test]
fn before_a_key_is_kept_it_is_tried_and_what_it_opens_is_told() {
    let closed = json!({
        "account": "acct_1Own", "charges_enabled": false, "past_due": ["external_account"],
        "disabled_reason": "requirements.past_due",
    });
    on(closed, async |stage| {
        let known = Known::default();
        let mut cx = Cx::alone(stage.item, stage.clock.now(), &known);
        cx.stripe = Some(stage.road());
        let tried = async |name: &str, pinned: Option<&str>| {
            stripe_key_before_keeping(&cx, &stage.key(name), pinned).await
        };
        let test = tried("stripe_sk_test", Some("acct_1Own"))
            .await
            .unwrap()
            .unwrap();
        assert!(
            test.starts_with("it opens acct_1Own in test mode"),
            "{test}"
        );
        let live = tried("stripe_sk_live", Some("acct_1Other"))
            .await
            .unwrap()
            .unwrap();
        assert!(
            live.contains("in live mode") && live.contains("Stripe wants external_account"),
            "{live}"
        );
        let other = tried("stripe_sk_test", Some("acct_1Other"))
            .await
            .unwrap()
            .unwrap_err();
        assert!(other.contains("tied to acct_1Other"), "{other}");
        let publishable = tried("stripe_pk_live", None).await.unwrap().unwrap_err();
        assert!(publishable.contains("publishable"), "{publishable}");
        stage.silence();
        let silent = tried("stripe_sk_test", None).await;
        assert!(
            matches!(silent, Err(CallError::Unreachable { .. })),
            "{silent:?}"
        );
    });
}
