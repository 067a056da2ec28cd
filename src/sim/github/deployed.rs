//! What others read of a commit that they built: the texts of a folder, and the product's server.

use std::collections::BTreeMap;

use super::Github;
use crate::sim::product;

impl Github {
    /// The texts of a folder as of a commit, by their paths. `folder` ends with a slash.
    pub fn texts_at(&self, commit: &str, folder: &str) -> BTreeMap<String, String> {
        let files = self.objects.files_of(commit);
        let inside = files.iter().filter(|(path, _)| path.starts_with(folder));
        let texts = inside.filter_map(|(path, entry)| {
            let bytes = self.objects.blob(&entry.sha)?;
            Some((path.clone(), String::from_utf8(bytes.to_vec()).ok()?))
        });
        texts.collect()
    }

    /// The product's server file as of a commit.
    pub fn server_at(&self, commit: &str) -> Option<String> {
        self.file_at(commit, product::server_file(&self.scenario.product))
    }
}
