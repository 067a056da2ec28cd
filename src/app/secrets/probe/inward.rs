//! Whether what is kept opens the product's own database or Redis, asked from this machine as the API would ask.

use std::sync::Arc;

use super::Tried;
use crate::app::place::Place;
use crate::app::{reach, run};
use crate::error::Result;
use crate::plan::ItemId;
use crate::resource::Wish;
use crate::seam::documents::{Documents, Door, Login};
use crate::seam::redis::{Facts, Probe, Redis};
use crate::secret::{Secret, SecretName};
use crate::step::Instance;

/// The policy under which a full Redis loses no jobs.
const POLICY: &str = "noeviction";

/// What a slot opens.
enum Opens {
    Database(Door),
    Redis,
}

/// What a login with a kept value says; `None` for a value that opens neither a database nor a Redis from here.
pub async fn tried(place: &Place, slot: &SecretName, value: &Secret) -> Result<Option<Tried>> {
    let Some(opens) = place
        .launch
        .items
        .iter()
        .find_map(|item| opens(place, item, slot))
    else {
        return Ok(None);
    };
    let urls = place.urls()?;
    Ok(Some(match opens {
        Opens::Database(door) => database(&reach::databases(&urls)?, &door, value).await,
        Opens::Redis => {
            let network = Arc::new(reach::network(place, &urls)?);
            let trust = reach::trust(&urls, run::clock(&urls, None)?)?;
            redis(&reach::queues(&urls, &network, &trust)?, value).await
        }
    }))
}

fn opens(place: &Place, item: &Instance, slot: &SecretName) -> Option<Opens> {
    match &item.wish {
        Wish::AtlasUser(user) if user.slot == *slot => {
            let host = host(place, &user.cluster)?;
            Some(Opens::Database(user.door(&host)))
        }
        Wish::AtlasLogin(user) if user.slot == *slot => {
            let host = host(place, &user.cluster)?;
            Some(Opens::Database(user.door(&host)))
        }
        // The internal address leads nowhere from this machine.
        Wish::RenderKeyValue(_) if item.keeps.get("external_url") == Some(slot) => {
            Some(Opens::Redis)
        }
        _ => None,
    }
}

/// The cluster's host as Atlas last told it, or as the manifest expects it.
fn host(place: &Place, cluster: &str) -> Option<String> {
    let of_cluster = |item: &&Instance| match &item.wish {
        Wish::AtlasCluster(wish) => wish.key == cluster,
        Wish::AtlasLogin(wish) => wish.cluster == cluster,
        _ => false,
    };
    let contents = place.contents().ok();
    let told = |id: &ItemId| {
        let state = &contents.as_ref()?.state;
        state.item(id)?.outputs.get("host").cloned()
    };
    let items = place.launch.items.iter().filter(of_cluster);
    let seen = items.map(|item| &item.id).find_map(told);
    let expected = || {
        let clusters = &place.manifest.atlas.cluster;
        let own = clusters.iter().find(|(key, _)| key.as_str() == cluster);
        own.map(|(_, cluster)| cluster.host.to_string())
    };
    seen.or_else(expected)
}

async fn database(documents: &dyn Documents, door: &Door, password: &Secret) -> Tried {
    match documents.login(door, password).await {
        Login::In(_) => Tried::Works(format!("{} lets {} in", door.host, door.user)),
        Login::Refused(cause) => Tried::Refused(format!(
            "{} does not let {} in with it: {cause}",
            door.host, door.user
        )),
        Login::NoAnswer(cause) => Tried::NotKnown(format!(
            "{} gave no answer ({cause}); golive run 3.here puts this machine on the access list",
            door.host
        )),
        Login::Nowhere(why) => Tried::NotKnown(why),
    }
}

async fn redis(queues: &dyn Redis, url: &Secret) -> Tried {
    match queues.probe(url).await {
        Probe::In(facts) => Tried::Works(in_words(&facts)),
        Probe::Refused(cause) => Tried::Refused(cause),
        Probe::NoAnswer(cause) => Tried::NotKnown(format!(
            "no answer ({cause}); a Redis lets in only the addresses on its allow-list, and this machine need not be among them"
        )),
        Probe::Nowhere(why) => Tried::NotKnown(why),
    }
}

fn in_words(facts: &Facts) -> String {
    let mut words = vec!["Redis lets golive in".to_string()];
    if !facts.tls {
        words.push("without TLS".into());
    }
    if let Some(version) = &facts.version {
        words.push(format!("version {version}"));
    }
    match facts.eviction_policy.as_deref() {
        Some(POLICY) => words.push(format!("eviction policy {POLICY}")),
        Some(other) => words.push(format!(
            "eviction policy {other}, which loses jobs when it is full: {POLICY} does not"
        )),
        None => {}
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use futures::future::{BoxFuture, FutureExt, ready};

    use super::*;
    use crate::seam::documents::Rights;

    struct Answers(Login, Probe);

    impl Documents for Answers {
        fn login<'a>(&'a self, _: &'a Door, _: &'a Secret) -> BoxFuture<'a, Login> {
            ready(self.0.clone()).boxed()
        }
    }

    impl Redis for Answers {
        fn probe<'a>(&'a self, _: &'a Secret) -> BoxFuture<'a, Probe> {
            ready(self.1.clone()).boxed()
        }
    }

    async fn words(login: Login, probe: Probe) -> (String, String) {
        let (answers, value) = (Answers(login, probe), Secret::new("pass-word"));
        let door = Door {
            host: "shop.example.net".into(),
            user: "shop_user".into(),
            database: "shop".into(),
            options: String::new(),
        };
        (
            database(&answers, &door, &value).await.in_words(),
            redis(&answers, &value).await.in_words(),
        )
    }

    #[tokio::test]
    async fn only_an_answer_says_whether_it_works() {
        let facts = Facts {
            tls: true,
            version: Some("8.0".into()),
            eviction_policy: Some("allkeys-lru".into()),
        };
        let (login, probe) = words(Login::In(Rights::default()), Probe::In(facts)).await;
        assert_eq!(login, "works: shop.example.net lets shop_user in");
        assert!(probe.starts_with("works: Redis lets golive in, version 8.0, "));
        assert!(probe.contains("allkeys-lru, which loses jobs"), "{probe}");

        let no = || "wrong".to_string();
        let (login, probe) = words(Login::Refused(no()), Probe::Refused(no())).await;
        assert!(login.starts_with("refused: "), "{login}");
        assert!(probe.starts_with("refused: "), "{probe}");

        let (login, probe) = words(Login::NoAnswer(no()), Probe::NoAnswer(no())).await;
        assert!(login.starts_with("whether it works is not known: "));
        assert!(login.contains("golive run 3.here"), "{login}");
        assert!(probe.contains("need not be among them"), "{probe}");
    }
}
