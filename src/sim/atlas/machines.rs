//! What clusters can be made of: tiers, clouds and their regions, and what a request for them may say.

use serde_json::{Value, json};

use super::spec::AtlasSpec;
use super::wire::{
    self, Outcome, Reply, Request, invalid, misformed, missing, refuse, unknown_attribute,
};

/// The dedicated tiers, each with the most gigabytes of its disk.
const TIERS: [(&str, f64); 7] = [
    ("M10", 128.0),
    ("M20", 256.0),
    ("M30", 512.0),
    ("M40", 1024.0),
    ("M50", 4096.0),
    ("M60", 4096.0),
    ("M80", 4096.0),
];

/// Each cloud with its regions, the default one first.
const REGIONS: [(&str, &[&str]); 3] = [
    (
        "AWS",
        &[
            "US_EAST_1",
            "US_EAST_2",
            "US_WEST_2",
            "CA_CENTRAL_1",
            "EU_CENTRAL_1",
            "EU_CENTRAL_2",
            "EU_NORTH_1",
            "EU_WEST_1",
            "EU_WEST_2",
            "EU_WEST_3",
            "AP_SOUTHEAST_1",
            "AP_SOUTHEAST_2",
        ],
    ),
    (
        "GCP",
        &[
            "CENTRAL_US",
            "EASTERN_US",
            "WESTERN_EUROPE",
            "EUROPE_WEST_3",
            "EUROPE_WEST_6",
        ],
    ),
    (
        "AZURE",
        &[
            "US_WEST_2",
            "US_EAST_2",
            "EUROPE_NORTH",
            "EUROPE_WEST",
            "GERMANY_WEST_CENTRAL",
            "SWITZERLAND_NORTH",
        ],
    ),
];

/// A region where the shared tiers are not offered.
const NO_SHARED: [&str; 2] = ["EU_CENTRAL_2", "SWITZERLAND_NORTH"];

/// Whether a region offers a tier.
fn offers(region: &str, tier: &str) -> bool {
    tier != "M0" || !NO_SHARED.contains(&region)
}

/// `GET …/clusters/provider/regions?providers=&tier=`.
pub fn regions(request: &Request) -> Outcome {
    // Several clouds are asked for by repeating the parameter; the last one counts here, or a list with commas.
    let providers: Vec<&str> = match request.query("providers") {
        None => REGIONS.iter().map(|(provider, _)| *provider).collect(),
        Some(text) => text.split(',').collect(),
    };
    let tiers = std::iter::once("M0").chain(TIERS.iter().map(|(tier, _)| *tier));
    let tiers: Vec<&str> = tiers
        .filter(|tier| request.query("tier").is_none_or(|wanted| wanted == *tier))
        .collect();
    let mut items = Vec::new();
    for wanted in providers {
        let known = REGIONS.iter().find(|(provider, _)| *provider == wanted);
        let (provider, regions) = known.ok_or_else(|| no_such_value(wanted))?;
        let sizes = tiers.iter().map(|tier| {
            let open = regions.iter().filter(|region| offers(region, tier));
            let open: Vec<Value> = open
                .map(|region| json!({ "default": *region == regions[0], "name": region }))
                .collect();
            json!({ "availableRegions": open, "name": tier })
        });
        let sizes: Vec<Value> = sizes.collect();
        items.push(json!({ "instanceSizes": sizes, "provider": provider }));
    }
    wire::page(request, items)
}

fn no_such_value(value: &str) -> Box<Reply> {
    refuse(
        400,
        "INVALID_ENUM_VALUE",
        &format!("An invalid enumeration value {value} was specified."),
        json!([value]),
    )
}

/// What `replicationSpecs` ask for.
#[derive(Clone, Debug)]
pub struct Machines {
    pub provider: String,
    pub region: String,
    pub size: String,
    pub disk_gb: f64,
    pub nodes: u64,
    pub scaling: Value,
}

/// The one element of an array that takes one.
fn only<'v>(value: Option<&'v Value>, name: &str) -> Result<&'v Value, Box<Reply>> {
    let items = value.ok_or_else(|| missing(name))?;
    let items = items.as_array().ok_or_else(|| misformed(name))?;
    match items.as_slice() {
        [item] if item.is_object() => Ok(item),
        [_] => Err(misformed(name)),
        _ => Err(invalid(name, "must have exactly one element here")),
    }
}

fn text<'v>(value: &'v Value, name: &str) -> Result<&'v str, Box<Reply>> {
    match &value[name] {
        Value::Null => Err(missing(name)),
        Value::String(text) => Ok(text),
        _ => Err(misformed(name)),
    }
}

/// Reads `replicationSpecs`, which are always to be complete.
pub fn read(spec: &AtlasSpec, value: Option<&Value>) -> Result<Machines, Box<Reply>> {
    let shard = only(value, "replicationSpecs")?;
    // It went with the version that asks for one element per shard.
    if !shard["numShards"].is_null() {
        return Err(unknown_attribute("numShards"));
    }
    let config = only(shard.get("regionConfigs"), "regionConfigs")?;
    let provider = text(config, "providerName")?;
    let known = REGIONS.iter().find(|(known, _)| *known == provider);
    let (_, regions) = known.ok_or_else(|| no_such_value(provider))?;
    let region = text(config, "regionName")?;
    if !regions.contains(&region) {
        return Err(refuse(
            400,
            "INVALID_REGION",
            &format!("No region {region} exists for provider {provider}."),
            json!([region, provider]),
        ));
    }
    match &config["priority"] {
        Value::Null => return Err(missing("priority")),
        priority if priority.as_u64() == Some(7) => {}
        _ => return Err(invalid("priority", "must be 7 for the only region")),
    }
    let nodes = &config["electableSpecs"];
    if !nodes.is_object() {
        return Err(missing("electableSpecs"));
    }
    let size = text(nodes, "instanceSize")?;
    let tier = TIERS.iter().find(|(tier, _)| *tier == size);
    let (_, most) = tier.ok_or_else(|| no_such_value(size))?;
    let count = nodes["nodeCount"].as_u64();
    let count = count.ok_or_else(|| missing("nodeCount"))?;
    if !matches!(count, 3 | 5 | 7) {
        return Err(invalid("nodeCount", "must be 3, 5 or 7"));
    }
    let disk = match &nodes["diskSizeGB"] {
        Value::Null => return Err(missing("diskSizeGB")),
        disk => disk.as_f64().ok_or_else(|| misformed("diskSizeGB"))?,
    };
    if !(10.0..=*most).contains(&disk) {
        let text = format!("must be from 10 to {most} for {size}");
        return Err(invalid("diskSizeGB", &text));
    }
    if spec.no_capacity.iter().any(|full| full == region) {
        return Err(refuse(
            409,
            "OUT_OF_CAPACITY",
            "There was insufficient capacity in the selected region to carry out this request. Please try again later or choose another region.",
            json!([region]),
        ));
    }
    Ok(Machines {
        provider: provider.to_owned(),
        region: region.to_owned(),
        size: size.to_owned(),
        disk_gb: disk,
        nodes: count,
        scaling: scaling(&config["autoScaling"])?,
    })
}

/// `autoScaling` with what is filled in for it.
fn scaling(asked: &Value) -> Result<Value, Box<Reply>> {
    let flag = |value: &Value, standard: bool| match value {
        Value::Null => Ok(standard),
        Value::Bool(on) => Ok(*on),
        _ => Err(misformed("autoScaling")),
    };
    let disk = flag(&asked["diskGB"]["enabled"], true)?;
    let compute = &asked["compute"];
    let on = flag(&compute["enabled"], false)?;
    let down = flag(&compute["scaleDownEnabled"], false)?;
    let mut shown = json!({
        "compute": { "enabled": on, "scaleDownEnabled": down },
        "diskGB": { "enabled": disk },
    });
    if on {
        let sizes = [
            ("maxInstanceSize", "MAX", true),
            ("minInstanceSize", "MIN", down),
        ];
        for (name, word, needed) in sizes {
            match compute[name].as_str() {
                Some(size) => shown["compute"][name] = size.into(),
                None if needed => {
                    return Err(refuse(
                        400,
                        &format!("COMPUTE_AUTO_SCALING_{word}_INSTANCE_SIZE_REQUIRED"),
                        &format!("Compute auto-scaling needs {name}."),
                        json!([]),
                    ));
                }
                None => {}
            }
        }
    }
    Ok(shown)
}
