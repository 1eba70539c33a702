"use strict";
// What makes the pages livelier. All of them work without it.

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
