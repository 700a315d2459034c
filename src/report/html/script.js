"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const tools = document.getElementById("tools");
  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const cases = all("details.case");
  const groups = all(".category");

  let showAll = () => {};

  if (tools && cases.length) {
    const words = new Map(cases.map((one) => [one, one.querySelector("summary").textContent.toLowerCase()]));
    const folds = all(".category > details.fold");
    const failures = cases.filter((one) => one.matches(".is-fail:not(.known), .is-error:not(.known)") && !one.closest("details.fold"));
    const filters = all(".stat input");
    let opened = null;
    const apply = () => {
      const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const out = filters.filter((box) => !box.checked).map((box) => `is-${box.id.slice("show-".length)}`);
      let count = 0;
      for (const one of cases) {
        const text = words.get(one);
        one.hidden = !wanted.every((word) => text.includes(word)) || out.some((verdict) => one.classList.contains(verdict));
        if (!one.hidden) count += 1;
      }
      if (wanted.length && !opened) opened = folds.map((fold) => fold.open);
      folds.forEach((fold, at) => {
        const any = fold.querySelector("details.case:not([hidden])");
        fold.hidden = !any;
        if (wanted.length) fold.open = Boolean(any);
        else if (opened) fold.open = opened[at];
      });
      if (!wanted.length) opened = null;
      for (const group of groups) group.hidden = !group.querySelector("details.case:not([hidden])");
      shown.textContent = count !== cases.length ? `${count} of ${cases.length} cases` : `${cases.length} cases`;
    };
    for (const box of filters) box.addEventListener("change", apply);
    // A link leads to its case whatever was searched for.
    showAll = () => {
      search.value = "";
      for (const box of filters) box.checked = true;
      apply();
    };
    let timer = 0;
    search.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(apply, 80);
    });
    search.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        search.value = "";
        apply();
      }
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && document.activeElement !== search) {
        event.preventDefault();
        search.focus();
      }
    });
    const unfold = document.getElementById("unfold");
    unfold.addEventListener("click", () => {
      const open = unfold.getAttribute("aria-pressed") !== "true";
      unfold.setAttribute("aria-pressed", String(open));
      unfold.textContent = open ? "Close all" : "Open failures";
      for (const one of cases) one.open = open && failures.includes(one);
    });
    unfold.hidden = failures.length === 0;
    tools.hidden = false;
    apply();
  }

  for (const command of all(".command")) {
    const button = command.querySelector("button");
    if (!button || !navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(command.querySelector("code").textContent);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Not allowed";
      }
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
  }

  const reveal = () => {
    let id = "";
    try {
      id = decodeURIComponent(location.hash.slice(1));
    } catch {
      return;
    }
    const place = id && document.getElementById(id);
    if (!place) return;
    if (place.closest("[hidden]")) showAll();
    if (place.matches("details")) place.open = true;
    for (let up = place.closest("details.fold"); up; up = up.parentElement.closest("details.fold")) up.open = true;
    place.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  let unprinted = [];
  addEventListener("beforeprint", () => {
    unprinted = cases.filter((one) => !one.open && one.matches(".is-fail:not(.known), .is-error:not(.known)") && !one.hidden);
    for (const one of unprinted) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of unprinted) one.open = false;
  });
})();
