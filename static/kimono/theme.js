// Loaded as a plain blocking script, so that the page is never painted in the wrong colours first.
(function () {
  "use strict";
  var KEY = "kimono.theme";
  var dark = window.matchMedia("(prefers-color-scheme: dark)");

  // What the page that shows this one in a frame has asked for.
  function given() {
    var asked = new URLSearchParams(window.location.search).get("theme");
    return asked === "light" || asked === "dark" ? asked : "system";
  }

  function choice() {
    try {
      var kept = window.localStorage.getItem(KEY);
      return kept === "light" || kept === "dark" ? kept : given();
    } catch (refused) {
      return given(); // storage is blocked, for instance in a third-party frame
    }
  }

  function paint() {
    var chosen = choice();
    var shown = chosen === "system" ? (dark.matches ? "dark" : "light") : chosen;
    document.documentElement.dataset.theme = shown;
    document.documentElement.dataset.themeChoice = chosen;
  }

  dark.addEventListener("change", paint);
  window.addEventListener("storage", paint);
  document.addEventListener("kimono:theme", function (event) {
    try {
      window.localStorage.setItem(KEY, event.detail);
      paint();
    } catch (refused) {
      document.documentElement.dataset.theme = event.detail === "dark" ? "dark" : "light";
      document.documentElement.dataset.themeChoice = event.detail;
    }
  });
  paint();
})();
