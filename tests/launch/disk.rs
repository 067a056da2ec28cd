//! A disk in memory that knows what a power cut would leave.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use golive::seam::disk::{Disk, Holder, Lock, Locking};

#[derive(Clone, Default)]
struct File {
    bytes: Arc<Vec<u8>>,
    /// So many of them survive a power cut.
    synced: usize,
}

/// What is on the disk. Clones share their contents.
#[derive(Clone, Default)]
pub struct Image(BTreeMap<PathBuf, File>);

impl Image {
    /// What the process wrote is there, as after a kill.
    pub fn after_kill(&self) -> Image {
        let mut image = self.clone();
        image
            .0
            .values_mut()
            .for_each(|file| file.synced = file.bytes.len());
        image
    }

    /// Only what was synced is there, as after a power cut.
    pub fn after_power_cut(&self) -> Image {
        let mut image = self.clone();
        for file in image.0.values_mut() {
            file.bytes = Arc::new(file.bytes[..file.synced].to_vec());
        }
        image
    }

    /// A kill and a power cut leave the same.
    pub fn is_synced(&self) -> bool {
        self.0.values().all(|file| file.synced == file.bytes.len())
    }

    pub fn files(&self) -> impl Iterator<Item = (&Path, &[u8])> {
        self.0
            .iter()
            .map(|(path, file)| (path.as_path(), file.bytes.as_slice()))
    }
}

#[derive(Clone, Default)]
pub struct MemDisk(Arc<Mutex<Image>>);

impl MemDisk {
    pub fn of(image: Image) -> Self {
        Self(Arc::new(Mutex::new(image)))
    }

    pub fn image(&self) -> Image {
        self.0.lock().unwrap().clone()
    }
}

struct Free;

impl Lock for Free {}

impl Disk for MemDisk {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        Ok(self
            .0
            .lock()
            .unwrap()
            .0
            .get(path)
            .map(|file| file.bytes.to_vec()))
    }

    fn create_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut image = self.0.lock().unwrap();
        let file = image.0.entry(path.to_path_buf()).or_default();
        Arc::make_mut(&mut file.bytes).extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        let mut image = self.0.lock().unwrap();
        let file = image.0.entry(path.to_path_buf()).or_default();
        file.synced = file.bytes.len();
        Ok(())
    }

    fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        let mut image = self.0.lock().unwrap();
        let file = image.0.entry(path.to_path_buf()).or_default();
        Arc::make_mut(&mut file.bytes).truncate(len as usize);
        file.synced = file.bytes.len();
        Ok(())
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let file = File {
            bytes: Arc::new(bytes.to_vec()),
            synced: bytes.len(),
        };
        self.0.lock().unwrap().0.insert(path.to_path_buf(), file);
        Ok(())
    }

    fn lock(&self, _: &Path, _: &Holder) -> io::Result<Locking> {
        Ok(Locking::Held(Box::new(Free)))
    }
}
