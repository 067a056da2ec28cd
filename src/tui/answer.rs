//! Answers: the form for a person's word, the field for a secret, and the approval of a plan.

use tokio::time::Instant;

use super::act::changes;
use super::model::{
    Confirm, Effect, Form, FormKind, Open, Tab, UiState, Word, operator, wanted_ids,
};
use super::widget::input::Input;
use crate::plan::ItemId;
use crate::request::Request;
use crate::secret::SecretName;
use crate::view::View;

pub fn new_form(view: &View, item: ItemId, kind: FormKind) -> Form {
    let name = view.outline.operator.trim();
    Form {
        kind,
        item,
        finding: None,
        name: Input::new(name),
        note: Input::default(),
        // The name is proposed; what is left to type is the note.
        on_note: !name.is_empty() && kind != FormKind::Untick,
    }
}

pub fn form_label(ui: &UiState) -> Option<&'static str> {
    let Some(Open::Form(form)) = ui.open.last() else {
        return None;
    };
    Some(match form.kind {
        _ if !form.is_complete() => "next field",
        FormKind::Attest => "say so",
        FormKind::Waive => "waive",
        FormKind::Skip => "skip",
        FormKind::Untick => "take back",
        FormKind::Accept => "accept",
    })
}

impl Form {
    pub fn is_complete(&self) -> bool {
        let noted = self.kind == FormKind::Untick || !self.note.text().trim().is_empty();
        !self.name.text().trim().is_empty() && noted
    }
}

pub fn submit(ui: &mut UiState, at: Instant) -> Vec<Effect> {
    let Some(Open::Form(form)) = ui.open.last_mut() else {
        return Vec::new();
    };
    if !form.is_complete() {
        form.on_note = !form.name.text().trim().is_empty() && form.kind != FormKind::Untick;
        ui.say(
            "A name and a note are needed: a record without them says nothing.",
            at,
        );
        return Vec::new();
    }
    let form = form.clone();
    let item = form.item;
    let by = form.name.text().trim().to_string();
    let why = form.note.text().trim().to_string();
    let request = match form.kind {
        FormKind::Attest => Request::Attest {
            item,
            by,
            note: why,
        },
        FormKind::Waive => Request::Waive { item, by, why },
        FormKind::Skip => Request::Skip { item, by, why },
        FormKind::Untick => Request::Untick { item, by },
        FormKind::Accept => Request::Accept {
            finding: form.finding.unwrap_or_default(),
            by,
            why,
        },
    };
    ui.open.pop();
    // The question behind the form is answered with it.
    if matches!(ui.open.last(), Some(Open::Item { .. })) {
        ui.open.pop();
    }
    vec![Effect::Ask(request)]
}

pub fn secret_label(ui: &UiState) -> Option<&'static str> {
    match ui.open.last() {
        Some(Open::Secret { field, .. }) if !field.is_empty() => Some("keep"),
        Some(Open::Secret { slot, .. }) if (ui.lookup.rehearsal_secret)(slot).is_some() => {
            Some("take the rehearsal's own")
        }
        _ => None,
    }
}

pub fn give_secret(ui: &mut UiState, at: Instant) -> Vec<Effect> {
    let Some(Open::Secret { slot, field, .. }) = ui.open.last_mut() else {
        return Vec::new();
    };
    if let Some(Err(why)) = &field.shape {
        // The screen names what is asked for: the reason has the line to itself.
        let text = format!("Not handed over: {why}.");
        ui.say(text, at);
        return Vec::new();
    }
    let value = match field.is_empty() {
        false => Some(field.take()),
        true => (ui.lookup.rehearsal_secret)(slot),
    };
    let Some(value) = value else {
        return Vec::new();
    };
    let name = SecretName::new(slot.clone());
    let text = format!("{slot} is handed over: golive tries it.");
    let next = next_of(&name);
    if let Some(next) = next {
        // Two sign together: the second is asked for in the same breath.
        *slot = next.to_string();
        ui.say(format!("{name} is handed over. {next} goes with it."), at);
        return vec![Effect::Ask(Request::GiveSecret { slot: name, value })];
    }
    ui.open.pop();
    // The question behind the field is answered with it.
    if matches!(ui.open.last(), Some(Open::Item { .. })) {
        ui.open.pop();
    }
    ui.say(text, at);
    vec![Effect::Ask(Request::GiveSecret { slot: name, value })]
}

/// What is asked for after this one, where several sign together.
fn next_of(slot: &SecretName) -> Option<&'static SecretName> {
    let way = crate::tokens::of_slot(slot)?.way_of(slot)?;
    let at = way.slots.iter().position(|own| own.name == *slot)?;
    way.slots.get(at + 1).map(|next| &next.name)
}

pub fn confirm(ui: &mut UiState, view: &View) -> Vec<Effect> {
    let Some(step) = ui.step(view) else {
        return Vec::new();
    };
    let wanted = || view.wanted.get(&step.number).into_iter().flatten();
    let names = wanted().filter_map(|row| row.confirm.clone());
    let names = names.map(|text| Word { text, cost: None });
    let total = view.cost(wanted()).map(|cost| Word {
        text: cost.word.clone(),
        cost: Some(cost),
    });
    let confirm = Confirm {
        step: step.number.clone(),
        rows: wanted_ids(view, &step.number),
        words: names.chain(total).collect(),
        typed: Vec::new(),
        input: Input::default(),
    };
    ui.open.push(Open::Confirm(confirm));
    Vec::new()
}

pub fn confirm_label(ui: &UiState) -> Option<&'static str> {
    match ui.open.last() {
        Some(Open::Confirm(confirm)) if confirm.word().is_some() => Some("check the word"),
        Some(Open::Confirm(_)) => Some("approve"),
        _ => None,
    }
}

pub fn approve(ui: &mut UiState, view: &View, at: Instant) -> Vec<Effect> {
    let Some(Open::Confirm(confirm)) = ui.open.last_mut() else {
        return Vec::new();
    };
    if let Some(word) = confirm.word().map(|word| word.text.clone()) {
        if confirm.input.text() != word {
            confirm.input.clear();
            ui.say(format!("That is not {word}. Nothing was approved."), at);
            return Vec::new();
        }
        confirm.typed.push(word);
        confirm.input.clear();
        // Typing the last word is the approval of what stands beside it.
        if confirm.word().is_some() {
            return Vec::new();
        }
    }
    let (rows, typed) = (confirm.rows.clone(), confirm.typed.clone());
    ui.open.pop();
    ui.follow = true;
    ui.tab = Tab::Step;
    ui.say(format!("Approved: {}.", changes(rows.len())), at);
    let by = operator(view);
    vec![Effect::Ask(Request::Approve { rows, typed, by })]
}
