//! A host claimed on a Render service, and the name it must point to.

use super::not_yet::not_yet;
use crate::plan::ItemId;

/// A host claimed on a Render service.
#[derive(Clone, Debug)]
pub struct RenderDomain {
    pub host: String,
    /// The item that makes the service; it hands on `id` and `url`.
    pub service: ItemId,
    pub service_name: String,
}

not_yet!(RenderDomain);
