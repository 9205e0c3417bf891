"use strict";
(function () {
  var form = document.getElementById("filter");
  var cases = Array.from(document.querySelectorAll("details.case"));
  var texts = new Map();

  function words(element, name) {
    return (element.dataset[name] || "").split("\n");
  }

  function textOf(element) {
    if (!texts.has(element)) {
      var findings = element.querySelector(".findings");
      var text = element.querySelector("summary").textContent + " " + (findings ? findings.textContent : "");
      texts.set(element, text.toLowerCase());
    }
    return texts.get(element);
  }

  function part(element, name, value) {
    return words(element, name).some(function (word) { return word.toLowerCase().includes(value); });
  }

  // exercising numbers the cases that exercise a rule whose id has the text in it.
  function exercising(text) {
    var numbers = new Set();
    document.querySelectorAll("#rules tr[data-rule]").forEach(function (row) {
      if (!row.dataset.rule.toLowerCase().includes(text)) {
        return;
      }
      row.dataset.cases.split(",").forEach(function (range) {
        var ends = range.split("-").map(Number);
        for (var i = ends[0]; i <= ends[ends.length - 1]; i++) {
          numbers.add(i);
        }
      });
    });
    return numbers;
  }

  function matches(element, number, want) {
    return [
      want.exercises === "" || want.numbers.has(number),
      want.operations === "" || words(element, "operations").includes(want.operations),
      want.outcome === "" || element.dataset.outcome === want.outcome,
      want.levels === "" || words(element, "levels").includes(want.levels),
      want.pages === "" || words(element, "pages").includes(want.pages.replace(/^p\.?/, "")),
      want.rules === "" || part(element, "rules", want.rules.toLowerCase()),
      want.text === "" || textOf(element).includes(want.text.toLowerCase())
    ].every(Boolean);
  }

  function apply() {
    var want = {};
    new FormData(form).forEach(function (value, name) { want[name] = value.trim(); });
    want.numbers = exercising(want.exercises.toLowerCase());
    var shown = 0;
    cases.forEach(function (element, number) {
      element.hidden = !matches(element, number, want);
      shown += element.hidden ? 0 : 1;
    });
    document.getElementById("shown").textContent = shown + " of " + cases.length + " cases";
  }

  function open() {
    var id = location.hash.slice(1);
    if (id.startsWith("exercises=")) {
      form.reset();
      form.elements.exercises.value = decodeURIComponent(id.slice("exercises=".length));
      setTimeout(apply, 0);
      document.getElementById("cases").scrollIntoView();
      return;
    }
    var target = document.getElementById(id) || document.getElementById(decodeURIComponent(id));
    if (target instanceof HTMLDetailsElement) {
      target.hidden = false;
      target.open = true;
      target.scrollIntoView();
    }
  }

  form.hidden = cases.length === 0;
  form.addEventListener("input", apply);
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  form.addEventListener("reset", function () { setTimeout(apply, 0); });
  window.addEventListener("hashchange", open);
  apply();
  open();
})();
