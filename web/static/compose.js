"use strict";
// What makes writing livelier: the lines about a text follow what is written, recipients become chips with suggestions, and plain
// characters come with one click. The form works without any of it.

const zone = document.getElementById("zone");
if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";

const form = document.getElementById("compose");
if (form) {
  const text = document.getElementById("text"), count = document.getElementById("count"), phone = document.getElementById("phone");
  const hint = document.getElementById("at-hint");
  document.getElementById("preview").hidden = true;
  if (zone.value) hint.textContent = hint.dataset.here.replace("ZONE", zone.value);
  const people = chips(document.getElementById("to"), () => later(true));

  // Why nothing was sent or kept stays until something is changed. Of recipients that cannot be read each answer says it anew.
  let refused = document.getElementById("problem");
  if (refused?.querySelector(".lines")) refused = null;
  form.addEventListener("input", () => { refused = null; });
  // What the count says besides stands below it.
  const keep = () => {
    if (!refused) return;
    const said = document.getElementById("problem");
    if (said?.textContent.trim() === refused.textContent.trim()) said.remove();
    else said?.removeAttribute("id");
    count.prepend(refused);
  };
  let timer, asked = 0, whole = false, short = null;
  const ask = async () => {
    const number = ++asked, fields = new URLSearchParams(new FormData(form));
    fields.delete("sheet");
    if (!whole) fields.set("to", people.first()); // the others do not change what the text takes
    const all = whole;
    whole = false;
    try {
      const answer = await fetch(form.dataset.url, { method: "POST", body: fields });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html"); // made and escaped by the server
      if (!answer.ok || number !== asked) {
        whole ||= all;
        if (all && number !== asked) later(); // what was asked since is not about all of them
        return;
      }
      const drawn = page.querySelector(".phone"), bad = page.getElementById("bad");
      if (all) people.mark([...page.querySelectorAll("[data-bad]")].map((one) => one.dataset.bad));
      else if (bad) bad.remove();
      phone.replaceChildren(...(drawn ? [drawn] : []));
      count.replaceChildren(...page.body.childNodes);
      if (all) short = document.getElementById("short");
      else if (short) count.append(short); // the last look at all recipients said it
      keep();
    } catch { whole ||= all; /* the next letter asks again */ }
  };
  function later(recipients) {
    whole ||= recipients === true;
    clearTimeout(timer);
    timer = setTimeout(ask, 250);
  }
  form.addEventListener("input", (event) => { if (!["find", "saveas", "upload"].includes(event.target.id) && event.target.id !== "to") later(); });
  form.addEventListener("submit", () => people.commit());
  if (text.value || people.first()) later(true);

  // Plain characters, one or all, in their place at once.
  count.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-from], button[data-all]");
    if (!button) return;
    event.preventDefault();
    for (const one of button.dataset.all ? count.querySelectorAll("button[data-from]") : [button]) {
      text.value = text.value.replaceAll(one.dataset.from, one.dataset.by);
    }
    text.focus();
    later();
  });
  // A click on what is said of Unicode shows where.
  count.addEventListener("click", (event) => {
    const note = event.target.closest(".unicode");
    if (!note || event.target.closest("button")) return;
    const at = [...text.value].slice(0, note.dataset.first - 1).join("").length;
    text.focus();
    text.setSelectionRange(at, at + [...text.value.slice(at)][0].length);
  });
  // A click on a placeholder puts it where one writes.
  form.addEventListener("click", (event) => {
    const insert = event.target.closest("[data-insert]")?.dataset.insert;
    if (!insert) return;
    text.setRangeText(insert, text.selectionStart, text.selectionEnd, "end");
    text.focus();
    later();
  });
}

// chips makes of a field with a list of recipients one with chips and a combobox (WAI-ARIA, list autocomplete).
function chips(list, changed) {
  const most = 50; // that are shown
  const kept = list.value.split(/[,;\r\n\t]+/).map((one) => one.trim()).filter(Boolean);
  const labels = new Map();
  let bad = new Set(), offers = [], active = -1, asked = 0, timer;

  const box = document.createElement("div"), shown = document.createElement("ul"), input = document.createElement("input"), options = document.createElement("ul");
  box.className = "combo";
  shown.className = "chips chosen";
  Object.assign(input, { id: "to", autocomplete: "off", spellcheck: false, type: "text", autocapitalize: "none" });
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "to-options", "aria-describedby": "to-hint" })) input.setAttribute(name, value);
  Object.assign(options, { id: "to-options", className: "options", hidden: true });
  options.setAttribute("role", "listbox");
  options.setAttribute("aria-label", list.dataset.offers);
  const focus = document.activeElement === list || list.autofocus && document.activeElement === document.body;
  Object.assign(list, { id: "to-list", hidden: true, required: false });
  list.removeAttribute("autofocus");
  list.before(box);
  box.append(shown, input, options);
  if (focus) input.focus();

  const label = (value) => labels.get(value) || value.replace(/^(contact|group|rota):/, "");
  const write = () => { list.value = [...kept, input.value.trim()].filter(Boolean).join("\n"); };
  const draw = () => {
    const items = kept.slice(0, most).map((value) => {
      const item = document.createElement("li"), remove = document.createElement("button");
      item.textContent = label(value);
      if (bad.has(value)) item.className = "wrong";
      Object.assign(remove, { type: "button", textContent: "×", className: "remove" });
      remove.setAttribute("aria-label", list.dataset.remove.replace("NAME", label(value)));
      remove.addEventListener("click", () => { kept.splice(kept.indexOf(value), 1); update(); input.focus(); });
      item.append(remove);
      return item;
    });
    if (kept.length > most) {
      const more = document.createElement("li"), clear = document.createElement("button");
      more.textContent = list.dataset.more.replace("4711", kept.length - most);
      Object.assign(clear, { type: "button", textContent: list.dataset.clear, className: "remove" });
      clear.addEventListener("click", () => { kept.length = 0; update(); input.focus(); });
      more.append(" ", clear);
      items.push(more);
    }
    shown.replaceChildren(...items);
  };
  const update = () => { write(); draw(); changed(); };
  const add = (values) => {
    const have = new Set(kept);
    for (const value of values) if (value && !have.has(value)) { kept.push(value); have.add(value); }
    input.value = "";
    close();
    update();
  };
  const commit = () => { if (input.value.trim()) add(input.value.split(/[,;\r\n\t]+/).map((one) => one.trim())); };
  const close = () => {
    clearTimeout(timer);
    asked++;
    offers = [];
    active = -1;
    options.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const point = (to) => {
    active = to;
    [...options.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === active)));
    if (active >= 0) input.setAttribute("aria-activedescendant", "to-option-" + active);
    else input.removeAttribute("aria-activedescendant");
  };
  const pick = (i) => { labels.set(offers[i].value, offers[i].label); add([offers[i].value]); };
  const offer = async () => {
    const number = ++asked;
    try {
      const answer = await fetch(form.dataset.suggest + "?q=" + encodeURIComponent(input.value.trim()));
      const found = (await answer.json()).filter((one) => !kept.includes(one.value));
      if (!answer.ok || number !== asked || document.activeElement !== input) return;
      offers = found;
      options.replaceChildren(...offers.map((one, i) => {
        const item = document.createElement("li"), about = document.createElement("small");
        item.id = "to-option-" + i;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        item.textContent = one.label + " ";
        about.textContent = one.kind + " " + one.about;
        item.append(about);
        item.addEventListener("mousedown", (event) => { event.preventDefault(); pick(i); });
        return item;
      }));
      options.hidden = offers.length === 0;
      input.setAttribute("aria-expanded", String(offers.length > 0));
      point(-1);
    } catch { /* the next letter asks again */ }
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(offer, 150); };
  input.addEventListener("input", () => {
    write();
    changed();
    soon();
  });
  input.addEventListener("focus", soon);
  input.addEventListener("click", () => { if (options.hidden) soon(); }); // it has the focus from the beginning, and offers nothing until it is asked
  input.addEventListener("blur", () => { close(); commit(); });
  input.addEventListener("paste", (event) => {
    const pasted = event.clipboardData.getData("text");
    if (!/[,;\r\n\t]/.test(pasted.trim())) return;
    event.preventDefault();
    add((input.value + pasted).split(/[,;\r\n\t]+/).map((one) => one.trim()));
  });
  input.addEventListener("keydown", (event) => {
    const n = offers.length;
    switch (event.key) {
      case "ArrowDown": if (n) point((active + 1) % n); else soon(); break;
      case "ArrowUp": if (n) point((active + n) % (n + 1) - (active < 0 ? 1 : 0)); break;
      case "Escape": if (n) close(); else return; break;
      case "Enter":
        if (active >= 0) pick(active);
        else if (input.value.trim()) commit();
        else return;
        break;
      case ",": case ";":
        if (!input.value.trim()) return;
        commit();
        break;
      case "Backspace":
        if (input.value || !kept.length) return;
        kept.pop();
        update();
        break;
      default: return;
    }
    event.preventDefault();
  });
  write();
  draw();
  return {
    commit, first: () => kept[0] || input.value.trim(),
    mark: (values) => { bad = new Set(values); draw(); },
  };
}
