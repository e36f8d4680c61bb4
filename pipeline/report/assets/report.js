"use strict";
// The browsers of rows and of rejected records, and the tips of the plots. Every text of the dataset reaches the page through
// textContent alone: nothing here writes HTML.
(() => {
  const ITEM = 64, MARGIN = 6, LONGEST_LIST = 200000, KEPT_CHUNKS = 8;
  const number = (value) => value.toLocaleString("en");

  // Files: a script element calls receiveRows with its name and the packed lines.
  const waiting = new Map();
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

  // A list of records beside the one that is open, with search, filters and orders. `kind` says what is particular:
  // the section, the prefix of its elements' ids, the files, the columns' texts, filters and orders, and the views.
  function browser(kind) {
    const section = document.getElementById(kind.section);
    const [total, indexRows, chunkRows] = ["rows", "indexRows", "chunkRows"].map((key) => +section.dataset[key]);
    const element = (id) => document.getElementById(kind.prefix + id);
    const list = element("list"), space = element("space"), detail = element("row"), found = element("found");
    const kept = new Map();
    function chunk(at) {
      if (!kept.has(at)) {
        kept.set(at, load(fileName(kind.chunks, at)));
        if (kept.size > KEPT_CHUNKS) kept.delete(kept.keys().next().value);
      }
      return kept.get(at);
    }

    // The index: columns of all rows, and for each one its searchable text.
    const rows = [], texts = [];
    let shown = [], selected = -1, search = 0;
    async function loadIndex() {
      for (let at = 0; at * indexRows < total; at++) {
        for (const row of await load(fileName(kind.index, at))) {
          rows.push(row);
          texts.push(kind.text(row).toLowerCase());
        }
        await find();
      }
      for (const [id, values] of Object.entries(kind.offers)) offer(id, values);
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
      const chosen = Object.entries(kind.filters).filter(([id]) => element(id).value);
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
        say(`searching whole texts: ${Math.floor(100 * at * chunkRows / rows.length)}%`);
        const whole = await chunk(at);
        if (mine !== search) return;
        whole.forEach((row, offset) => {
          const missing = open.get(at * chunkRows + offset);
          if (!missing) return;
          const text = kind.deepText(row).toLowerCase();
          if (missing.every((word) => text.includes(word))) matches.push(at * chunkRows + offset);
        });
      }
      if (open.size) show(matches.sort(order()));
    }
    // Orders of the list, as comparisons of two rows; rows that are equal keep the order of the dataset.
    function order() {
      const compare = kind.orders[element("order").value] ?? (() => 0);
      return (one, other) => compare(rows[one], rows[other]) || one - other;
    }
    function say(more) {
      const part = rows.length < total ? ` (loading, ${number(total)} in all)` : "";
      found.textContent = `${number(shown.length)} of ${number(rows.length)} ${kind.noun}${part}${more ? `; ${more}` : ""}`;
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
      box.id = `${kind.prefix}item-${place}`;
      box.style.top = `${place * ITEM}px`;
      box.setAttribute("role", "option");
      box.setAttribute("aria-selected", String(place === selected));
      box.setAttribute("aria-posinset", place + 1);
      box.setAttribute("aria-setsize", shown.length);
      box.append(
        make("span", "", kind.title(row).replace(/\s+/g, " ")),
        make("span", "facts", kind.facts(row)),
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
      list.setAttribute("aria-activedescendant", `${kind.prefix}item-${selected}`);
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
      detail.replaceChildren(...kind.view(row, choose));
      detail.scrollTop = 0;
    }
    // Set a filter from elsewhere on the page.
    function choose(id, value) {
      const choice = element(id);
      if (![...choice.options].some((option) => option.value === value)) choice.append(new Option(value, value));
      choice.value = value;
      find();
    }

    let typing;
    element("query").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(find, 80); });
    section.querySelector(".filters").addEventListener("change", (event) => { if (event.target !== element("query")) find(); });
    section.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
    return { choose, start: () => loadIndex().catch((error) => { found.textContent = error.message; }) };
  }

  // The rows.
  const [ID, INSTRUCTION, CONCEPTS, CATEGORY, DIFFICULTY, PLACE, NAME, PASSED, RUN] = Array(9).keys();
  const byText = (column) => (one, other) => (one[column] < other[column] ? -1 : +(one[column] > other[column]));
  const rate = (one, other) => one[PASSED] / one[RUN] - other[PASSED] / other[RUN];
  const ofRows = browser({
    section: "rows", prefix: "", index: "index", chunks: "rows", noun: "rows",
    text: (row) => [row[INSTRUCTION], row[CONCEPTS].join(" "), row[CATEGORY], row[PLACE], row[NAME], row[ID]].join("\n"),
    deepText: (row) => `${row.response}\n${row.tests}`,
    title: (row) => row[INSTRUCTION],
    facts: (row) => `${row[DIFFICULTY]}, ${row[CATEGORY]}, ${row[PASSED]} of ${row[RUN]} passed`,
    offers: { difficulty: (row) => [row[DIFFICULTY]], category: (row) => [row[CATEGORY]], concept: (row) => row[CONCEPTS] },
    filters: {
      difficulty: (row, value) => row[DIFFICULTY] === value,
      category: (row, value) => row[CATEGORY] === value,
      concept: (row, value) => row[CONCEPTS].includes(value),
      samples: (row, value) => (row[PASSED] === row[RUN]) === (value === "all"),
    },
    orders: {
      rate,
      often: (one, other) => rate(other, one),
      long: (one, other) => other[INSTRUCTION].length - one[INSTRUCTION].length,
      place: byText(PLACE),
    },
    view: viewOfRow,
  });
  function viewOfRow(row, choose) {
    const { id, instruction, response, tests, pooled_tests, concepts, category, difficulty, seed, samples, model, ...rest } = row;
    const lines = seed.lines.join(" to ");
    return [
      make("h4", "", id),
      make("p", "prose instruction", instruction),
      ...concepts.map((concept) => chip(concept, choose)),
      make("h4", "", `${difficulty}, ${category}; ${samples.passed} of ${samples.n} samples passed`),
      make("h4", "", "response"), ...markdown(response),
      make("h4", "", "tests"), code(tests),
      ...(pooled_tests ? [make("h4", "", "pooled tests"), code(pooled_tests)] : []),
      make("h4", "", "seed"),
      make("p", "prose", `${seed.name} in ${seed.source}/${seed.path}, lines ${lines}, licence ${seed.licence ?? "unknown"}`),
      ...Object.entries(rest).flatMap(([key, value]) => [make("h4", "", key), make("pre", "", plain(value))]),
      takeOut(id),
    ];
  }

  // The rejected records.
  const [, TITLE, STAGE, RULE, SOURCE, EVIDENCE] = Array(6).keys();
  const ofRejected = browser({
    section: "rejected", prefix: "rejected-", index: "rejected-index", chunks: "rejected", noun: "rejected records",
    text: (row) => row.join("\n"),
    deepText: (row) => Object.values(row).join("\n"),
    title: (row) => row[TITLE],
    facts: (row) => `${row[STAGE]}: ${row[RULE]}; ${row[EVIDENCE]}`,
    offers: { stage: (row) => [row[STAGE]] },
    filters: {
      stage: (row, value) => row[STAGE] === value,
      rule: (row, value) => `${row[STAGE]}: ${row[RULE]}` === value,
    },
    orders: { place: byText(SOURCE), evidence: byText(EVIDENCE), rule: byText(RULE) },
    view: viewOfRejected,
  });
  const AS_CODE = ["tests", "seed"], AS_PROSE = ["instruction"];
  function viewOfRejected({ id, stage, rule, evidence, note, name, path, lines, response, ...rest }) {
    const place = path === undefined ? [] : [make("p", "prose", `${name} in ${path}, lines ${lines.join(" to ")}`)];
    return [
      make("h4", "", id),
      make("p", "prose instruction", `rejected in ${stage} by ${rule}`),
      ...place,
      make("h4", "", "evidence"), make("pre", "", evidence),
      ...(note === undefined ? [] : [make("p", "prose", note)]),
      ...(response === undefined ? [] : [make("h4", "", "response"), ...markdown(response)]),
      ...Object.entries(rest).flatMap(([key, value]) => [
        make("h4", "", key),
        AS_CODE.includes(key) ? code(value) : AS_PROSE.includes(key) ? make("p", "prose", value) : make("pre", "", plain(value)),
      ]),
    ];
  }
  document.querySelectorAll("button[data-rule]").forEach((button) => button.addEventListener("click", () => {
    ofRejected.choose("rule", button.dataset.rule);
    document.getElementById("rejected").scrollIntoView();
  }));

  // Rows to take out: the lines of the file that [selection] reject names.
  const taken = new Map();
  const element = (id) => document.getElementById(id);
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
  function chip(concept, choose) {
    const button = make("button", "chip", concept);
    button.title = "show the rows with this concept";
    button.addEventListener("click", () => choose("concept", concept));
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
  addEventListener("beforeprint", () => document.querySelectorAll("details.data").forEach((each) => { each.open = true; }));
  // First the page, then the rows, then what was rejected.
  requestAnimationFrame(() => setTimeout(() => ofRows.start().then(ofRejected.start)));
})();
