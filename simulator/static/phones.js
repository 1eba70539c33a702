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
  if (text.over) {
    const over = document.createElement("span");
    over.className = "over";
    over.textContent = `by ${text.over}`;
    small.append(" ", over);
  }
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

/* The links of the gateway */

const links = new Map(); // by name: what the row shows of each

/** gateway asks the gateway itself, with the key of the page. */
async function gateway(method, url, body) {
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (info.send_key) headers.Authorization = `Bearer ${info.send_key}`;
  return answer(await fetch(url, { method, headers, body: body && JSON.stringify(body) }));
}

/** linkItem finds the item of a link or makes it. */
function linkItem(name) {
  let l = links.get(name);
  if (l) return l;
  const root = document.getElementById("link").content.firstElementChild.cloneNode(true);
  const find = (selector) => root.querySelector(selector);
  l = { name, root, dot: find(".dot"), state: find(".link-state"), button: find("button"), busy: false };
  find(".link-name").textContent = name;
  const over = info.links?.find((link) => link.name === name)?.over;
  if (over && !over.toLowerCase().includes(name)) find(".link-over").textContent = over;
  l.button.addEventListener("click", () => turn(l));
  links.set(name, l);
  document.getElementById("links-list").append(root);
  return l;
}

/** showLink brings the item of a link up to date. */
function showLink(link) {
  const l = linkItem(link.name);
  if (l.busy) return;
  l.stopped = link.state === "stopped";
  l.root.dataset.state = link.state;
  l.dot.className = `dot ${{ up: "live", stopped: "gone", down: "gone" }[link.state] || "going"}`;
  l.state.textContent = link.state;
  label(l, l.stopped ? "Start" : "Stop");
}

function label(l, word) {
  if (l.button.textContent === word) return;
  l.button.textContent = word;
  l.button.setAttribute("aria-label", `${word} ${l.name}`);
}

/** turn stops or starts a link. The button keeps the focus, so it is not disabled meanwhile. */
async function turn(l) {
  if (l.busy) return;
  l.busy = true;
  l.button.setAttribute("aria-disabled", "true");
  const told = document.getElementById("links-note");
  const action = l.stopped ? "start" : "stop";
  l.state.textContent = l.stopped ? "starting" : "stopping";
  try {
    const link = await gateway("POST", `${info.links_url}/${encodeURIComponent(l.name)}/${action}`);
    l.busy = false;
    showLink(link);
    note(told, l.stopped ? `${l.name} is stopped. Its texts take the next link of their route, or wait for it.` : `${l.name} is started again.`);
  } catch (error) {
    note(told, error.message, true);
  } finally {
    l.busy = false;
    l.button.removeAttribute("aria-disabled");
  }
}

/** lookAtLinks shows how the links stand, every second while the page is seen. */
async function lookAtLinks() {
  if (!document.hidden) {
    try {
      const list = (await gateway("GET", info.links_url)).links;
      const there = new Set(list.map((link) => link.name));
      for (const [name, l] of links) {
        if (there.has(name)) continue;
        l.root.remove();
        links.delete(name);
      }
      const order = new Map((info.links || []).map((link, i) => [link.name, i]));
      const place = (link) => order.get(link.name) ?? order.size;
      list.sort((a, b) => place(a) - place(b)).forEach(showLink);
      document.getElementById("links").hidden = list.length === 0;
    } catch {
      // The bar says that nothing answers.
      for (const l of links.values()) showLink({ name: l.name, state: "unknown" });
    }
  }
  setTimeout(lookAtLinks, 1000);
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
  try {
    const done = await gateway("POST", info.send_url, { to: digits(to.value), text: text.value });
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
  const where = info.links_url ? "Simulated operators" : addresses.length > 0 ? `SMSC on ${addresses.join(", ")}` : "SMSC";
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
  if (info.links_url) lookAtLinks();
} catch (error) {
  status("gone", error.message);
}
watch();
