"use strict";
// Everything here is a convenience: the pages are complete without it.
(() => {
  const copied = (button, done) => {
    button.textContent = done ? "Copied" : "Select and copy";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  };
  const selected = (code) => getSelection().selectAllChildren(code);
  for (const code of document.querySelectorAll("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy ${code.dataset.copy}`);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        copied(button, true);
      } catch {
        selected(code);
        copied(button, document.execCommand("copy"));
      }
    });
    code.after(button);
  }

  const view = document.getElementById("activity");
  if (!view) return;
  const every = 1000; // milliseconds
  let paused = false;
  const refresh = document.querySelector(".refresh");
  const pause = document.createElement("button");
  pause.type = "button";
  pause.className = "pause";
  pause.textContent = "Pause";
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.textContent = paused ? "Resume" : "Pause";
  });
  refresh.replaceWith(pause);

  const look = async () => {
    const busy = view.contains(document.activeElement) || !getSelection().isCollapsed;
    if (!paused && !busy && !document.hidden) {
      try {
        const answer = await fetch(view.dataset.source, { cache: "no-store" });
        if (answer.ok) view.innerHTML = await answer.text();
      } catch {
        paused = true; // the server is gone
        pause.textContent = "Resume";
      }
    }
    setTimeout(look, every);
  };
  setTimeout(look, every);
})();
