//! Time: the only source of it for engine, clients and world.

use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;

pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;

    /// Ends once `now()` has moved on by `duration`.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// Makes the nearest sleep end at once by moving the time on. Only a rehearsal's clock can; says whether it did.
    fn jump(&self) -> bool {
        false
    }
}
