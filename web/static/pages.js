"use strict";
// What makes the pages livelier. All of them work without it.

// Where the menus are larger than their room, as on a phone, that where one is stands in sight.
for (const here of document.querySelectorAll("nav [aria-current]")) {
  const bar = here.closest("nav"), at = here.getBoundingClientRect(), room = bar.getBoundingClientRect();
  bar.scrollLeft += at.left - room.left - (room.width - at.width) / 2;
  bar.scrollTop += at.top - room.top - (room.height - at.height) / 2;
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

// Menus that are wider than the window begin where one is.
for (const here of document.querySelectorAll("nav [aria-current]")) {
  const menu = here.parentElement;
  menu.scrollLeft = here.offsetLeft - (menu.clientWidth - here.offsetWidth) / 2;
}
