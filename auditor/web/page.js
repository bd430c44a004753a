"use strict";
(function () {
  const root = document.documentElement;
  root.classList.add("js");
  const byId = (id) => document.getElementById(id);

  /* Light and dark: as the system likes until the button is used. */
  const theme = byId("theme");
  if (theme) theme.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  /* Copying, by the clipboard or by hand where a browser forbids it to files. */
  function byHand(text) {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done ? Promise.resolve() : Promise.reject(new Error("not copied"));
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const text = button.parentElement.querySelector("code").textContent;
    const first = navigator.clipboard ? navigator.clipboard.writeText(text) : Promise.reject();
    first.catch(() => byHand(text)).then(
      () => { button.textContent = "Copied"; },
      () => { button.textContent = "Select and copy"; }
    ).finally(() => setTimeout(() => { button.textContent = "Copy"; }, 1600));
  });

  /* What a link leads to is opened. */
  function openTarget() {
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch (error) { return; }
    const target = id && byId(id);
    if (!target) return;
    target.hidden = false;
    const details = target.matches("details") ? target : target.querySelector("details");
    if (details) details.open = true;
    target.scrollIntoView();
  }
  addEventListener("hashchange", openTarget);

  /* On paper everything is open. */
  let closed = [];
  addEventListener("beforeprint", () => {
    const now = [...document.querySelectorAll("details:not([open])")];
    for (const each of now) each.open = true;
    closed.push(...now);
  });
  addEventListener("afterprint", () => {
    for (const each of closed) each.open = false;
    closed = [];
  });
  const print = byId("print");
  if (print) print.addEventListener("click", () => window.print());

  /* Filters. */
  const form = byId("filters");
  const list = byId("list");
  if (form && list) {
    const told = JSON.parse(byId("data").textContent);
    const items = [...list.children].map((node) => ({
      node, data: node.dataset, text: "", controls: told.controls[node.dataset.rule] || []
    }));
    const number = new Intl.NumberFormat("en");
    const chosen = (name) => [...form.querySelectorAll(`[name=${name}]:checked`)].map((x) => x.value);
    const value = (name) => (form.elements[name] ? form.elements[name].value : "");

    const fits = (item, wanted) =>
      (!wanted.severities.length || wanted.severities.includes(item.data.severity)) &&
      (!wanted.statuses.length || wanted.statuses.includes(item.data.status)) &&
      (!wanted.family || wanted.family === item.data.family) &&
      (!wanted.control || item.controls.includes(wanted.control)) &&
      wanted.words.every((word) => {
        if (!item.text) item.text = item.node.textContent.toLowerCase();
        return item.text.includes(word);
      });

    function apply() {
      const wanted = {
        severities: chosen("severity"), statuses: chosen("status"),
        family: value("family"), control: value("control"),
        words: value("text").toLowerCase().split(/\s+/).filter(Boolean)
      };
      let shown = 0;
      for (const item of items) {
        const fit = fits(item, wanted);
        item.node.hidden = !fit;
        if (fit) shown += 1;
      }
      const all = shown === items.length;
      byId("shown").textContent = all ? `${number.format(shown)} shown`
        : `${number.format(shown)} of ${number.format(items.length)} shown`;
      byId("nothing").hidden = shown > 0;
    }
    let waiting = 0;
    form.addEventListener("input", (event) => {
      clearTimeout(waiting);
      if (event.target.type === "search") waiting = setTimeout(apply, 60); else apply();
    });
    form.addEventListener("reset", () => setTimeout(apply));
    form.addEventListener("submit", (event) => event.preventDefault());
    byId("again").addEventListener("click", () => form.reset());
    const every = (open) => {
      for (const item of items) if (!open || !item.node.hidden) item.node.firstElementChild.open = open;
    };
    byId("open-all").addEventListener("click", () => every(true));
    byId("close-all").addEventListener("click", () => every(false));

    /* Up and down go from finding to finding. */
    list.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step || !event.target.matches("summary")) return;
      const shown = items.filter((item) => !item.node.hidden).map((item) => item.node);
      const next = shown[shown.indexOf(event.target.closest(".finding")) + step];
      if (!next) return;
      event.preventDefault();
      next.querySelector("summary").focus();
    });
    if (value("text") || chosen("severity").length || chosen("status").length) apply();
  }
  openTarget();
})();
