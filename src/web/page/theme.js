// Before anything is drawn, so that the page never flashes in the wrong colours.
"use strict";
(() => {
  try {
    const chosen = localStorage.getItem("signalbox.theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage may be switched off; the system's choice holds.
  }
})();
