// Filters the findings by severity and text. Without it the page shows everything.
(function () {
  "use strict";
  const bar = document.getElementById("filter");
  if (!bar) return;
  const findings = Array.from(document.querySelectorAll("article.finding"));
  const texts = findings.map((each) => each.textContent.toLowerCase());
  const search = document.getElementById("filter-text");
  const boxes = Array.from(bar.querySelectorAll("input[type=checkbox]"));
  const count = document.getElementById("filter-count");

  function apply() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    let shown = 0;
    findings.forEach((finding, number) => {
      const fits = wanted.has(finding.dataset.severity) && words.every((word) => texts[number].includes(word));
      finding.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    count.textContent = shown + " of " + findings.length + " shown";
  }

  search.addEventListener("input", apply);
  boxes.forEach((box) => box.addEventListener("change", apply));
  // A link to a finding must not lead to a hidden one.
  window.addEventListener("hashchange", () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.hidden) target.hidden = false;
  });
  bar.hidden = false;
  apply();
})();
