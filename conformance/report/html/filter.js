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

  function matches(element, want) {
    return [
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
    var shown = 0;
    cases.forEach(function (element) {
      element.hidden = !matches(element, want);
      shown += element.hidden ? 0 : 1;
    });
    document.getElementById("shown").textContent = shown + " of " + cases.length + " cases";
  }

  function open() {
    var id = location.hash.slice(1);
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
