//! The main screen: map and step side by side from 100 columns on, one view at a time below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Scene, calls, log, map, plan, step, tabs};
use crate::tui::model::Tab;
use crate::tui::widget::pane::{self, Title};

pub fn draw(scene: &Scene<'_>, body: Rect, buf: &mut Buffer) {
    let tab = scene.ui.shown_tab();
    if scene.ui.zoom {
        content(scene, tab, body, buf);
        return;
    }
    if !scene.ui.is_wide() {
        narrow(scene, tab, body, buf);
        return;
    }
    let map_width = if body.width >= 120 { 40 } else { 30 };
    let left = Rect::new(body.x, body.y, map_width, body.height);
    let right = Rect::new(
        body.x + map_width,
        body.y,
        body.width - map_width,
        body.height,
    );
    let follow = if scene.ui.follow {
        "follow on"
    } else {
        "follow off"
    };
    let title = Title::new("Launch map")
        .right(follow)
        .focused(tab == Tab::Step);
    let inner = pane::pane(left, buf, scene.theme, &title);
    map::draw(scene, inner, buf);
    if tab == Tab::Step {
        let (upper, lower) = split(right);
        framed(scene, tab, upper, buf);
        let inner = pane::pane(lower, buf, scene.theme, &log::title(scene));
        log::draw(scene, inner, buf);
    } else {
        framed(scene, tab, right, buf);
    }
}

/// The step above, the log below: the log takes a good third.
fn split(area: Rect) -> (Rect, Rect) {
    let lower = (area.height * 2 / 5).clamp(3, 13).min(area.height);
    let upper = area.height - lower;
    (
        Rect::new(area.x, area.y, area.width, upper),
        Rect::new(area.x, area.y + upper, area.width, lower),
    )
}

fn narrow(scene: &Scene<'_>, tab: Tab, body: Rect, buf: &mut Buffer) {
    if tab == Tab::Step && body.height >= 14 {
        let lower = (body.height / 3).min(6);
        let upper = Rect::new(body.x, body.y, body.width, body.height - lower);
        let below = Rect::new(body.x, upper.bottom(), body.width, lower);
        framed(scene, tab, upper, buf);
        let inner = pane::pane(below, buf, scene.theme, &log::title(scene));
        log::draw(scene, inner, buf);
    } else {
        framed(scene, tab, body, buf);
    }
}

fn framed(scene: &Scene<'_>, tab: Tab, area: Rect, buf: &mut Buffer) {
    let number = scene.ui.step(scene.view).map(|step| step.number.as_str());
    let number = number.unwrap_or("");
    let left = match tab {
        Tab::Step => format!("Step {number}"),
        Tab::Map => "Launch map".into(),
        Tab::Plan => format!("Plan of step {number}"),
        Tab::Calls => format!("Calls ({})", scene.view.calls.len()),
        Tab::Log => log::title(scene).left,
    };
    let focused = tab != Tab::Step || !scene.ui.is_wide();
    let title = Title::new(left).right(tabs(scene)).focused(focused);
    let inner = pane::pane(area, buf, scene.theme, &title);
    content(scene, tab, inner, buf);
}

fn content(scene: &Scene<'_>, tab: Tab, area: Rect, buf: &mut Buffer) {
    match tab {
        Tab::Step => step::draw(scene, area, buf),
        Tab::Map => map::draw(scene, area, buf),
        Tab::Plan => plan::draw(scene, area, buf),
        Tab::Calls => calls::draw(scene, area, buf),
        Tab::Log => log::draw(scene, area, buf),
    }
}
