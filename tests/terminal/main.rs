//! The program itself in a real terminal, as an operator has it: every test types keys and looks at the screen.
//!
//! They need tmux, which tests/setup/tmux.sh installs.

mod launch;
mod leaving;
mod quiet;
mod tmux;

/// The two sizes that every screen is made for: a desktop window, and the smallest that shows two panes.
const SIZES: [(u16, u16); 2] = [(120, 36), (80, 24)];
