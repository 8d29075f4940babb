"use strict";
// Everything here is a convenience: the page is complete without it.
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");

  const rows = [...document.querySelectorAll("tr[data-outcome]")];
  const search = document.getElementById("search");
  const level = document.getElementById("level");
  const outcome = document.getElementById("outcome");
  const shown = document.getElementById("shown");

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      const fits =
        words.every((word) => text.includes(word)) &&
        (!level.value || row.dataset.level === level.value) &&
        (!outcome.value || row.dataset.outcome === outcome.value);
      row.hidden = !fits;
      count += fits ? 1 : 0;
    }
    for (const body of document.querySelectorAll("tbody[data-area]")) {
      body.hidden = !body.querySelector("tr[data-outcome]:not([hidden])");
    }
    shown.textContent = count === rows.length ? "" : `${count} of ${rows.length} shown`;
  };
  for (const control of [search, level, outcome]) control.addEventListener("input", filter);
  filter();

  const copied = (button) => {
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };
  const copyOld = (text) => {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "offscreen";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  };
  for (const code of document.querySelectorAll("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy ${code.dataset.copy}`);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch {
        copyOld(code.textContent);
      }
      copied(button);
    });
    code.after(button);
  }

  for (const button of document.querySelectorAll("button[data-fold]")) {
    button.addEventListener("click", () => {
      const all = [...button.closest("section").querySelectorAll("details.exchange")];
      const open = !all.every((one) => one.open);
      for (const one of all) one.open = open;
      button.textContent = open ? "Fold all" : "Unfold all";
    });
  }
})();
