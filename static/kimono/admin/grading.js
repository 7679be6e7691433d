// Judging by keyboard. Single keys never act while a word is being composed, while something is typed, with a modifier,
// or when they are switched off.
(function () {
  "use strict";
  var KEY = "kimono.grading.shortcuts";
  var form = document.getElementById("grade");
  var wanted = document.getElementById("shortcuts");
  if (!form || !wanted) {
    return;
  }

  function kept() {
    try {
      return window.localStorage.getItem(KEY) !== "off";
    } catch (refused) {
      return true; // storage is blocked
    }
  }

  wanted.checked = kept();
  form.classList.toggle("kimono-keyless", !wanted.checked);
  wanted.addEventListener("change", function () {
    form.classList.toggle("kimono-keyless", !wanted.checked);
    try {
      window.localStorage.setItem(KEY, wanted.checked ? "on" : "off");
    } catch (refused) {
      // Then it holds for this page alone.
    }
  });

  function isTyped(target) {
    return target.matches("textarea, select, input:not([type=radio]):not([type=checkbox])") || target.isContentEditable;
  }

  function choose(name, value) {
    form.querySelector('input[name="' + name + '"][value="' + value + '"]').checked = true;
  }

  function turnGrounded() {
    var values = ["yes", "no", ""];
    var present = form.querySelector('input[name="grounded"]:checked');
    choose("grounded", values[(values.indexOf(present ? present.value : "") + 1) % values.length]);
  }

  function turnPassage(number) {
    var box = form.querySelectorAll('input[name="relevant_chunk_ids"]')[number - 1];
    if (box) {
      box.checked = !box.checked;
      box.closest("label").scrollIntoView({ block: "nearest" });
    }
  }

  function count(step) {
    var field = form.elements.missed_relevant_count;
    field.value = Math.max(0, (parseInt(field.value, 10) || 0) + step);
  }

  function go(id) {
    var link = document.getElementById(id);
    if (link) {
      link.click();
    }
  }

  var ACTS = {
    y: function () { choose("correct", "yes"); },
    n: function () { choose("correct", "no"); },
    g: turnGrounded,
    j: function () { go("following"); },
    k: function () { go("previous"); },
    "+": function () { count(1); },
    "=": function () { count(1); },
    "-": function () { count(-1); },
    "/": function () { form.elements.note.focus(); },
    enter: function () { form.requestSubmit(); },
  };

  document.addEventListener("keydown", function (event) {
    // 229 is what some browsers send while an input method is at work.
    if (!wanted.checked || event.isComposing || event.keyCode === 229 || event.defaultPrevented) {
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (event.key === "Escape" && isTyped(event.target)) {
      event.target.blur();
      return;
    }
    if (isTyped(event.target) || event.target.closest("a, button, summary")) {
      return;
    }
    var act = ACTS[event.key.toLowerCase()];
    if (/^[1-9]$/.test(event.key)) {
      act = function () { turnPassage(Number(event.key)); };
    }
    if (act) {
      event.preventDefault();
      act();
    }
  });
})();
