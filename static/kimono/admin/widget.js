// The page of the widget's settings: what is entered is tried on at once, and the tag is copied with one tap.
(function () {
  "use strict";
  const PAUSE = 500;
  const preview = document.getElementById("widget-preview");
  const form = document.getElementById("widget-form");
  let timer = null;

  function tryOn() {
    const address = new URL(preview.dataset.address, window.location.href);
    for (const name of ["title", "color", "position"]) address.searchParams.set(name, form.elements[name].value);
    preview.src = address;
  }

  form.addEventListener("input", function () {
    clearTimeout(timer);
    timer = setTimeout(tryOn, PAUSE);
  });
  for (const button of document.querySelectorAll("[data-copies]")) {
    button.addEventListener("click", async function () {
      const words = document.getElementById(button.dataset.copies);
      try {
        await navigator.clipboard.writeText(words.textContent.trim());
        button.textContent = button.dataset.done;
      } catch {
        window.getSelection().selectAllChildren(words); // without a secure context there is no clipboard
      }
    });
  }
  tryOn();
})();
