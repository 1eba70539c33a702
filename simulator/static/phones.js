// The page of virtual phones. It keeps one card per phone and changes in it only what has changed, so that nobody
// loses what he is writing while texts come in.

const main = document.getElementById("phones");
const empty = document.getElementById("empty");
const template = document.getElementById("phone");
const cards = new Map(); // by number
let info = {};

/** call sends a request to the API beside the page, and gives what it answers; errors are sentences for people. */
async function call(method, path, body) {
  const options = { method };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json" };
  }
  return answer(await fetch(path, options));
}

async function answer(response) {
  const text = await response.text();
  let value = null;
  try {
    value = text ? JSON.parse(text) : null;
  } catch {
    // Not JSON: a proxy in between has answered.
  }
  if (!response.ok) {
    throw new Error(value?.detail || value?.title || `The server answered ${response.status}.`);
  }
  return value;
}

function note(element, text, bad = false) {
  element.textContent = text;
  element.classList.toggle("bad", bad);
}

/** digits takes the spaces and dashes out that people write in numbers; names stay as they are. */
const digits = (to) => (/^[+\d\s()./-]+$/.test(to) ? to.replace(/[\s()./-]/g, "") : to.trim());

/** shown writes a number of a phone as people write it. */
const shown = (number) => (/^\d{7,}$/.test(number) ? "+" + number : number);

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const amount = new Intl.NumberFormat();

/** about says in small letters what is to be known about a text. */
function about(text) {
  const words = [clock.format(new Date(text.time))];
  words.push(text.out ? `to ${shown(text.peer)}` : shown(text.peer));
  if (text.flash) words.push("flash");
  if (text.binary) words.push("binary");
  if (text.ports) words.push(`port ${text.ports}`);
  else if (text.header) words.push(`header ${text.header}`);
  if (text.missing) words.push(`${text.parts - text.missing} of ${text.parts} parts`);
  else if (text.parts > 1) words.push(`${text.parts} parts`);
  return words.join(" · ");
}

function bubble(text) {
  const item = document.createElement("li");
  item.className = text.out ? "text-out" : "text-in";
  item.classList.toggle("flash", Boolean(text.flash));
  item.classList.toggle("binary", Boolean(text.binary));
  const words = document.createElement("span");
  words.className = "words";
  words.textContent = text.text || " ";
  const small = document.createElement("span");
  small.className = "about";
  small.textContent = about(text);
  item.append(words, small);
  return item;
}

/** card finds the card of a phone or makes it. */
function card(number) {
  let c = cards.get(number);
  if (c) return c;
  const root = template.content.firstElementChild.cloneNode(true);
  const find = (selector) => root.querySelector(selector);
  c = {
    number, root, list: find(".texts"), waiting: find(".waiting"), select: find("select"), note: find(".note"),
    to: find("input[name=to]"), text: find("input[name=text]"), texts: new Map(),
  };
  root.setAttribute("aria-label", `Phone ${shown(number)}`);
  c.list.setAttribute("aria-label", `Texts of ${shown(number)}`);
  find(".number").textContent = shown(number);
  c.to.addEventListener("input", () => { c.edited = true; });
  c.select.addEventListener("change", () => change(c));
  find(".remove").addEventListener("click", () => remove(c));
  find("form").addEventListener("submit", (event) => { event.preventDefault(); reply(c); });
  cards.set(number, c);
  main.prepend(root);
  empty.hidden = true;
  return c;
}

/** show brings a card up to date. */
function show(phone, first = false) {
  const c = card(phone.number);
  c.root.dataset.state = phone.state;
  if (document.activeElement !== c.select) c.select.value = phone.state;
  c.waiting.hidden = phone.waiting === 0;
  c.waiting.textContent = `${phone.waiting} waiting`;
  const bottom = c.list.scrollHeight - c.list.scrollTop - c.list.clientHeight < 40;
  const texts = new Map();
  let added = false;
  for (const text of phone.texts) {
    const key = JSON.stringify(text);
    let item = c.texts.get(key);
    if (!item) {
      item = bubble(text);
      if (!first) item.classList.add("fresh");
      added = true;
    }
    texts.set(key, item);
  }
  if (added || texts.size !== c.texts.size) {
    for (const [key, item] of c.texts) if (!texts.has(key)) item.remove();
    [...texts.values()].forEach((item, i) => {
      if (c.list.children[i] !== item) c.list.insertBefore(item, c.list.children[i] || null);
    });
    c.texts = texts;
    if (bottom || first) c.list.scrollTop = c.list.scrollHeight;
  }
  const last = phone.texts.findLast((text) => !text.out);
  if (last && !c.edited) c.to.value = last.peer;
}

/** showAll replaces everything, as after a reset. */
function showAll(phones) {
  const there = new Set(phones.map((phone) => phone.number));
  for (const c of [...cards.values()]) if (!there.has(c.number)) drop(c);
  for (const phone of phones.toReversed()) show(phone, !cards.has(phone.number));
}

function drop(c) {
  c.root.remove();
  cards.delete(c.number);
  empty.hidden = cards.size > 0;
}

async function change(c) {
  try {
    show(await call("PUT", `phones/${encodeURIComponent(c.number)}`, { state: c.select.value }));
    note(c.note, "");
  } catch (error) {
    note(c.note, error.message, true);
  }
}

async function remove(c) {
  try {
    await call("DELETE", `phones/${encodeURIComponent(c.number)}`);
    drop(c);
    (main.querySelector(".phone .text input") || document.getElementById("add-number")).focus({ preventScroll: true });
  } catch (error) {
    note(c.note, error.message, true);
  }
}

async function reply(c) {
  try {
    await call("POST", `phones/${encodeURIComponent(c.number)}/messages`, { to: digits(c.to.value), text: c.text.value });
    c.text.value = "";
    note(c.note, "");
  } catch (error) {
    note(c.note, error.message, true);
  }
}

document.getElementById("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const input = document.getElementById("add-number");
  const told = document.getElementById("add-note");
  try {
    const phone = await call("PUT", `phones/${encodeURIComponent(digits(input.value).replace(/^\+/, ""))}`);
    show(phone, true);
    const c = cards.get(phone.number);
    (c.to.value ? c.text : c.to).focus();
    input.value = "";
    note(told, "");
  } catch (error) {
    note(told, error.message, true);
  }
});

document.getElementById("send").addEventListener("submit", async (event) => {
  event.preventDefault();
  const to = document.getElementById("send-to");
  const text = document.getElementById("send-text");
  const told = document.getElementById("send-note");
  const headers = { "Content-Type": "application/json" };
  if (info.send_key) headers.Authorization = `Bearer ${info.send_key}`;
  try {
    const body = JSON.stringify({ to: digits(to.value), text: text.value });
    const done = await answer(await fetch(info.send_url, { method: "POST", headers, body }));
    const message = done?.messages?.[0];
    note(told, message ? `Accepted as ${message.id}.` : "Accepted.");
    text.value = "";
    text.focus();
  } catch (error) {
    note(told, error.message, true);
  }
});

/** status says in the bar how things stand. */
function status(state, text) {
  document.getElementById("dot").className = `dot ${state}`;
  document.getElementById("status").textContent = text;
}

function figures(stats) {
  const set = (id, n) => { document.getElementById(id).textContent = amount.format(n); };
  set("accepted", stats.accepted);
  set("receipts", stats.receipts);
  set("stored", stats.stored + stats.waiting);
  set("rate", stats.per_second);
  const addresses = [info.smpp, info.ucp && `${info.ucp} (UCP)`, info.cimd2 && `${info.cimd2} (CIMD2)`].filter(Boolean);
  const where = addresses.length > 0 ? `SMSC on ${addresses.join(", ")}` : "SMSC";
  const bound = stats.sessions === 0 ? "no gateway bound" : stats.sessions === 1 ? "1 session bound" : `${stats.sessions} sessions bound`;
  status(stats.sessions > 0 ? "live" : "", `${where} · ${bound}`);
}

/** watch follows what happens; the browser connects again by itself. */
function watch() {
  const events = new EventSource("events");
  events.addEventListener("phones", (event) => showAll(JSON.parse(event.data)));
  events.addEventListener("phone", (event) => show(JSON.parse(event.data)));
  events.addEventListener("stats", (event) => figures(JSON.parse(event.data)));
  events.addEventListener("error", () => status("gone", "The simulator does not answer. Trying again …"));
}

try {
  const [said, phones] = await Promise.all([call("GET", "info"), call("GET", "phones")]);
  info = said;
  showAll(phones);
  document.getElementById("send").hidden = !info.send_url;
} catch (error) {
  status("gone", error.message);
}
watch();
