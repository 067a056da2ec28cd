//! What Atlas holds: projects with their clusters, database users and access lists. What time alone changes is worked
//! out from the time at which one looks.

use std::net::{IpAddr, Ipv4Addr};

use jiff::Timestamp;
use serde_json::Value;

use super::spec::KeyRole;

#[derive(Clone, Debug, Default)]
pub struct State {
    pub projects: Vec<Project>,
}

impl State {
    pub fn project(&self, id: &str) -> Option<&Project> {
        self.projects.iter().find(|project| project.id == id)
    }

    pub fn project_mut(&mut self, id: &str) -> Option<&mut Project> {
        self.projects.iter_mut().find(|project| project.id == id)
    }
}

#[derive(Clone, Debug)]
pub struct Project {
    /// 24 hexadecimal digits, as all ids here.
    pub id: String,
    pub name: String,
    /// What golive's key may do in it.
    pub role: KeyRole,
    pub created: Timestamp,
    pub clusters: Vec<Cluster>,
    pub users: Vec<User>,
    pub entries: Vec<Entry>,
}

impl Project {
    pub fn cluster(&self, name: &str) -> Option<&Cluster> {
        self.clusters.iter().find(|cluster| cluster.name == name)
    }

    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    pub fn entry(&self, block: Block) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.block == block)
    }

    /// Whether the databases can be reached from `caller`.
    pub fn lets_in(&self, caller: Ipv4Addr, at: Timestamp) -> bool {
        let mut active = self.entries.iter().filter(|entry| entry.active_at <= at);
        active.any(|entry| entry.block.holds(IpAddr::V4(caller)))
    }

    /// The id of an object in the ledger.
    pub fn ledger_id(&self, name: &str) -> String {
        format!("{}/{name}", self.name)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Dedicated,
    /// M0, which `/clusters` shows with the provider `TENANT`.
    Free,
    Flex,
}

#[derive(Clone, Debug)]
pub struct Cluster {
    pub id: String,
    pub name: String,
    pub kind: Kind,
    /// `AWS`, `AZURE` or `GCP`; of a shared cluster the one behind it.
    pub provider: String,
    pub region: String,
    /// Such as `M10`.
    pub size: String,
    pub disk_gb: f64,
    pub nodes: u64,
    /// `autoScaling` as the API shows it.
    pub scaling: Value,
    pub backup: bool,
    pub protection: bool,
    pub paused: bool,
    /// Each `{key, value}`.
    pub tags: Vec<Value>,
    pub major: String,
    pub host: String,
    pub created: Timestamp,
    /// From when on it can be used and shows its address.
    pub ready_at: Timestamp,
    /// From when on its name resolves everywhere.
    pub named_at: Timestamp,
    /// Until when a change is being carried out.
    pub busy_until: Timestamp,
    /// When a deletion is through.
    pub gone_at: Option<Timestamp>,
}

impl Cluster {
    /// `stateName`.
    pub fn state(&self, at: Timestamp) -> &'static str {
        if self.gone_at.is_some() {
            "DELETING"
        } else if at < self.ready_at {
            "CREATING"
        } else if at < self.busy_until {
            "UPDATING"
        } else {
            "IDLE"
        }
    }

    /// Whether a database answers at its address.
    pub fn answers(&self, at: Timestamp) -> bool {
        self.gone_at.is_none() && !self.paused && self.ready_at <= at && self.named_at <= at
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub role: String,
    pub database: String,
    pub collection: Option<String>,
}

/// What counts when a user logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// SHA-256 of the password, in hexadecimal digits.
    pub password: String,
    pub grants: Vec<Grant>,
    /// Clusters that the user is limited to; none for all.
    pub scopes: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct User {
    pub name: String,
    pub rights: Rights,
    /// What the nodes know until `applied_at`; none for a new user.
    pub before: Option<Rights>,
    pub applied_at: Timestamp,
    /// Each `{key, value}`.
    pub labels: Vec<Value>,
    pub description: Option<String>,
    pub delete_after: Option<Timestamp>,
}

impl User {
    /// What the nodes know at `at`.
    pub fn rights_at(&self, at: Timestamp) -> Option<&Rights> {
        match self.applied_at <= at {
            true => Some(&self.rights),
            false => self.before.as_ref(),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub block: Block,
    pub comment: String,
    pub delete_after: Option<Timestamp>,
    /// From when on a look at it alone finds it.
    pub visible_at: Timestamp,
    /// From when on the databases let it in.
    pub active_at: Timestamp,
}

/// A block of addresses whose host bits are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Block {
    address: IpAddr,
    bits: u8,
}

impl Block {
    /// An address or a block; none when it is neither, or has host bits.
    pub fn parse(text: &str) -> Option<Block> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits: u8 = match bits {
            Some(bits) => bits.parse().ok()?,
            None => most,
        };
        let block = Block { address, bits };
        (bits <= most && block.first() == address).then_some(block)
    }

    /// The address, when the block is one alone.
    pub fn single(&self) -> Option<IpAddr> {
        let most = if self.address.is_ipv4() { 32 } else { 128 };
        (self.bits == most).then_some(self.address)
    }

    /// The first address of the block that its address is in.
    fn first(&self) -> IpAddr {
        match self.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(u32::from(32 - self.bits.min(32)));
                IpAddr::V4((u32::from(address) & mask.unwrap_or(0)).into())
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(u32::from(128 - self.bits.min(128)));
                IpAddr::V6((u128::from(address) & mask.unwrap_or(0)).into())
            }
        }
    }

    pub fn holds(&self, address: IpAddr) -> bool {
        let there = Block { address, ..*self };
        address.is_ipv4() == self.address.is_ipv4() && there.first() == self.address
    }
}

impl std::fmt::Display for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_strictly_and_holds_its_addresses() {
        let block = Block::parse("74.220.51.0/24").unwrap();
        assert!(block.holds("74.220.51.200".parse().unwrap()));
        assert!(!block.holds("74.220.52.1".parse().unwrap()));
        assert_eq!(
            Block::parse("203.0.113.9").unwrap().to_string(),
            "203.0.113.9/32"
        );
        assert!(Block::parse("203.0.113.9").unwrap().single().is_some());
        let all = Block::parse("0.0.0.0/0").unwrap();
        assert!(all.holds("203.0.113.9".parse().unwrap()) && !all.holds("::1".parse().unwrap()));
        assert!(Block::parse("2001:db8::/32").is_some());
        for wrong in [
            "74.220.51.7/24",
            "1.2.3/8",
            "1.2.3.4/33",
            "",
            "x",
            "1.2.3.4/-1",
            "1.2.3.4/",
        ] {
            assert_eq!(Block::parse(wrong), None, "{wrong}");
        }
    }
}
