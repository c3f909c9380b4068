"""How much of a page moves by itself, as Chromium counts it: layout shift, summed.

Each entry is the share of the window that moved times how far it moved, as a share of the window's larger side. All
entries are summed, also those within half a second of an input, which the usual score (CLS) leaves out: a knob is not
asked to move the page.
"""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page

# To run before a page's own scripts, so that no entry is missed.
OBSERVE = """
window.layoutShifts = [];
const named = node => {
  const parts = [];
  for (let at = node.nodeType === 1 ? node : node.parentElement; at && parts.length < 4; at = at.parentElement) {
    const key = [...at.classList].find(name => name.startsWith("st-key-") || name.startsWith("ae-"));
    const name = key ?? at.dataset.testid;
    if (name) parts.push(name);
  }
  return parts.join(" < ") || node.nodeName;
};
const box = rect => [rect.x, rect.y, rect.width, rect.height].map(Math.round).join(" ");
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) window.layoutShifts.push({
    value: entry.value,
    time: Math.round(entry.startTime),
    sources: entry.sources.filter(source => source.node).map(source =>
      `${named(source.node)}: ${box(source.previousRect)} -> ${box(source.currentRect)}`),
  });
}).observe({ type: "layout-shift", buffered: true });
"""


@dataclass(frozen=True)
class Shift:
    """One entry: its value, its time in milliseconds since the page was asked for, and what moved from where to
    where."""

    value: float
    time: int
    sources: list[str]


def observe(page: Page) -> None:
    """Count the shifts of every page that `page` loads from now on."""
    page.add_init_script(OBSERVE)


def take(page: Page) -> list[Shift]:
    """The shifts since the page was loaded or since the last call."""
    return [Shift(**entry) for entry in page.evaluate("layoutShifts.splice(0)")]


def total(shifts: list[Shift]) -> float:
    return sum(shift.value for shift in shifts)
