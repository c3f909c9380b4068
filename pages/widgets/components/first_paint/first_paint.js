// Marks the document as still when the first script run is over, no widget waits for its code any more, and the page
// has kept its height for a moment. The mark stays, so that later runs and other pages are never hidden.

const STILL = "ae-still";
const MOMENT = 120; // milliseconds
const LONGEST = 5000; // milliseconds until the page is shown in any case

const watch = { begun: false };

export default function () {
  if (watch.begun) return;
  watch.begun = true;
  const begun = performance.now();
  let height = -1, since = begun;
  const look = () => {
    const now = performance.now();
    const running = !document.querySelector('[data-testid="stApp"][data-test-script-state="notRunning"]');
    const current = document.querySelector('[data-testid="stMainBlockContainer"]')?.scrollHeight;
    if (running || current !== height || document.querySelector('[data-testid="stSkeleton"]')) {
      height = current;
      since = now;
    }
    if (now - since >= MOMENT || now - begun >= LONGEST) document.documentElement.classList.add(STILL);
    else window.setTimeout(look, 20);
  };
  look();
}
