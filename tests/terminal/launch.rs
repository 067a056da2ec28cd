//! Phase 0 from the first screen to the last by keys alone: approved, killed, gone on with, failed, tried again, left.

use rustix::process::Signal;

use crate::SIZES;
use crate::tmux::{Terminal, open};

/// The line that says who is waited for: the last but one.
fn what_now(screen: &str) -> &str {
    let lines: Vec<&str> = screen.trim_end().lines().collect();
    lines
        .len()
        .checked_sub(2)
        .and_then(|at| lines.get(at))
        .map_or("", |line| line.trim())
}

/// So many items belong to the part that is walked: all that GitHub alone is needed for.
const PART: usize = 12;

/// How many items are settled, as the head of the screen says.
fn settled(screen: &str) -> usize {
    let head = screen.lines().nth(1).unwrap_or_default();
    let count = head.split("/115 settled").next().unwrap_or_default();
    let count = count.rsplit(' ').next().unwrap_or_default();
    count.parse().unwrap_or(0)
}

/// Something is asked, or time must pass, or all is done: golive itself does nothing now. A passing word may hide that
/// for the seconds it stands.
fn rests(screen: &str) -> bool {
    let line = what_now(screen);
    line.contains("(n") && line.contains("Nothing is running")
        || waits(line)
        || is_done(screen)
        || settled(screen) == PART
}

fn waits(line: &str) -> bool {
    line.contains("waits for the world")
}

fn is_done(screen: &str) -> bool {
    screen.contains("All steps are settled") || settled(screen) == PART
}

/// Who is waited for: the first sentence. A passing word may stand over the rest of the line.
fn who(line: &str) -> &str {
    line.split(". ").next().unwrap_or_default()
}

/// Answers what golive asks next, as an operator who reads does.
fn answer(terminal: &Terminal) {
    let before = terminal.until("golive rests", rests);
    let line = what_now(&before).to_string();
    if is_done(&before) {
        return;
    }
    if waits(&line) {
        terminal.press(&[">"]);
    } else if line.contains("approved (n") {
        approve(terminal);
    } else if line.starts_with("0.github") {
        terminal.press(&["n"]);
        terminal.see("Enter takes the rehearsal's own");
        terminal.press(&["Enter"]);
    } else {
        terminal.press(&["n"]);
        // What was answered a moment ago may stand as asked once more until the look that takes the answer in ends.
        let question = terminal.until("the question, or its end", |screen| {
            screen.contains("What you can do") || who(what_now(screen)) != who(&line)
        });
        if !question.contains("What you can do") {
            return;
        }
        terminal.press(&["Enter"]);
        if question.contains("Say that it is so") {
            terminal.see("› Note");
            terminal.write("as it has run since March");
            terminal.press(&["Enter"]);
        }
    }
    // What was asked is not asked any more once the next question stands, or time must pass.
    terminal.until("the next question", |screen| match waits(&line) {
        true => screen != before,
        false => rests(screen) && who(what_now(screen)) != who(&line),
    });
}

/// Reads what the next step wants, and approves it.
fn approve(terminal: &Terminal) {
    terminal.press(&["n"]);
    terminal.see("A approves");
    terminal.press(&["A"]);
    terminal.see("approves these changes and nothing else");
    terminal.press(&["Enter"]);
}

/// Answers until that many items are settled.
fn walk(terminal: &Terminal, until: usize) {
    for _ in 0..60 {
        if settled(&terminal.until("golive rests", rests)) >= until {
            return;
        }
        answer(terminal);
    }
    panic!("no end in sight:\n{}", terminal.screen());
}

/// The whole of Phase 0, with the plug pulled half-way.
fn whole_phase(columns: u16, rows: u16) {
    let Some(terminal) = open(columns, rows) else {
        return;
    };
    terminal.start("");
    walk(&terminal, 8);

    // The plug is pulled while the code change is on its way.
    terminal.until("golive rests", rests);
    approve(&terminal);
    terminal.see("Approved: 8 changes");
    terminal.signal(Signal::KILL);
    terminal.see("[137] shell>");
    terminal.start("");
    let resumed = terminal.until("golive rests", rests);
    assert!(settled(&resumed) >= 8, "{resumed}");

    walk(&terminal, PART);
    terminal.see("12/115 settled");
    terminal.press(&["q"]);
    assert_eq!(terminal.prompt(), 0);
    let left = terminal.screen();
    assert!(left.contains("12 of 115 items are settled."), "{left}");
    terminal.is_as_found();
}

#[test]
fn phase_0_is_walked_to_its_end_on_a_large_screen() {
    whole_phase(120, 36);
}

#[test]
fn phase_0_is_walked_to_its_end_on_a_small_screen() {
    whole_phase(80, 24);
}

#[test]
fn what_could_not_be_looked_at_is_looked_at_again_by_a_key() {
    for (columns, rows) in SIZES {
        let Some(terminal) = open(columns, rows) else {
            return;
        };
        // GitHub is down for as many calls as one look makes; a minute passes before golive would look by itself.
        let down: Vec<String> = (1..=6)
            .map(|n| format!("http_500_before@GET /user#{n}"))
            .collect();
        let down = format!("--speed 20 --faults '{}'", down.join(","));
        terminal.start(&down);
        terminal.until("golive rests", rests);
        terminal.press(&["n"]);
        terminal.see("Enter takes the rehearsal's own");
        terminal.press(&["Enter"]);
        terminal.see("0.github is not known: r looks");
        terminal.press(&["r"]);
        terminal.see("wants 5 changes approved");
        terminal.until("golive rests", rests);
        approve(&terminal);
        terminal.until("the changes", |screen| settled(screen) >= 7);
        terminal.press(&["q"]);
        assert_eq!(terminal.prompt(), 10);

        // It goes on where it was, without asking for what it has.
        terminal.start("");
        let resumed = terminal.until("golive rests", rests);
        assert!(settled(&resumed) >= 7, "{resumed}");
        terminal.press(&["q"]);
        assert_eq!(terminal.prompt(), 10);
        terminal.is_as_found();
    }
}
