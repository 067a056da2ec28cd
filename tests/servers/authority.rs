//! Certificates made for a test, by an authority of its own and by others.

use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

/// An authority, which nobody trusts unless told to.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub fn new(organisation: &str) -> Authority {
        let key = KeyPair::generate().expect("a key");
        let mut about = CertificateParams::default();
        about.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        about.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        about
            .distinguished_name
            .push(DnType::OrganizationName, organisation);
        about
            .distinguished_name
            .push(DnType::CommonName, format!("{organisation} R1"));
        between(&mut about, YEARS);
        let pem = about.self_signed(&key).expect("a certificate").pem();
        let issuer = Issuer::new(about, key);
        Authority { issuer, pem }
    }

    /// Writes what makes others trust it.
    pub fn write(&self, file: &Path) {
        std::fs::write(file, &self.pem).expect("written");
    }

    /// Writes a certificate for the names, and its key, as `folder/file.pem` and `folder/file.key`.
    pub fn certify(&self, folder: &Path, file: &str, names: &[&str], years: Years) {
        let key = KeyPair::generate().expect("a key");
        let about = server(names, years);
        let made = about.signed_by(&key, &self.issuer).expect("a certificate");
        keep(folder, file, &made.pem(), &key);
    }
}

/// From the beginning of one year to that of another.
pub type Years = (i32, i32);
/// Long enough for any test.
pub const YEARS: Years = (2020, 2045);

/// The same, signed by itself.
pub fn self_signed(folder: &Path, file: &str, names: &[&str]) {
    let key = KeyPair::generate().expect("a key");
    let made = server(names, YEARS)
        .self_signed(&key)
        .expect("a certificate");
    keep(folder, file, &made.pem(), &key);
}

fn server(names: &[&str], years: Years) -> CertificateParams {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut about = CertificateParams::new(names).expect("names");
    about.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    between(&mut about, years);
    about
}

fn between(about: &mut CertificateParams, (from, until): Years) {
    about.not_before = date_time_ymd(from, 1, 1);
    about.not_after = date_time_ymd(until, 1, 1);
}

fn keep(folder: &Path, file: &str, certificate: &str, key: &KeyPair) {
    let place = |end: &str| -> PathBuf { folder.join(format!("{file}.{end}")) };
    std::fs::write(place("pem"), certificate).expect("written");
    std::fs::write(place("key"), key.serialize_pem()).expect("written");
}
