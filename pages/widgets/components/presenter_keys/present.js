// The presenter's keys: arrows, Page Up and Page Down (what clickers send) step, Escape leaves. The step is counted
// here, so that fast presses are not lost while the page is drawn; each is reported as an absolute number.

const STEPS = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };

const LEAVE = -1; // a step of its own, so that it cannot be overtaken by one before it

export default function (component) {
  const { parentElement, data, setStateValue } = component;
  const root = parentElement.querySelector(".present-keys");
  const told = root.querySelector(".told");
  // Called again whenever the page is drawn: what is kept here outlives that, and the keys are listened to once.
  const mine = (root.mine ??= { step: data.step, sent: null, version: data.version });
  const late = mine.sent !== null && data.step !== mine.sent && data.version === mine.version;
  if (!late) Object.assign(mine, { step: data.step, sent: null, version: data.version });
  const show = () => (told.textContent = `${mine.step + 1} / ${data.count}`);

  const go = (step) => {
    const wanted = Math.min(Math.max(step, 0), data.count - 1);
    if (wanted === mine.step) return;
    mine.step = mine.sent = wanted;
    show();
    setStateValue("step", wanted);
  };
  const leave = () => setStateValue("step", LEAVE);
  const onkey = (event) => {
    const at = event.composedPath()[0]?.tagName ?? "";
    if (event.altKey || event.ctrlKey || event.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(at)) return;
    if (event.key === "Escape") leave();
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(data.count - 1);
    else if (event.key in STEPS && !(event.key === " " && at === "BUTTON")) go(mine.step + STEPS[event.key]);
    else return;
    event.preventDefault();
  };
  root.querySelector(".back").onclick = () => go(mine.step - 1);
  root.querySelector(".on").onclick = () => go(mine.step + 1);
  root.querySelector(".leave").onclick = leave;
  show();
  document.removeEventListener("keydown", mine.onkey);
  document.addEventListener("keydown", onkey);
  mine.onkey = onkey;
  return () => document.removeEventListener("keydown", mine.onkey);
}
