//! A run as lines that are only ever appended: one a change, a heartbeat while the world is awaited, a summary last.

use std::io::{self, Write};

use jiff::Timestamp;

use crate::event::{Call, Durable, Event, Live};
use crate::journal::state::Standing;
use crate::plan::{Blocker, ItemId, Row, plan_name};
use crate::secret::SecretName;
use crate::tokens;
use crate::view::{Doing, ItemOutline, Shown, View, approving};

/// Writes lines. Progress goes to one writer, what was asked for to another: the caller chooses.
pub struct Lines<W> {
    out: W,
    /// The world's time is on each line of a rehearsal.
    rehearsal: bool,
    waiting_told: Vec<(String, String)>,
}

impl<W: Write> Lines<W> {
    pub fn new(out: W, rehearsal: bool) -> Self {
        Self {
            out,
            rehearsal,
            waiting_told: vec![],
        }
    }

    /// The first line: what is worked on, and whether it is real.
    pub fn begin(&mut self, view: &View, vault: &str) -> io::Result<()> {
        let outline = &view.outline;
        let mark = if self.rehearsal {
            "REHEARSAL, nothing real is touched. "
        } else {
            ""
        };
        let resumed = match view.state.openings {
            0 | 1 => String::new(),
            n => format!(", opened {n} times"),
        };
        let counts = view.counts();
        writeln!(
            self.out,
            "{mark}golive {} ({}{resumed}). {} of {} items settled. Secrets: {vault}.",
            outline.name, outline.launch, counts.done, counts.total
        )
    }

    /// One event, when it is worth a line.
    pub fn event(&mut self, event: &Event, view: &View) -> io::Result<()> {
        match event {
            Event::Durable(record) => {
                if let Some(text) = durable(&record.durable, view) {
                    self.line(
                        record.at,
                        record.durable.item().map(|item| item.as_str()),
                        &text,
                    )?;
                }
                Ok(())
            }
            Event::Live(live) => self.live(live, view),
        }
    }

    fn live(&mut self, live: &Live, view: &View) -> io::Result<()> {
        match live {
            Live::Planned { step, rows } if !rows.is_empty() => self.plan(step, rows, view),
            Live::Waiting {
                item, wait, until, ..
            } => {
                let told = (item.to_string(), wait.seen.clone());
                if self.waiting_told.contains(&told) {
                    return Ok(());
                }
                self.waiting_told.push(told);
                let text = format!(
                    "waits for {}: expected {}, seen {}; at the latest {} ({})",
                    wait.condition,
                    wait.expected,
                    wait.seen,
                    clock(*until),
                    wait.why
                );
                self.line(view.now, Some(item.as_str()), &text)
            }
            Live::BackingOff {
                provider,
                why,
                attempt,
                attempts_max,
                until,
            } => {
                let text = format!(
                    "{provider}: {why}; try {attempt} of {attempts_max} at {}",
                    clock(*until)
                );
                self.line(view.now, None, &text)
            }
            Live::Unknown { item, failure } => {
                let text = format!("not known: {}: {}", failure.what, failure.cause);
                self.line(view.now, Some(item.as_str()), &text)
            }
            Live::Call(call) if call.mutating => {
                self.line(call.at, item_of(call), &call.to_string())
            }
            Live::Said { item, text } => {
                self.line(view.now, item.as_ref().map(|item| item.as_str()), text)
            }
            Live::Declined { text } => self.line(view.now, None, text),
            _ => Ok(()),
        }
    }

    /// The rows of a step that want an approval.
    fn plan(&mut self, step: &str, rows: &[Row], view: &View) -> io::Result<()> {
        let title = view
            .outline
            .step(step)
            .map(|step| step.title.as_str())
            .unwrap_or_default();
        writeln!(
            self.out,
            "Step {step}, {title}. Plan {}: {} change(s).",
            plan_name(rows),
            rows.len()
        )?;
        for row in rows {
            self.row(row)?;
        }
        let Some(cost) = view.cost(rows) else {
            return Ok(());
        };
        writeln!(
            self.out,
            "  Total {}. They are approved together: --confirm {}",
            cost.sentence(),
            cost.word
        )?;
        for page in &cost.pages {
            writeln!(self.out, "      unknown prices: {page}")?;
        }
        Ok(())
    }

    fn row(&mut self, row: &Row) -> io::Result<()> {
        let mut marks = vec![row.undo.word().to_string()];
        if row.not_made_by_golive {
            marks.push("not made by golive".into());
        }
        if row.restores_drift {
            marks.push("puts back what someone changed".into());
        }
        if let Some(after) = &row.known_after {
            marks.push(format!("known after {after}"));
        }
        if let Some(word) = &row.confirm {
            marks.push(format!("--confirm {word}"));
        }
        writeln!(self.out, "  {row}   [{}; {}]", row.item, marks.join("; "))?;
        for line in &row.detail {
            writeln!(self.out, "      {line}")?;
        }
        Ok(())
    }

    /// While nothing else is said: what is waited for.
    pub fn heartbeat(&mut self, view: &View) -> io::Result<()> {
        for (id, live) in &view.live {
            if let Doing::Waiting { wait, until, .. } = &live.doing {
                writeln!(
                    self.out,
                    "still waiting: {id}: {}, seen {}; at the latest {}",
                    wait.condition,
                    wait.seen,
                    clock(*until)
                )?;
            }
        }
        Ok(())
    }

    fn line(&mut self, at: Timestamp, item: Option<&str>, text: &str) -> io::Result<()> {
        writeln!(
            self.out,
            "{} {:<18} {text}",
            clock(at),
            item.unwrap_or_default()
        )
    }

    /// The rows of every step that wants some.
    pub fn plans(&mut self, view: &View) -> io::Result<()> {
        for step in view.outline.steps() {
            if let Some(rows) = view.wanted.get(&step.number) {
                self.plan(&step.number, rows, view)?;
            }
        }
        Ok(())
    }

    /// The last lines: whatever is open, what to live with or mend, what would approve the plans, and the counts.
    pub fn summary(&mut self, view: &View) -> io::Result<()> {
        self.open(view)?;
        self.found(view)?;
        self.approving(view)?;
        self.counts(view)
    }

    /// Every finding that nobody has accepted, with its fix.
    pub fn found(&mut self, view: &View) -> io::Result<()> {
        for (id, _) in view.open_findings() {
            for line in findings(view, &id) {
                writeln!(self.out, "{line}")?;
            }
        }
        Ok(())
    }

    /// For each step that wants changes approved, the command that does it with all the words it needs.
    pub fn approving(&mut self, view: &View) -> io::Result<()> {
        for step in view.outline.steps() {
            let Some(rows) = view.wanted.get(&step.number) else {
                continue;
            };
            let rows: Vec<&Row> = rows.iter().collect();
            let looking = rows.iter().filter(|row| row.wants_a_person());
            let looking = looking.filter(|row| row.confirm.is_none()).count();
            let command = approving(&step.number, &rows, &view.outline.name);
            let text = match (command, looking) {
                (Some(command), 0) => command,
                (Some(command), n) => {
                    format!("{command}; {n} of them only where a person looks: golive")
                }
                (None, _) => "only where a person looks: golive".into(),
            };
            let changes = match rows.len() {
                1 => "1 change".into(),
                n => format!("{n} changes"),
            };
            writeln!(
                self.out,
                "Step {} wants {changes} approved: {text}",
                step.number
            )?;
        }
        Ok(())
    }

    /// Whatever is open, why, and what to type.
    pub fn open(&mut self, view: &View) -> io::Result<()> {
        for step in view.outline.steps() {
            for item in &step.items {
                let shown = view.shown(item);
                if shown.is_settled() {
                    continue;
                }
                writeln!(self.out, "{:<18} {}: {}", item.id, shown.word(), item.title)?;
                for line in open_item(view, item) {
                    writeln!(self.out, "    {line}")?;
                }
            }
        }
        Ok(())
    }

    fn counts(&mut self, view: &View) -> io::Result<()> {
        let counts = view.counts();
        let mark = if self.rehearsal { "REHEARSAL: " } else { "" };
        writeln!(self.out, "{mark}{}", tally(view))?;
        let rest = counts.total - counts.done;
        match rest {
            0 => writeln!(self.out, "All {} items are settled.", counts.total),
            _ => writeln!(
                self.out,
                "{} of {} items are settled, {rest} open. Your state is saved.",
                counts.done, counts.total
            ),
        }
    }
}

/// How many items stand in each state, by its word.
fn tally(view: &View) -> String {
    let mut counts = std::collections::BTreeMap::<Shown, usize>::new();
    for item in view.outline.items() {
        *counts.entry(view.shown(item)).or_default() += 1;
    }
    counts
        .iter()
        .map(|(state, count)| format!("{count} {}", state.word()))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Why an item is open and what to do about it.
pub fn open_item(view: &View, item: &ItemOutline) -> Vec<String> {
    let waits = view.waits_for(item);
    if view.shown(item) == Shown::Blocked {
        let needs: Vec<String> = waits.iter().map(ToString::to_string).collect();
        return vec![format!("needs {}", needs.join(", "))];
    }
    if let Some(failure) = view
        .live
        .get(&item.id)
        .and_then(|live| live.unknown.as_ref())
    {
        return vec![
            format!("{}: {}", failure.what, failure.cause),
            format!("hint: golive run {}", item.id),
        ];
    }
    match view.item_state(&item.id).map(|state| &state.standing) {
        Some(Standing::Failed(failure)) => {
            let mut lines = vec![
                format!("{}", failure.what),
                format!("caused by: {}", failure.cause),
            ];
            lines.extend(
                failure
                    .likely
                    .iter()
                    .map(|likely| format!("most likely: {likely}")),
            );
            lines.push(format!("code {} (golive explain {0})", failure.code));
            lines.extend(failure.hint.iter().map(|hint| format!("hint: {hint}")));
            lines
        }
        Some(Standing::Blocked(blocker)) => blocked(item, blocker),
        Some(Standing::Drifted { was, now }) => {
            vec![
                format!("was: {was}"),
                format!("now: {now}"),
                format!("hint: golive plan {}", item.id),
            ]
        }
        _ => {
            let rows = view.wanted.get(item.id.step()).into_iter().flatten();
            let rows: Vec<&Row> = rows.filter(|row| row.item == item.id).collect();
            match approving(item.id.as_str(), &rows, &view.outline.name) {
                _ if rows.is_empty() => vec![],
                Some(command) => vec![format!(
                    "its changes are not approved; hint: {command}, or golive"
                )],
                None => vec!["its changes are not approved; hint: golive".into()],
            }
        }
    }
}

/// What is to be looked at about a settled item: each with its fix, and by whom it is accepted.
pub fn findings(view: &View, id: &ItemId) -> Vec<String> {
    let lines = view.findings(id).into_iter().flat_map(|found| {
        let head = format!("finding {}: {}", found.name, found.finding.text);
        let tail = match found.accepted {
            Some((by, why)) => format!("    accepted by {by}: {why}"),
            None => format!("    to do: {}", found.finding.fix),
        };
        let accept = found
            .accepted
            .is_none()
            .then(|| format!("    or: golive accept {} --by NAME --why TEXT", found.name));
        [head, tail].into_iter().chain(accept)
    });
    lines.collect()
}

/// The command that gives another token where this item is.
fn login(item: &ItemOutline) -> String {
    let provider = item.provider.map(|provider| provider.word());
    format!("golive login {}", provider.unwrap_or_default())
        .trim_end()
        .into()
}

fn blocked(outline: &ItemOutline, blocker: &Blocker) -> Vec<String> {
    let item = outline.id.as_str();
    let mut lines = vec![blocker.sentence()];
    match blocker {
        Blocker::SecretMissing { slot, .. } | Blocker::TokenRefused { slot, .. } => {
            let name = SecretName::new(slot.clone());
            let login = tokens::of_slot(&name)
                .map(|token| format!("golive login {}, or ", token.provider.word()));
            lines.push(format!(
                "hint: {}golive secrets set {slot}, or ${}",
                login.unwrap_or_default(),
                name.variable()
            ));
        }
        Blocker::OtherAccount { .. } => lines.push(format!("hint: {}", login(outline))),
        Blocker::Attest { url, rests_on, .. } => {
            lines.extend(url.iter().map(|url| format!("look at: {url}")));
            lines.push(format!("it holds for {rests_on}"));
            lines.push(format!("hint: golive tick {item} --by NAME --note TEXT"));
        }
        Blocker::Choose { key, options, .. } => {
            lines.extend(
                options
                    .iter()
                    .map(|way| format!("{}: {}", way.word, way.text)),
            );
            lines.push(format!(
                "hint: in an answers file, under [answers]: \"{item}.{key}\" = \"{}\"",
                options
                    .first()
                    .map(|way| way.word.as_str())
                    .unwrap_or_default()
            ));
        }
        Blocker::ByHand { url, paste, .. } => {
            lines.extend(url.iter().map(|url| format!("where: {url}")));
            lines.extend(paste.iter().map(|line| format!("| {line}")));
            lines.push(format!("then: golive run {item}"));
        }
        Blocker::Review { url, .. } => {
            lines.push(format!("where: {url}"));
            lines.push(format!("then: golive run {item}"));
        }
        Blocker::Forbidden { url, .. } => {
            lines.extend(url.iter().map(|url| format!("where: {url}")));
            lines.push(format!(
                "then: {}, or the same token with the right added",
                login(outline)
            ));
        }
        Blocker::Taken { .. } | Blocker::Drift { .. } | Blocker::Unclear { .. } => {
            lines.push(format!("hint: golive plan {item}"));
        }
    }
    lines
}

fn durable(durable: &Durable, view: &View) -> Option<String> {
    match durable {
        Durable::Settled { evidence, .. } => {
            let notes = evidence
                .notes
                .iter()
                .map(|note| format!("\n{:28}{note}", ""))
                .collect::<String>();
            let found = evidence.findings.iter();
            let found = found
                .map(|finding| format!("\n{:28}finding: {finding}", ""))
                .collect::<String>();
            Some(format!("settled: {}{notes}{found}", evidence.text))
        }
        Durable::Sent { .. } | Durable::Opened { .. } | Durable::Adopted { .. } => None,
        other => crate::view::sentence(other, &view.names),
    }
}

fn item_of(call: &Call) -> Option<&str> {
    call.item.as_ref().map(|item| item.as_str())
}

fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}
