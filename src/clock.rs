//! Time, real and rehearsed. The only file besides the TUI that may ask the machine what time it is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use crate::seam::clock::Clock;

/// A real launch's time: what the machine says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wall;

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// What the work yields; `None` when it is not done after `limit` of the machine's own time. For what waits on sockets,
/// which no simulated world's time moves.
pub async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, work).await.ok()
}

/// A rehearsal's time on a terminal: runs `speed` times as fast as the wall's, and can jump to the nearest sleep's end.
pub struct Scaled {
    shared: Arc<Mutex<Skew>>,
    moved: Arc<Notify>,
    started: Instant,
    speed: u32,
}

struct Skew {
    /// The clock's time at `started`, jumps added.
    base: Timestamp,
    /// Ends of the sleeps that go on, for `jump`.
    ends: BTreeMap<u64, Timestamp>,
    next: u64,
}

impl Scaled {
    /// `speed` 1 is real time; 0 is taken as 1.
    pub fn new(start: Timestamp, speed: u32) -> Self {
        let skew = Skew {
            base: start,
            ends: BTreeMap::new(),
            next: 0,
        };
        Self {
            shared: Arc::new(Mutex::new(skew)),
            moved: Arc::new(Notify::new()),
            started: Instant::now(),
            speed: speed.max(1),
        }
    }

    /// Moves the time on by `duration`, ending every sleep that falls into it.
    pub fn advance(&self, duration: Duration) {
        {
            let mut skew = self
                .shared
                .lock()
                .expect("the clock's lock is never held across a panic");
            skew.base = plus(skew.base, duration);
        }
        self.moved.notify_waiters();
    }

    fn at(&self, base: Timestamp) -> Timestamp {
        plus(base, self.started.elapsed() * self.speed)
    }
}

impl Clock for Scaled {
    fn now(&self) -> Timestamp {
        let base = self
            .shared
            .lock()
            .expect("the clock's lock is never held across a panic")
            .base;
        self.at(base)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let end = plus(self.now(), duration);
        let (shared, moved, started, speed) = (
            self.shared.clone(),
            self.moved.clone(),
            self.started,
            self.speed,
        );
        let place = {
            let mut skew = shared
                .lock()
                .expect("the clock's lock is never held across a panic");
            skew.next += 1;
            let place = skew.next;
            skew.ends.insert(place, end);
            place
        };
        let registered = Registered { shared, place };
        Box::pin(async move {
            loop {
                let jumped = moved.notified();
                tokio::pin!(jumped);
                jumped.as_mut().enable();
                let base = registered
                    .shared
                    .lock()
                    .expect("the clock's lock is never held across a panic")
                    .base;
                let now = plus(base, started.elapsed() * speed);
                let Ok(left) = Duration::try_from(end.duration_since(now)) else {
                    return;
                };
                if left.is_zero() {
                    return;
                }
                tokio::select! {
                    () = tokio::time::sleep(left / speed) => {}
                    () = jumped => {}
                }
            }
        })
    }

    fn jump(&self) -> bool {
        let now = self.now();
        let nearest = {
            let skew = self
                .shared
                .lock()
                .expect("the clock's lock is never held across a panic");
            skew.ends.values().copied().filter(|end| *end > now).min()
        };
        let Some(end) = nearest else { return false };
        self.advance(end.duration_since(now).unsigned_abs());
        true
    }
}

/// A sleep's entry in the list of ends, taken out when the sleep is over or dropped.
struct Registered {
    shared: Arc<Mutex<Skew>>,
    place: u64,
}

impl Drop for Registered {
    fn drop(&mut self) {
        if let Ok(mut skew) = self.shared.lock() {
            skew.ends.remove(&self.place);
        }
    }
}

/// A headless rehearsal's and a test's time: on a runtime whose time is paused, it jumps to the nearest sleep's end as
/// soon as nothing else can go on.
pub struct Jumping {
    start: Timestamp,
    started: tokio::time::Instant,
}

impl Jumping {
    pub fn new(start: Timestamp) -> Self {
        Self {
            start,
            started: tokio::time::Instant::now(),
        }
    }

    /// A runtime on which such a clock jumps.
    pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
    }
}

impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        plus(self.start, self.started.elapsed())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

fn plus(time: Timestamp, duration: Duration) -> Timestamp {
    SignedDuration::try_from(duration)
        .ok()
        .and_then(|duration| time.checked_add(duration).ok())
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jumping_clock_passes_an_hour_at_once() {
        Jumping::runtime().unwrap().block_on(async {
            let clock = Jumping::new(Timestamp::UNIX_EPOCH);
            clock.sleep(Duration::from_secs(3600)).await;
            assert_eq!(
                clock.now(),
                Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1)
            );
        });
    }

    #[test]
    fn a_scaled_clock_jumps_to_the_nearest_end() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let clock = Arc::new(Scaled::new(Timestamp::UNIX_EPOCH, 1));
            assert!(!clock.jump());
            let (near, far) = (
                clock.sleep(Duration::from_secs(600)),
                clock.sleep(Duration::from_secs(6000)),
            );
            assert!(clock.jump());
            near.await;
            let passed = clock.now().duration_since(Timestamp::UNIX_EPOCH);
            assert!((600..700).contains(&passed.as_secs()));
            drop(far);
            assert!(!clock.jump());
        });
    }
}
