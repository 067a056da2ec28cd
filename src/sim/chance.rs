//! Chance that repeats: every irregularity of the world is drawn from the seed and a name, so the same run draws the same.

use sha1::{Digest, Sha1};

/// A number that looks random and is the same for the same seed and salt.
pub fn draw(seed: u64, salt: &str) -> u64 {
    let mut hasher = Sha1::new();
    hasher.update(seed.to_be_bytes());
    hasher.update(salt.as_bytes());
    let digest = hasher.finalize();
    digest[..8]
        .iter()
        .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// A draw from `low..=high`.
pub fn between(seed: u64, salt: &str, low: u64, high: u64) -> u64 {
    low + draw(seed, salt) % (high - low + 1)
}

/// `digits` hexadecimal digits, at most 40.
pub fn hex(seed: u64, salt: &str, digits: usize) -> String {
    let mut hasher = Sha1::new();
    hasher.update(seed.to_be_bytes());
    hasher.update(salt.as_bytes());
    let mut text: String = hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    text.truncate(digits);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_and_another_does_not() {
        assert_eq!(draw(7, "lag"), draw(7, "lag"));
        assert_ne!(draw(7, "lag"), draw(8, "lag"));
        assert_eq!(hex(7, "token", 24).len(), 24);
        assert!((3..=5).contains(&between(1, "x", 3, 5)));
    }
}
