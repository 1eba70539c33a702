"use strict";
// What makes the pages livelier. All of them work without it.

// The lines about a text follow what is written.
const form = document.getElementById("compose");
if (form) {
  const count = document.getElementById("count"), zone = document.getElementById("zone"), hint = document.getElementById("at-hint");
  document.getElementById("preview").hidden = true;
  zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  if (zone.value) hint.textContent = hint.dataset.here.replace("ZONE", zone.value);
  let timer, asked = 0;
  const ask = async () => {
    const number = ++asked;
    try {
      const answer = await fetch("/compose/count", { method: "POST", body: new URLSearchParams(new FormData(form)) });
      const text = await answer.text();
      if (answer.ok && number === asked) count.innerHTML = text; // made and escaped by the server
    } catch { /* the next letter asks again */ }
  };
  const later = () => { clearTimeout(timer); timer = setTimeout(ask, 250); };
  for (const id of ["text", "to", "from"]) document.getElementById(id).addEventListener("input", later);
  if (document.getElementById("text").value) later();
}

// What is under way is read again while the page is looked at.
const live = document.getElementById("live");
if (live?.dataset.live) {
  const again = async () => {
    let wait = Number(live.dataset.live) * 1000;
    if (!document.hidden && !live.contains(document.activeElement)) {
      try {
        const answer = await fetch(location.href);
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
        if (answer.ok && fresh) {
          live.replaceChildren(...fresh.childNodes);
          if (!fresh.dataset.live) return;
        }
      } catch { wait *= 4; }
    }
    setTimeout(again, wait);
  };
  setTimeout(again, Number(live.dataset.live) * 1000);
}
