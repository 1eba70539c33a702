"use strict";
// The newest line is in sight, at first and when one comes, unless somebody reads further up.
const lines = document.getElementById("live");
if (lines) {
  const page = document.scrollingElement;
  const toEnd = () => page.scrollTo(0, page.scrollHeight);
  let atEnd = true;
  addEventListener("scroll", () => { atEnd = page.scrollHeight - page.scrollTop - page.clientHeight < 160; }, { passive: true });
  new MutationObserver(() => { if (atEnd) toEnd(); }).observe(lines, { childList: true });
  if (lines.dataset.live) toEnd();
  // Ctrl and Enter send.
  document.getElementById("text")?.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) { e.preventDefault(); e.target.form.requestSubmit(); }
  });
}
