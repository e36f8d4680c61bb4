"use strict";
// The browser of rows and the tips of the plots. Every text of the dataset reaches the page through
// textContent alone: nothing here writes HTML.
(() => {
  const section = document.getElementById("rows");
  const [total, indexRows, chunkRows] = ["rows", "indexRows", "chunkRows"].map((key) => +section.dataset[key]);
  const [ID, INSTRUCTION, CONCEPTS, CATEGORY, DIFFICULTY, PLACE, NAME, PASSED, RUN] = Array(9).keys();
  const ITEM = 64, MARGIN = 6, LONGEST_LIST = 200000, KEPT_CHUNKS = 8;
  const element = (id) => document.getElementById(id);
  const list = element("list"), space = element("space"), detail = element("row"), found = element("found");
  const number = (value) => value.toLocaleString("en");

  // Files: a script element calls receiveRows with its name and the packed lines.
  const waiting = new Map(), kept = new Map();
  window.receiveRows = (name, packed) => waiting.get(name).receive(packed);
  const load = (name) => new Promise((receive, fail) => {
    const script = document.createElement("script");
    waiting.set(name, { receive });
    script.src = `report/${name}.js`;
    script.onload = () => script.remove();
    script.onerror = () => fail(new Error(`report/${name}.js is not there`));
    document.head.append(script);
  }).then(unpack);
  async function unpack(packed) {
    const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const text = await new Response(stream).text();
    return JSON.parse(`[${text.trimEnd().replaceAll("\n", ",")}]`);
  }
  const fileName = (kind, at) => `${kind}-${String(at).padStart(3, "0")}`;
  function chunk(at) {
    if (!kept.has(at)) {
      kept.set(at, load(fileName("rows", at)));
      if (kept.size > KEPT_CHUNKS) kept.delete(kept.keys().next().value);
    }
    return kept.get(at);
  }

  // The index: columns of all rows, and for each one its searchable text.
  const rows = [], texts = [];
  let shown = [], selected = -1, search = 0;
  const filters = {
    difficulty: (row, value) => row[DIFFICULTY] === value,
    category: (row, value) => row[CATEGORY] === value,
    concept: (row, value) => row[CONCEPTS].includes(value),
    samples: (row, value) => (row[PASSED] === row[RUN]) === (value === "all"),
  };
  async function loadIndex() {
    for (let at = 0; at * indexRows < total; at++) {
      for (const row of await load(fileName("index", at))) {
        rows.push(row);
        texts.push([row[INSTRUCTION], row[CONCEPTS].join(" "), row[CATEGORY], row[PLACE], row[NAME], row[ID]].join("\n").toLowerCase());
      }
      await find();
    }
    offer("difficulty", (row) => [row[DIFFICULTY]]);
    offer("category", (row) => [row[CATEGORY]]);
    offer("concept", (row) => row[CONCEPTS]);
    section.dataset.ready = "true";
  }
  function offer(id, values) {
    const counts = new Map();
    for (const row of rows) for (const value of values(row)) counts.set(value, (counts.get(value) ?? 0) + 1);
    const byCount = [...counts].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1));
    for (const [value, count] of byCount.slice(0, 1000)) {
      element(id).append(new Option(`${value} (${number(count)})`, value));
    }
  }

  // Searching: words that must all occur. The deep search also reads the rows' files, one after the other.
  async function find() {
    const mine = ++search;
    const words = element("query").value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = Object.entries(filters).filter(([id]) => element(id).value);
    const fits = (row) => chosen.every(([id, test]) => test(row, element(id).value));
    const deep = element("deep").checked && words.length > 0;
    const matches = [], open = new Map();
    for (let at = 0; at < rows.length; at++) {
      if (!fits(rows[at])) continue;
      if (words.every((word) => texts[at].includes(word))) matches.push(at);
      else if (deep) open.set(at, words.filter((word) => !texts[at].includes(word)));
    }
    show(matches.sort(order()));
    for (let at = 0; open.size && at * chunkRows < rows.length; at++) {
      say(`searching responses and tests: ${Math.floor(100 * at * chunkRows / rows.length)}%`);
      const whole = await chunk(at);
      if (mine !== search) return;
      whole.forEach((row, offset) => {
        const missing = open.get(at * chunkRows + offset);
        if (!missing) return;
        const text = `${row.response}\n${row.tests}`.toLowerCase();
        if (missing.every((word) => text.includes(word))) matches.push(at * chunkRows + offset);
      });
    }
    if (open.size) show(matches.sort(order()));
  }
  // Orders of the list, as comparisons of two rows; rows that are equal keep the order of the dataset.
  const orders = {
    rate: (one, other) => one[PASSED] / one[RUN] - other[PASSED] / other[RUN],
    often: (one, other) => orders.rate(other, one),
    long: (one, other) => other[INSTRUCTION].length - one[INSTRUCTION].length,
    place: (one, other) => (one[PLACE] < other[PLACE] ? -1 : +(one[PLACE] > other[PLACE])),
  };
  function order() {
    const compare = orders[element("order").value] ?? (() => 0);
    return (one, other) => compare(rows[one], rows[other]) || one - other;
  }
  function say(more) {
    const part = rows.length < total ? ` (loading, ${number(total)} in all)` : "";
    found.textContent = `${number(shown.length)} of ${number(rows.length)} rows${part}${more ? `; ${more}` : ""}`;
  }
  function show(matches) {
    shown = matches;
    selected = -1;
    list.scrollTop = 0;
    space.style.height = `${Math.min(shown.length, LONGEST_LIST) * ITEM}px`;
    say(shown.length > LONGEST_LIST ? `the first ${number(LONGEST_LIST)} are listed` : "");
    if (shown.length) select(0);
    else {
      draw();
      detail.replaceChildren();
    }
  }

  // The list: only what is in view is in the document.
  function draw() {
    const first = Math.max(0, Math.floor(list.scrollTop / ITEM) - MARGIN);
    const last = Math.min(shown.length, LONGEST_LIST, Math.ceil((list.scrollTop + list.clientHeight) / ITEM) + MARGIN);
    const items = [];
    for (let place = first; place < last; place++) items.push(item(place));
    space.replaceChildren(...items);
  }
  function item(place) {
    const row = rows[shown[place]];
    const box = make("div", "item");
    box.id = `item-${place}`;
    box.style.top = `${place * ITEM}px`;
    box.setAttribute("role", "option");
    box.setAttribute("aria-selected", String(place === selected));
    box.setAttribute("aria-posinset", place + 1);
    box.setAttribute("aria-setsize", shown.length);
    box.append(
      make("span", "", row[INSTRUCTION].replace(/\s+/g, " ")),
      make("span", "facts", `${row[DIFFICULTY]}, ${row[CATEGORY]}, ${row[PASSED]} of ${row[RUN]} passed`),
    );
    box.addEventListener("click", () => select(place));
    return box;
  }
  function select(place) {
    selected = Math.max(0, Math.min(place, Math.min(shown.length, LONGEST_LIST) - 1));
    if (selected < 0 || !shown.length) return;
    const top = selected * ITEM;
    if (top < list.scrollTop) list.scrollTop = top;
    if (top + ITEM > list.scrollTop + list.clientHeight) list.scrollTop = top + ITEM - list.clientHeight;
    draw();
    list.setAttribute("aria-activedescendant", `item-${selected}`);
    open(shown[selected]);
  }
  list.addEventListener("scroll", () => requestAnimationFrame(draw));
  list.addEventListener("keydown", (event) => {
    const page = Math.floor(list.clientHeight / ITEM);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (!(event.key in steps)) return;
    event.preventDefault();
    select(selected + steps[event.key]);
  });

  // One row in full.
  async function open(at) {
    const row = (await chunk(Math.floor(at / chunkRows)))[at % chunkRows];
    if (at !== shown[selected]) return;
    const { id, instruction, response, tests, concepts, category, difficulty, seed, samples, model, ...rest } = row;
    const lines = seed.lines.join(" to ");
    detail.replaceChildren(
      make("h4", "", id),
      make("p", "prose instruction", instruction),
      ...concepts.map(chip),
      make("h4", "", `${difficulty}, ${category}; ${samples.passed} of ${samples.n} samples passed`),
      make("h4", "", "response"), ...markdown(response),
      make("h4", "", "tests"), code(tests),
      make("h4", "", "seed"),
      make("p", "prose", `${seed.name} in ${seed.source}/${seed.path}, lines ${lines}, licence ${seed.licence ?? "unknown"}`),
      ...Object.entries(rest).flatMap(([key, value]) => [make("h4", "", key), make("pre", "", plain(value))]),
    );
    detail.append(takeOut(id));
    detail.scrollTop = 0;
  }

  // Rows to take out: the lines of the file that [selection] reject names.
  const taken = new Map();
  function takeOut(id) {
    const form = make("form", "take-out");
    const reason = make("input", "");
    reason.placeholder = "why this row is wrong";
    reason.setAttribute("aria-label", "reason");
    reason.value = taken.get(id) ?? "";
    form.append(reason, make("button", "", taken.has(id) ? "Keep this row" : "Take this row out"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!taken.delete(id)) taken.set(id, reason.value.replace(/\s+/g, " ").trim());
      element("reject-lines").value = [...taken].map(([row, why]) => `${row} ${why}`.trim() + "\n").join("");
      element("taken-out").hidden = !taken.size;
      form.replaceWith(takeOut(id));
    });
    return form;
  }
  const plain = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 1));
  function chip(concept) {
    const button = make("button", "chip", concept);
    button.title = "show the rows with this concept";
    button.addEventListener("click", () => {
      const choice = element("concept");
      if (![...choice.options].some((option) => option.value === concept)) choice.append(new Option(concept, concept));
      choice.value = concept;
      find();
    });
    return button;
  }
  function markdown(text) {
    return text.split(/^```.*$/m).map((part, at) => (at % 2 ? code(part) : make("p", "prose", part.trim())));
  }
  const TOKENS = /(#.*)|("""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|\b(and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|if|import|in|is|lambda|not|or|pass|raise|return|try|while|with|yield|None|True|False)\b|\b(\d[\d_.]*)/g;
  const KINDS = ["", "note", "string", "word", "number"];
  function code(text) {
    const block = make("pre", "");
    const source = text.replace(/^\n|\n$/g, "");
    let done = 0;
    for (const match of source.matchAll(TOKENS)) {
      const kind = match.findIndex((group, at) => at > 0 && group !== undefined);
      block.append(source.slice(done, match.index), make("span", KINDS[kind], match[0]));
      done = match.index + match[0].length;
    }
    block.append(source.slice(done));
    return block;
  }
  function make(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // Tips of the plots.
  const tip = element("tip");
  document.addEventListener("mouseover", (event) => {
    const mark = event.target.closest(".role-mark [aria-label]");
    tip.hidden = !mark;
    if (!mark) return;
    tip.textContent = mark.getAttribute("aria-label");
    const box = mark.getBoundingClientRect();
    tip.style.left = `${Math.max(8, Math.min(box.left, innerWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${Math.max(8, box.top - tip.offsetHeight - 6)}px`;
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.matches("input, select, textarea")) return;
    event.preventDefault();
    element("query").focus();
  });
  let typing;
  element("query").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(find, 80); });
  document.querySelector(".filters").addEventListener("change", (event) => { if (event.target.id !== "query") find(); });
  document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
  addEventListener("beforeprint", () => document.querySelectorAll("details.data").forEach((each) => { each.open = true; }));
  // First the page, then the rows.
  requestAnimationFrame(() => setTimeout(() => loadIndex().catch((error) => { found.textContent = error.message; })));
})();
