//! A person's hands in the world: what no API does. A rehearsal's operator has them; in a real launch they are yours.

pub trait Hands: Send + Sync {
    /// Enters what a card shows, line by line, as its reader would. Answers with one sentence: what was done, or why it
    /// cannot be.
    fn enter(&self, lines: &[String]) -> Result<String, String>;
}
