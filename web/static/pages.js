"use strict";
// What makes the pages livelier. All of them work without it.

// Where the menus are larger than their room, as on a phone, that where one is stands in sight.
for (const here of document.querySelectorAll("nav [aria-current]")) {
  const bar = here.closest("nav"), at = here.getBoundingClientRect(), room = bar.getBoundingClientRect();
  bar.scrollLeft += at.left - room.left - (room.width - at.width) / 2;
  bar.scrollTop += at.top - room.top - (room.height - at.height) / 2;
}

// Menus that go on beyond their room fade there.
for (const bar of document.querySelectorAll(".top nav, nav.side")) {
  const look = () => {
    bar.classList.toggle("more-before", bar.scrollLeft > 4);
    bar.classList.toggle("more-after", bar.scrollLeft + bar.clientWidth < bar.scrollWidth - 4);
  };
  bar.addEventListener("scroll", look, { passive: true });
  window.addEventListener("resize", look);
  look();
}

// What changes by itself comes as a stream of pieces by the ids of their elements; what is hidden asks for nothing. Where there is no
// stream lost is called, once, or without it another try is made later.
function follow(address, put, lost) {
  let source, over = false;
  const open = () => {
    if (source || over || document.hidden) return;
    source = new EventSource(address);
    source.addEventListener("parts", (event) => {
      for (const [id, html] of Object.entries(JSON.parse(event.data))) put(id, html);
    });
    source.addEventListener("error", () => {
      if (source?.readyState !== EventSource.CLOSED) return; // it comes back by itself
      if (over = lost !== undefined) lost();
      else setTimeout(() => { close(); open(); }, 30000);
    });
  };
  const close = () => { source?.close(); source = undefined; };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
}

// What is under way is shown as it is now while the page is looked at: lists come as a stream, other pages are read again. Nothing
// changes under the hands of who is within it.
const live = document.getElementById("live");
if (live?.dataset.live) {
  const busy = () => live.contains(document.activeElement);
  const again = async () => {
    let wait = Number(live.dataset.live) * 1000;
    if (!document.hidden && !busy()) {
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
  const later = () => setTimeout(again, Number(live.dataset.live) * 1000);
  if ("follow" in live.dataset) {
    let held;
    const show = () => {
      if (held === undefined || busy()) return;
      live.innerHTML = held; // made and escaped by the server
      held = undefined;
    };
    live.addEventListener("focusout", () => setTimeout(show));
    follow(location.href, (id, html) => { held = html; show(); }, later);
  } else later();
}

// Times are picked by the clock of the device, whose zone goes with them.
const ours = Intl.DateTimeFormat().resolvedOptions().timeZone;
for (const field of ours ? document.querySelectorAll("input.zone") : []) {
  field.value = ours;
  for (const at of field.form.querySelectorAll("input[type=datetime-local]")) {
    if (at.dataset.at) {
      const time = new Date(at.dataset.at);
      at.value = at.defaultValue = new Date(time - time.getTimezoneOffset() * 60000).toISOString().slice(0, at.step ? 19 : 16);
    }
  }
  for (const hint of field.form.querySelectorAll("[data-zone]")) hint.textContent = hint.dataset.zone.replace("ZONE", ours);
}
