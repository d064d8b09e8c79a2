// The page while the run works: its parts are replaced, and its data told anew, as the server sends them.
(() => {
  "use strict";

  const source = new EventSource("events");
  const note = document.createElement("p");
  note.className = "note is-crashed";
  note.hidden = true;
  document.querySelector("main").prepend(note);

  const opened = (part) => [...part.querySelectorAll("details")].map((each) => each.open);

  // What was opened or moved by its reader stays so.
  function replace(part, text) {
    const before = opened(part);
    const moved = part.querySelector(".timeline");
    const at = moved === null ? null : [moved.scrollLeft, moved.scrollTop];
    part.innerHTML = text;
    part.querySelectorAll("details").forEach((each, n) => { if (n in before) each.open = before[n]; });
    const again = part.querySelector(".timeline");
    if (at !== null && again !== null) [again.scrollLeft, again.scrollTop] = at;
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
