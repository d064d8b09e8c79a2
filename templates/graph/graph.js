// A graph that can be moved, zoomed and searched, and whose groups open. Texts become text nodes and attributes alone.
(() => {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  const TALLEST = 760;

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
  }

  function control(figure) {
    const drawings = [...figure.querySelectorAll("svg.sn-graph")];
    // What is seen of the drawing on top: its scale, and the point of the drawing in the upper left corner.
    const seen = { drawing: drawings[0], scale: 1, x: 0, y: 0 };
    const sizes = new Map(drawings.map((each) => [each, each.viewBox.baseVal]).map(([each, box]) => [each, { x: box.x, y: box.y, width: box.width, height: box.height }]));

    const choice = element("select", { "aria-label": "view", onchange: () => open(choice.value) });
    choice.append(...drawings.map((each) => element("option", { value: each.dataset.view ?? "" }, each.dataset.title ?? "")));
    const search = element("input", { type: "search", placeholder: "find a step", "aria-label": "find in the graph", oninput: find, onkeydown: next });
    const says = element("span", { class: "sn-says", "aria-live": "polite" });
    const button = (text, label, press) => element("button", { type: "button", "aria-label": label, title: label, onclick: press }, text);
    const bar = element("div", { class: "sn-bar-of-view" }, ...(drawings.length > 1 ? [choice] : []), search,
      button("−", "smaller", () => zoom(1 / 1.4)), button("+", "larger", () => zoom(1.4)),
      button("⤢", "the whole", fit), button("1:1", "natural size", () => zoom(1 / seen.scale)), says);
    figure.prepend(bar);

    const wide = () => Math.max(200, figure.clientWidth - 40);

    function draw() {
      const { drawing, scale, x, y } = seen;
      const [width, height] = [Number(drawing.getAttribute("width")), Number(drawing.getAttribute("height"))];
      drawing.setAttribute("viewBox", `${x} ${y} ${width / scale} ${height / scale}`);
    }

    function fit() {
      const size = sizes.get(seen.drawing);
      const width = Math.max(200, Math.min(wide(), size.width));
      const height = Math.min(TALLEST, (size.height * width) / size.width);
      seen.scale = Math.min(width / size.width, height / size.height);
      seen.drawing.setAttribute("width", wide());
      seen.drawing.setAttribute("height", Math.max(height, Math.min(TALLEST, size.height, 240)));
      seen.x = size.x + (size.width - wide() / seen.scale) / 2;
      seen.y = size.y;
      draw();
    }

    // `at` stays where it is: a point of the window, or the middle.
    function zoom(by, at) {
      const box = seen.drawing.getBoundingClientRect();
      const [left, top] = at ? [at.x - box.left, at.y - box.top] : [box.width / 2, box.height / 2];
      const scale = Math.max(0.02, Math.min(6, seen.scale * by));
      seen.x += left / seen.scale - left / scale;
      seen.y += top / seen.scale - top / scale;
      seen.scale = scale;
      draw();
    }

    function show(node) {
      const box = node.querySelector(".sn-box");
      const middle = (size, place) => box[place].baseVal.value + box[size].baseVal.value / 2;
      seen.scale = Math.max(seen.scale, 0.9);
      seen.x = middle("width", "x") - Number(seen.drawing.getAttribute("width")) / seen.scale / 2;
      seen.y = middle("height", "y") - Number(seen.drawing.getAttribute("height")) / seen.scale / 2;
      draw();
    }

    function open(view) {
      const wanted = drawings.find((each) => each.dataset.view === view);
      if (wanted === undefined) return false;
      drawings.forEach((each) => each.toggleAttribute("hidden", each !== wanted));
      seen.drawing = wanted;
      choice.value = view;
      mark(null);
      fit();
      return true;
    }

    // --- Searching ---

    let found = [], at = 0;

    function find() {
      const text = search.value.trim().toLowerCase();
      const nodes = (drawing) => [...drawing.querySelectorAll(".sn-node")];
      const fits = (node) => text !== "" && `${node.dataset.id}\n${node.textContent}`.toLowerCase().includes(text);
      found = nodes(seen.drawing).filter((node) => fits(node) && !node.matches(".sn-group"));
      if (!found.length && text !== "" && drawings.length > 1) {
        // What is hidden in a group is found in the whole.
        const whole = drawings.at(-1);
        if (nodes(whole).some(fits)) {
          open(whole.dataset.view);
          found = nodes(whole).filter(fits);
        }
      }
      drawings.forEach((each) => nodes(each).forEach((node) => node.classList.toggle("sn-found", found.includes(node))));
      says.textContent = text === "" ? "" : `${found.length} found`;
      at = 0;
      if (found.length) show(found[0]);
    }

    function next(event) {
      if (event.key !== "Enter" || !found.length) return;
      at = (at + (event.shiftKey ? found.length - 1 : 1)) % found.length;
      show(found[at]);
      says.textContent = `${at + 1} of ${found.length}`;
    }

    // --- What a box needs, and what needs it ---

    function reach(start, from, to) {
      const links = [...seen.drawing.querySelectorAll(".sn-link")];
      const there = new Set([start]);
      const left = [start];
      while (left.length) {
        const name = left.pop();
        for (const link of links) {
          if (link.dataset[from] === name && !there.has(link.dataset[to])) {
            there.add(link.dataset[to]);
            left.push(link.dataset[to]);
          }
        }
      }
      return there;
    }

    function mark(node) {
      const drawing = seen.drawing;
      const same = node === null || node.classList.contains("sn-chosen");
      drawing.querySelectorAll(".sn-chosen, .sn-far").forEach((each) => each.classList.remove("sn-chosen", "sn-far"));
      says.replaceChildren();
      if (same) return;
      node.classList.add("sn-chosen");
      const name = node.dataset.id;
      const above = reach(name, "target", "source"), below = reach(name, "source", "target");
      drawing.querySelectorAll(".sn-node").forEach((each) => {
        each.classList.toggle("sn-far", !above.has(each.dataset.id) && !below.has(each.dataset.id));
      });
      drawing.querySelectorAll(".sn-link").forEach(({ classList, dataset: { source, target } }) => {
        classList.toggle("sn-far", !(above.has(source) && above.has(target)) && !(below.has(source) && below.has(target)));
      });
      says.append(`needs ${above.size - 1}, needed by ${below.size - 1}`);
      if (node.matches(".sn-step") && document.getElementById("sn-jobs") !== null) {
        says.append(" · ", element("a", { href: `#step=${encodeURIComponent(name)}` }, "its jobs"));
      }
    }

    // --- Pointer and keys ---

    let drag = null;
    figure.addEventListener("pointerdown", (event) => {
      if (event.target.closest("svg.sn-graph")) drag = { x: event.clientX, y: event.clientY, moved: false };
    });
    window.addEventListener("pointermove", (event) => {
      if (drag === null) return;
      const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
      if (!drag.moved && Math.hypot(dx, dy) < 4) return;
      seen.x -= dx / seen.scale;
      seen.y -= dy / seen.scale;
      drag = { x: event.clientX, y: event.clientY, moved: true };
      draw();
    });
    window.addEventListener("pointerup", () => setTimeout(() => { drag = null; }));
    figure.addEventListener("click", (event) => {
      const node = event.target.closest(".sn-node");
      if (drag?.moved || event.target.closest(".sn-bar-of-view")) return;
      if (node === null) mark(null);
      else if (!(node.matches(".sn-group") && open(node.dataset.id))) mark(node);
    });
    figure.addEventListener("wheel", (event) => {
      // Without a key the wheel moves the page, as everywhere.
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 300), { x: event.clientX, y: event.clientY });
    }, { passive: false });
    figure.addEventListener("keydown", (event) => {
      if (event.target !== figure) return;
      const move = { ArrowLeft: [-60, 0], ArrowRight: [60, 0], ArrowUp: [0, -60], ArrowDown: [0, 60] }[event.key];
      if (event.key === "+") zoom(1.4);
      else if (event.key === "-") zoom(1 / 1.4);
      else if (event.key === "0") fit();
      else if (move) { seen.x += move[0] / seen.scale; seen.y += move[1] / seen.scale; draw(); } else return;
      event.preventDefault();
    });
    fit();
    let before = wide();
    new ResizeObserver(() => {
      if (before !== wide()) fit();
      before = wide();
    }).observe(figure);
  }

  // --- The states of steps while a run works ---

  function remark(node, [state, says, parts]) {
    node.setAttribute("class", node.getAttribute("class").replace(/ sn-is-\S+/, "") + ` sn-is-${state}`);
    node.querySelector(".sn-state").textContent = says;
    node.querySelectorAll(".sn-part").forEach((part) => part.remove());
    const bar = node.querySelector(".sn-bar");
    let x = bar.x.baseVal.value;
    for (const [name, share] of parts) {
      const part = document.createElementNS(SVG, "rect");
      const width = bar.width.baseVal.value * share;
      const attributes = { class: `sn-part sn-is-${name}`, x, y: bar.y.baseVal.value, width, height: bar.height.baseVal.value, rx: 2 };
      for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
      if (share > 0) node.append(part);
      x += width;
    }
  }

  document.addEventListener("sn-data", (event) => {
    for (const node of document.querySelectorAll(".sn-view .sn-node")) {
      const mark = event.detail.marks?.[node.dataset.id];
      if (mark !== undefined && node.querySelector(".sn-state") !== null) remark(node, mark);
    }
  });
  document.querySelectorAll(".sn-view").forEach(control);
})();
