//! Where new passwords come from: the one thing in a launch that must not repeat.

use sha2::{Digest, Sha256};

use crate::secret::{Secret, SecretName};

/// How a password is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Passwords {
    /// From the system's random bytes.
    #[default]
    Random,
    /// From the launch's id and the name it is kept under: a rehearsal keeps nothing secret, and a killed one must know
    /// again what it had made.
    Rehearsed { launch: String },
}

impl Passwords {
    /// A new password to be kept under that name. The error is the system's, when it gives no random bytes.
    pub fn make(&self, slot: &SecretName) -> Result<Secret, String> {
        let Passwords::Rehearsed { launch } = self else {
            return Secret::password();
        };
        let digest = Sha256::digest(format!("rehearsed password {launch} {slot}").as_bytes());
        Ok(Secret::new(hex(&digest[..16])))
    }

    /// A new value of that many random bytes, to be kept under that name. A rehearsed one is as long in bits, and
    /// written as hex.
    pub fn random(&self, slot: &SecretName, bytes: u16) -> Result<Secret, String> {
        let Passwords::Rehearsed { launch } = self else {
            return Secret::random(bytes);
        };
        let bytes = usize::from(bytes);
        let mut text = String::with_capacity(2 * bytes + 64);
        for block in 0.. {
            if text.len() >= 2 * bytes {
                break;
            }
            let seed = format!("rehearsed value {launch} {slot} {block}");
            text.push_str(&hex(&Sha256::digest(seed.as_bytes())));
        }
        text.truncate(2 * bytes);
        Ok(Secret::new(text))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rehearsed_password_can_be_made_again_and_a_real_one_cannot() {
        let slot = SecretName::new("prod.DATABASE_PASSWORD");
        let rehearsed = Passwords::Rehearsed {
            launch: "shop-1".into(),
        };
        let make = |passwords: &Passwords| passwords.make(&slot).unwrap();
        assert!(make(&rehearsed).same_as(&make(&rehearsed)));
        assert!(!make(&Passwords::Random).same_as(&make(&Passwords::Random)));
        assert_eq!(make(&rehearsed).chars(), 32);
        let random = |passwords: &Passwords| passwords.random(&slot, 48).unwrap();
        assert!(random(&rehearsed).same_as(&random(&rehearsed)));
        assert!(!random(&Passwords::Random).same_as(&random(&Passwords::Random)));
        assert_eq!(random(&rehearsed).chars(), 96);
    }
}
