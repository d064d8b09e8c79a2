// The page while the run works: its parts are replaced, and its data told anew, as the server sends them.
(() => {
  "use strict";

  const source = new EventSource("events");
  const note = document.createElement("p");
  note.className = "note is-crashed";
  note.hidden = true;
  document.querySelector("main").prepend(note);

  // What was opened, moved or sorted by its reader stays so.
  function replace(part, text) {
    const opened = [...part.querySelectorAll("details")].map((each) => each.open);
    const moved = [...part.querySelectorAll(".timeline, .tall")].map((each) => [each.scrollLeft, each.scrollTop]);
    const sorted = [...part.querySelectorAll(".sortable th")].map((each) => each.dataset.down);
    part.innerHTML = text;
    part.querySelectorAll("details").forEach((each, n) => { if (n in opened) each.open = opened[n]; });
    part.querySelectorAll(".sortable th").forEach((each, n) => {
      if (sorted[n] === undefined) return;
      // A click turns the order round.
      each.dataset.down = sorted[n] === "1" ? "0" : "1";
      each.click();
    });
    part.querySelectorAll(".timeline, .tall").forEach((each, n) => {
      if (n in moved) [each.scrollLeft, each.scrollTop] = moved[n];
    });
  }

  source.addEventListener("parts", (event) => {
    for (const [name, text] of Object.entries(JSON.parse(event.data))) {
      const part = document.querySelector(`[data-part="${name}"]`);
      if (part !== null) replace(part, text);
    }
    note.hidden = true;
  });
  source.addEventListener("data", (event) => {
    const data = JSON.parse(event.data);
    document.title = document.title.replace(/: [a-z]+$/, `: ${data.state}`);
    document.dispatchEvent(new CustomEvent("sn-data", { detail: data }));
  });
  source.addEventListener("end", () => source.close());
  source.addEventListener("error", () => {
    note.textContent = `Nobody serves this page any more: it stands as it was at ${new Date().toLocaleTimeString()}.`;
    note.hidden = false;
  });
})();
