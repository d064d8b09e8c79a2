// The jobs of a run: search, filters by state and step, sorting, plates, images, and all that is known of a job.
// Texts of the run become text nodes and attributes alone, never markup.
(() => {
  "use strict";

  const box = document.getElementById("sn-jobs");
  const SHOWN = /\.(png|jpe?g|gif|svg|webp)$/i, PREVIEWED = /\.tiff?$/i;
  const WRITTEN = ["done", "up to date"];
  const ROWS = 50, FIGURES = 48, PLATES = 48;
  // What is looked at: it stands in the page's address, so that it can be sent to somebody.
  const view = { q: "", step: "", state: new Set(), show: "table", sort: "", down: false };
  const shown = { rows: ROWS, open: new Set() };
  let data, jobs, words;

  // --- Elements and texts ---

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value !== false && value !== null) made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== null));
    return made;
  }

  const number = (value) => value.toLocaleString("en");
  const two = (value) => String(value).padStart(2, "0");

  function duration(seconds) {
    if (seconds === null) return "–";
    if (seconds < 10) return `${seconds.toFixed(1)} s`;
    const whole = Math.round(seconds);
    if (whole < 60) return `${whole} s`;
    if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)} min`;
    return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)} h`;
  }

  const megabytes = (value) =>
    value === null ? "–" : value >= 1000 ? `${(value / 1000).toFixed(1)} GB` : `${Math.round(value)} MB`;
  const tone = (state) => `is-${state.replaceAll(" ", "-")}`;
  const badge = (state) => element("span", { class: `says ${tone(state)}` }, state);

  // --- Links: always below one of the places that the page was told ---

  const encoded = (path) => path.split("/").map(encodeURIComponent).join("/");

  function linkTo(path) {
    if (/^[A-Za-z][A-Za-z0-9+.-]+:\//.test(path)) return null; // It lies elsewhere, and a page asks nobody.
    return path.startsWith("/") ? data.links.system + encoded(path.slice(1)) : data.links.work + encoded(path);
  }

  // What browsers do not show has a preview where the page is served.
  const isImage = (path) => SHOWN.test(path) || (data.links.preview !== "" && PREVIEWED.test(path));
  const pictureOf = (path) => linkTo(path) + (SHOWN.test(path) ? "" : data.links.preview);

  const linkToLog = ([name, kept]) => (kept ? data.links.run + encoded(name) : linkTo(name));

  function link(href, text) {
    const code = element("code", {}, text);
    return href === null ? code : element("a", { href, target: "_blank", rel: "noopener" }, code);
  }

  // --- The jobs ---

  function take(told) {
    data = told;
    words = new Set();
    jobs = data.jobs.map(([step, values, state, engine, file], order) => {
      const { name, by, well } = data.steps[step];
      const run = engine < 0 ? null : data.engine[engine];
      const outputs = run === null ? (file ? [file] : []) : run[11];
      const key = values.map((value, n) => `${by[n] ?? n}=${value}`);
      const found = [name, ...key, data.states[state], ...outputs].map((text) => text.toLowerCase());
      found.forEach((word) => words.add(word));
      return {
        order, step, name, by, values, well, key, outputs, id: [name, ...values].join("/"),
        state: data.states[state], text: `\n${found.join("\n")}\n`,
        tries: run ? run[1] : null, began: run ? run[2] : null, took: run ? run[3] : null,
        memory: run ? run[4] : null, cpu: run ? run[5] : null, cores: run ? run[6] : null,
        memoryAsked: run ? run[7] : null, minutesAsked: run ? run[8] : null,
        ending: run ? run[9] : "", command: run ? run[10] : "", logs: run ? run[12] : [],
        wells: well === null ? null : values[well], together: engine,
      };
    });
    const sizes = new Map();
    for (const job of jobs) if (job.together >= 0) sizes.set(job.together, (sizes.get(job.together) ?? 0) + 1);
    for (const job of jobs) job.others = job.together < 0 ? 0 : sizes.get(job.together) - 1;
  }

  // A word with `=` that names a value as a whole means that value: `site=1` is not `site=10`.
  function fits(job, asked) {
    return asked.every((word) => job.text.includes(word.includes("=") && words.has(word) ? `\n${word}\n` : word));
  }

  function chosen({ states = true } = {}) {
    const asked = view.q.toLowerCase().split(/\s+/).filter(Boolean);
    return jobs.filter(
      (job) =>
        (view.step === "" || job.name === view.step) &&
        (!states || view.state.size === 0 || view.state.has(job.state)) &&
        fits(job, asked),
    );
  }

  const COLUMNS = [
    ["job", (job) => job.order, ""],
    ["state", (job) => data.states.indexOf(job.state), ""],
    ["began", (job) => job.began, "num"],
    ["took", (job) => job.took, "num"],
    ["memory", (job) => job.memory, "num"],
    ["asked", (job) => job.memoryAsked, "num"],
    ["CPU time", (job) => job.cpu, "num"],
    ["cores", (job) => job.cores, "num"],
    ["tries", (job) => job.tries, "num"],
  ];

  function sorted(found) {
    const column = COLUMNS.find(([name]) => name === view.sort);
    if (column === undefined) return found;
    const sign = view.down ? -1 : 1;
    // What has no value comes last, whichever way.
    return [...found].sort((one, other) => {
      const [a, b] = [column[1](one), column[1](other)];
      return a === null || b === null ? (a === null) - (b === null) : sign * (a - b);
    });
  }

  // --- The table ---

  function heads() {
    return COLUMNS.map(([name, , kind]) => {
      const mark = view.sort === name ? (view.down ? " ▾" : " ▴") : "";
      const press = () => set({ sort: name, down: view.sort === name ? !view.down : kind === "num" });
      return element("th", { class: kind || null }, element("button", { type: "button", onclick: press }, name + mark));
    });
  }

  function line(job) {
    const toggle = (event) => {
      if (event.target.closest("a")) return;
      if (!shown.open.delete(job.id)) shown.open.add(job.id);
      draw();
    };
    const bar = job.memory !== null && job.memoryAsked ? Math.min(100, (100 * job.memory) / job.memoryAsked) : null;
    const share = bar === null ? null : element("span", { class: "share" }, part(bar));
    const press = (event) => (event.key === "Enter" ? toggle(event) : null);
    return element(
      "tr",
      { class: "job", tabindex: "0", "data-job": job.id, onclick: toggle, onkeydown: press },
      element("td", {}, element("strong", {}, job.name), ` ${job.key.join(", ")}`),
      element("td", {}, badge(job.state)),
      element("td", { class: "num" }, job.began === null ? "–" : duration(job.began)),
      element("td", { class: "num" }, duration(job.took)),
      element("td", { class: "num" }, megabytes(job.memory), share),
      element("td", { class: "num soft" }, megabytes(job.memoryAsked)),
      element("td", { class: "num" }, duration(job.cpu)),
      element("td", { class: "num" }, job.cores === null ? "–" : String(job.cores)),
      element("td", { class: "num" }, job.tries === null ? "–" : String(job.tries)),
    );
  }

  function part(percent) {
    const made = element("i", { class: "plain" });
    made.style.width = `${percent}%`;
    return made;
  }

  function details(job) {
    const lines = [];
    const row = (name, ...parts) => lines.push(element("tr", {}, element("th", {}, name), element("td", {}, ...parts)));
    const list = (links) => links.map((each) => element("div", {}, each));
    if (job.ending) row("ended", job.ending);
    if (job.others) row("together", `the engine did it with ${number(job.others)} more as one job`);
    if (job.took !== null) {
      const cores = (count) => `${count} core${count === 1 ? "" : "s"}`;
      const used = job.cpu !== null && job.took ? (job.cpu / job.took).toFixed(1) : "–";
      const asked = job.minutesAsked === null ? "–" : duration(60 * job.minutesAsked);
      row("used", `${duration(job.took)}, ${megabytes(job.memory)}, ${cores(used)}`);
      row("asked", `${asked}, ${megabytes(job.memoryAsked)}, ${cores(job.cores)}`);
    }
    if (job.logs.length) row("log", ...list(job.logs.map((log) => link(linkToLog(log), log[0]))));
    if (job.outputs.length) row("outputs", ...list(job.outputs.map((path) => link(linkTo(path), path))));
    const images = job.outputs.filter((path) => isImage(path) && linkTo(path) !== null);
    if (images.length && WRITTEN.includes(job.state)) row("", ...images.map((path) => picture(path)));
    if (job.command) row("command", element("pre", {}, job.command));
    const table = element("table", { class: "facts" }, element("tbody", {}, ...lines));
    return element("tr", { class: "details" }, element("td", { colspan: COLUMNS.length }, table));
  }

  function picture(path) {
    const image = element("img", { class: "thumb", loading: "lazy", src: pictureOf(path), alt: path });
    return element("a", { href: linkTo(path), target: "_blank", rel: "noopener" }, image);
  }

  function table(found) {
    const rows = sorted(found).slice(0, shown.rows);
    const lines = rows.flatMap((job) => (shown.open.has(job.id) ? [line(job), details(job)] : [line(job)]));
    const head = element("thead", {}, element("tr", {}, ...heads()));
    return [
      element("div", { class: "scroll" }, element("table", {}, head, element("tbody", {}, ...lines))),
      more(found.length, rows.length, 10 * ROWS),
    ];
  }

  function more(all, now, step) {
    if (now >= all) return null;
    const press = () => { shown.rows += step; draw(); };
    return element("button", { type: "button", class: "more", onclick: press }, `${number(all - now)} more: show some`);
  }

  // --- Plates ---

  function plates(found) {
    const all = new Map();
    for (const job of found) {
      if (job.wells === null) continue;
      const name = job.key.slice(0, job.well).join(" ");
      if (!all.has(name)) all.set(name, { name, key: job.by[job.well], wells: new Map() });
      const wells = all.get(name).wells;
      const well = job.wells[0] + two(Number(job.wells.slice(1)));
      if (!wells.has(well)) wells.set(well, { as: job.wells, jobs: [] });
      wells.get(well).jobs.push(job);
    }
    const inOrder = [...all.values()].sort((one, other) => one.name.localeCompare(other.name, "en", { numeric: true }));
    const drawn = inOrder.slice(0, PLATES).map(plate);
    const rest = all.size > PLATES ? element("p", { class: "soft" }, `and ${number(all.size - PLATES)} more plates`) : null;
    return [element("div", { class: "plates" }, ...drawn), legend(found), rest];
  }

  function plate({ name, key, wells }) {
    const large = [...wells.keys()].some((well) => well[0] > "H" || Number(well.slice(1)) > 12);
    const [rows, columns] = large ? [16, 24] : [8, 12];
    const lines = [element("tr", {}, element("th"), ...Array.from({ length: columns }, (_, n) => element("th", {}, String(n + 1))))];
    for (let row = 0; row < rows; row += 1) {
      const letter = String.fromCharCode(65 + row);
      const cells = Array.from({ length: columns }, (_, n) => well(wells.get(letter + two(n + 1)), name, key));
      lines.push(element("tr", {}, element("th", {}, letter), ...cells));
    }
    const title = name === "" ? null : element("figcaption", {}, name);
    return element("figure", { class: large ? "plate large" : "plate" }, title, element("table", {}, ...lines));
  }

  // A well is as the worst of its jobs.
  function well(found, plateName, key) {
    if (found === undefined) return element("td", {}, element("i"));
    const counts = new Map();
    for (const job of found.jobs) counts.set(job.state, (counts.get(job.state) ?? 0) + 1);
    const states = data.states.filter((state) => counts.has(state));
    const says = `${found.as}: ${states.map((state) => `${counts.get(state)} ${state}`).join(", ")}`;
    const press = () => set({ q: `${plateName} ${key}=${found.as}`.trim(), show: "table" });
    const attributes = { type: "button", class: tone(states[0]), title: says, "aria-label": says, "data-well": found.as };
    return element("td", {}, element("button", { ...attributes, onclick: press }));
  }

  function legend(found) {
    const there = data.states.filter((state) => found.some((job) => job.wells !== null && job.state === state));
    const items = there.map((state) => element("li", {}, element("b", { class: tone(state) }), state));
    return element("ul", { class: "legend" }, ...items, element("li", {}, "a well is as the worst of its jobs"));
  }

  // --- Images ---

  function images(found) {
    const all = found.flatMap((job) => job.outputs.filter((path) => isImage(path)).map((path) => ({ job, path })));
    const there = all.filter(({ job, path }) => WRITTEN.includes(job.state) && linkTo(path) !== null);
    const figures = there.slice(0, Math.max(FIGURES, shown.rows - ROWS)).map(({ job, path }) =>
      element("figure", {}, picture(path), element("figcaption", {}, `${job.name} ${job.key.join(", ")}`)),
    );
    return [element("div", { class: "gallery" }, ...figures), more(there.length, figures.length, ROWS)];
  }

  // --- What stands above them, and the whole ---

  const controls = {};

  function build() {
    controls.search = element("input", {
      type: "search", placeholder: "search: a step, well=A01, a file …", "aria-label": "search the jobs",
      oninput: (event) => set({ q: event.target.value }),
    });
    controls.step = element("select", { "aria-label": "step", onchange: (event) => set({ step: event.target.value }) });
    controls.states = element("div", { class: "chips", role: "group", "aria-label": "states" });
    controls.shows = element("div", { class: "chips shows", role: "group", "aria-label": "show" });
    controls.count = element("p", { class: "soft small", "aria-live": "polite" });
    controls.result = element("div");
    const bar = element("div", { class: "controls" }, controls.search, controls.step, controls.shows);
    box.append(bar, controls.states, controls.count, controls.result);
  }

  function chip(text, pressed, press, kind = "") {
    const attributes = { type: "button", class: `chip ${kind}`, "aria-pressed": String(pressed), onclick: press };
    return element("button", attributes, text);
  }

  function drawControls(without) {
    if (document.activeElement !== controls.search) controls.search.value = view.q;
    const options = data.steps.map(({ name }) => element("option", { value: name, selected: name === view.step }, name));
    controls.step.replaceChildren(element("option", { value: "" }, "all steps"), ...options);
    const counts = new Map();
    for (const job of without) counts.set(job.state, (counts.get(job.state) ?? 0) + 1);
    const states = data.states.filter((state) => counts.has(state) || view.state.has(state));
    controls.states.replaceChildren(...states.map((state) => {
      const press = () => {
        const next = new Set(view.state);
        if (!next.delete(state)) next.add(state);
        set({ state: next });
      };
      return chip(`${state} ${number(counts.get(state) ?? 0)}`, view.state.has(state), press, tone(state));
    }));
    const shows = ["table"];
    if (jobs.some((job) => job.wells !== null)) shows.push("plates");
    if (jobs.some((job) => job.outputs.some((path) => isImage(path)))) shows.push("images");
    const chips = shows.map((show) => chip(show, view.show === show, () => set({ show })));
    controls.shows.replaceChildren(...(shows.length > 1 ? chips : []));
  }

  function draw() {
    const without = chosen({ states: false });
    const found = view.state.size ? without.filter((job) => view.state.has(job.state)) : without;
    drawControls(without);
    const rest = data.more ? `; ${number(data.more)} more are not listed here` : "";
    controls.count.textContent = `${number(found.length)} of ${number(jobs.length)} jobs${rest}`;
    const parts = { table, plates, images }[view.show](found);
    controls.result.replaceChildren(...parts.filter((each) => each !== null));
  }

  function set(changes) {
    Object.assign(view, changes);
    shown.rows = ROWS;
    const told = new URLSearchParams();
    for (const name of ["q", "step", "sort"]) if (view[name]) told.set(name, view[name]);
    if (view.state.size) told.set("state", [...view.state].join(","));
    if (view.show !== "table") told.set("show", view.show);
    if (view.down) told.set("down", "1");
    history.replaceState(null, "", `#${told}`);
    draw();
  }

  function readAddress() {
    const told = new URLSearchParams(location.hash.slice(1));
    if (!["q", "step", "state", "show", "sort"].some((name) => told.has(name))) return false;
    view.q = told.get("q") ?? "";
    view.step = told.get("step") ?? "";
    view.state = new Set((told.get("state") ?? "").split(",").filter((state) => data.states.includes(state)));
    view.show = ["plates", "images"].includes(told.get("show")) ? told.get("show") : "table";
    view.sort = told.get("sort") ?? "";
    view.down = told.has("down");
    return true;
  }

  // --- Other tables whose heads sort them ---

  function sortTable(head) {
    const at = [...head.parentNode.children].indexOf(head);
    const body = head.closest("table").tBodies[0];
    const down = head.dataset.down !== "1";
    for (const each of head.parentNode.children) delete each.dataset.down;
    head.dataset.down = down ? "1" : "0";
    const value = (row) => row.children[at].dataset.value ?? row.children[at].textContent;
    const compare = (one, other) => {
      const [a, b] = [value(one), value(other)];
      if (a === "" || b === "") return (a === "") - (b === "");
      const order = Number.isNaN(Number(a)) || Number.isNaN(Number(b)) ? a.localeCompare(b) : a - b;
      return down ? -order : order;
    };
    body.append(...[...body.rows].sort(compare));
  }

  document.addEventListener("click", (event) => {
    const head = event.target.closest(".sortable th");
    if (head !== null) sortTable(head);
  });
  window.addEventListener("hashchange", () => {
    if (!readAddress()) return;
    draw();
    document.getElementById("jobs").scrollIntoView();
  });
  document.addEventListener("sn-data", (event) => {
    take(event.detail);
    draw();
  });

  build();
  take(JSON.parse(document.getElementById("sn-data").textContent));
  readAddress();
  draw();
})();
