"use strict";
/* The page without its charts: theme, copying, folding. Everything can be read without it. */
(() => {
  const root = document.documentElement;
  const wanted = new URLSearchParams(location.search).get("theme") ||
    new URLSearchParams(location.hash.replace(/^#\??/, "")).get("theme");
  const remembered = (() => {
    try { return localStorage.getItem("hormesis-theme"); } catch { return null; }
  })();
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = [wanted, remembered].find((one) => one === "light" || one === "dark");
  if (chosen) root.dataset.theme = chosen;

  const changed = () => document.dispatchEvent(new Event("hormesis:theme"));
  const isDark = () =>
    root.dataset.theme === "dark" || (root.dataset.theme === "auto" && system.matches);
  const button = document.querySelector("[data-theme-button]");
  const tell = () => { button.textContent = isDark() ? "☀ Light" : "☾ Dark"; };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("hormesis-theme", root.dataset.theme); } catch { /* file only */ }
    tell();
    changed();
  });
  system.addEventListener("change", () => { tell(); changed(); });
  tell();

  for (const copy of document.querySelectorAll("[data-copy]")) {
    copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(copy.dataset.copy);
        copy.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(copy.previousElementSibling);
        copy.textContent = "Selected";
      }
      setTimeout(() => { copy.textContent = "Copy"; }, 1600);
    });
  }

  const runs = [...document.querySelectorAll("details.run")];
  const openLinked = () => {
    const linked = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (linked && linked.matches("details")) {
      linked.open = true;
      linked.scrollIntoView();
    }
  };
  addEventListener("hashchange", openLinked);
  openLinked();
  const fold = document.querySelector("[data-fold]");
  if (fold) {
    const label = () => { fold.textContent = runs.every((run) => run.open) ? "Close all" : "Open all"; };
    fold.hidden = false;
    fold.addEventListener("click", () => {
      const open = !runs.every((run) => run.open);
      for (const run of runs) run.open = open;
      label();
    });
    for (const run of runs) run.addEventListener("toggle", label);
    label();
  }
  /* Paper is white: print the light theme, and everything that is folded. */
  let shown = null;
  addEventListener("beforeprint", () => {
    shown = { theme: root.dataset.theme, open: runs.map((run) => run.open) };
    for (const run of runs) run.open = true;
    root.dataset.theme = "light";
    changed();
    document.dispatchEvent(new Event("hormesis:draw-all"));
  });
  addEventListener("afterprint", () => {
    if (!shown) return;
    root.dataset.theme = shown.theme;
    runs.forEach((run, index) => { run.open = shown.open[index]; });
    shown = null;
    changed();
  });
})();
