//! A thread of its own for calls that may hang, each awaited no longer than its deadline.
//!
//! A Secret Service that is stopped or waits for a password never answers, and its client has no time-out.
//! A new thread after each missed deadline was the other design. It gains nothing and loses order: the keyring's
//! client keeps one lock per process, so the new thread would hang on the same lock, and once the service moves
//! again an old write could land after a newer one. So there is one thread; a call that nobody waits for any more
//! is dropped when the thread reaches it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use futures::future::{Either, select};
use tokio::sync::oneshot;

use crate::seam::clock::Clock;

type Job = Box<dyn FnOnce() + Send>;

/// Why a call gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// It did not return within its deadline. It may still be under way.
    InTime(Duration),
    /// Its thread ended, or none could be made.
    Ended,
}

/// One thread, one queue. The thread is made with the first call, and again should it ever have died.
pub struct Worker {
    name: &'static str,
    clock: Arc<dyn Clock>,
    deadline: Duration,
    queue: Mutex<Option<mpsc::Sender<Job>>>,
}

impl Worker {
    /// `clock` must run in real time: what is waited for is a real service.
    pub fn new(name: &'static str, clock: Arc<dyn Clock>, deadline: Duration) -> Self {
        Self {
            name,
            clock,
            deadline,
            queue: Mutex::new(None),
        }
    }

    /// Runs `work` on the thread, after whatever stands before it in the queue, and waits for its answer.
    pub async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NoAnswer> {
        let (tell, answer) = oneshot::channel();
        let waited_for = WaitedFor::default();
        let still_waited_for = waited_for.0.clone();
        self.enqueue(Box::new(move || {
            if still_waited_for.load(Ordering::SeqCst) {
                // The waiter may have gone meanwhile; then nobody is left to tell.
                let _ = tell.send(work());
            }
        }))?;
        match select(answer, self.clock.sleep(self.deadline)).await {
            Either::Left((Ok(answer), _)) => Ok(answer),
            Either::Left((Err(_), _)) => Err(NoAnswer::Ended),
            Either::Right(_) => Err(NoAnswer::InTime(self.deadline)),
        }
    }

    fn enqueue(&self, mut job: Job) -> Result<(), NoAnswer> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = queue.as_ref() {
            match sender.send(job) {
                Ok(()) => return Ok(()),
                Err(mpsc::SendError(unsent)) => job = unsent,
            }
        }
        let (sender, jobs) = mpsc::channel::<Job>();
        thread::Builder::new()
            .name(self.name.to_owned())
            .spawn(move || jobs.into_iter().for_each(|job| job()))
            .map_err(|_| NoAnswer::Ended)?;
        sender.send(job).map_err(|_| NoAnswer::Ended)?;
        *queue = Some(sender);
        Ok(())
    }
}

/// True until its holder is dropped, be it by a missed deadline or because the caller itself was given up.
struct WaitedFor(Arc<AtomicBool>);

impl Default for WaitedFor {
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Drop for WaitedFor {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use futures::future::{BoxFuture, FutureExt, pending, ready};
    use jiff::Timestamp;

    use super::*;

    /// A clock on which every wait is over at once, or none ever is, or only those of less than a second are.
    pub enum TestClock {
        Over,
        Still,
        PausesOver,
    }

    impl Clock for TestClock {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }

        fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
            match self {
                TestClock::Over => ready(()).boxed(),
                TestClock::PausesOver if duration < Duration::from_secs(1) => ready(()).boxed(),
                TestClock::Still | TestClock::PausesOver => pending().boxed(),
            }
        }
    }

    fn worker(clock: TestClock) -> Worker {
        Worker::new("test", Arc::new(clock), Duration::from_secs(3))
    }

    #[tokio::test]
    async fn an_answer_comes_back_and_the_thread_stays() {
        let worker = worker(TestClock::Still);
        let one = worker.call(|| thread::current().id()).await;
        let two = worker.call(|| thread::current().id()).await;
        assert!(one.is_ok());
        assert_eq!(one, two);
    }

    #[tokio::test]
    async fn a_call_that_hangs_is_given_up_and_what_waited_behind_it_never_runs() {
        let worker = worker(TestClock::Over);
        let (thaw, frozen) = mpsc::channel::<()>();
        let hung = worker.call(move || frozen.recv().is_ok()).await;
        assert_eq!(hung, Err(NoAnswer::InTime(Duration::from_secs(3))));

        let (ran, seen) = mpsc::channel::<&str>();
        let late = ran.clone();
        let behind = worker.call(move || late.send("given up").is_ok()).await;
        assert_eq!(behind, Err(NoAnswer::InTime(Duration::from_secs(3))));

        thaw.send(()).unwrap();
        // The queue is in order: once this has run, the one given up has been passed by.
        worker
            .enqueue(Box::new(move || ran.send("after").unwrap()))
            .unwrap();
        assert_eq!(seen.recv(), Ok("after"));
    }

    #[tokio::test]
    async fn a_thread_that_died_is_replaced() {
        let worker = worker(TestClock::Still);
        let died = worker
            .call(|| std::panic::resume_unwind(Box::new("the client's lock is broken")))
            .await;
        assert_eq!(died, Err::<(), _>(NoAnswer::Ended));
        // The queue may take one more job before it notices; that one is answered with `Ended` as well.
        let mut next = worker.call(|| 7).await;
        while next == Err(NoAnswer::Ended) {
            next = worker.call(|| 7).await;
        }
        assert_eq!(next, Ok(7));
    }
}
