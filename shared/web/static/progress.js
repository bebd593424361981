// Small pictures, drawn from data attributes: progress, its axis, sparklines. x is in percent, so nothing listens to resizes.
// The words inside an element say the same; they stay for screen readers and for readers without scripts.
const SVG = "http://www.w3.org/2000/svg";
const DAY = 86_400_000;

function add(parent, name, attributes, words) {
  const node = parent.appendChild(document.createElementNS(SVG, name));
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (words) node.textContent = words;
  return node;
}

function canvas(element) {
  const words = document.createElement("span");
  words.className = "visually-hidden";
  words.append(...element.childNodes);
  element.append(words);
  element.dataset.drawn = "true";
  return add(element, "svg", { "aria-hidden": "true", focusable: "false" });
}

// The nearest data-axis="from/to" gives one scale to all pictures below it.
function scaleFor(element) {
  const scope = element.closest("[data-axis]");
  const [from, to] = scope.dataset.axis.split("/").map(Date.parse);
  const place = (date) => ((Date.parse(date) - from) / (to - from)) * 100;
  const at = (date) => Math.min(100, Math.max(0, place(date)));
  const within = (date) => place(date) >= 0 && place(date) <= 100;
  return { at, within, from, to, today: scope.dataset.today };
}

const line = (svg, kind, x1, x2, y1, y2) => add(svg, "line", { class: kind, x1: `${x1}%`, x2: `${x2}%`, y1, y2 });

// data-work="2026-10-24 2026-12-08" data-shares="1 0.8 0.4 0.1": the share that has left each operation, first to last.
// Solid has left the last one; hatched is between the first and the last, with a gap where each operation stands.
function drawWork(svg, at, work, shares, hatch) {
  const [start, end] = work.split(" ").map(at);
  const width = Math.max(end - start, 0.8);
  const [most, done] = [Math.max(...shares), shares.at(-1)];
  const bar = (kind, from, to, fill) => {
    if (to > from) add(svg, "rect", { class: kind, x: `${start + from * width}%`, width: `${(to - from) * width}%`, y: 9, height: 8, ...(fill && { fill }) });
  };
  bar("pp-todo", 0, 1);
  bar("pp-run", done, most, `url(#${hatch})`);
  bar("pp-done", 0, done);
  for (const share of new Set(shares.filter((one) => one > 0 && one < 1))) {
    add(svg, "rect", { class: "pp-gap", x: `${start + share * width}%`, width: 1, y: 9, height: 8 });
  }
}

// data-predicted="p5 p25 p75 p95": 90 % thin, 50 % thick.
function drawWhisker(svg, at, text) {
  const [p5, p25, p75, p95] = text.split(" ").map(at);
  line(svg, "pp-thin", p5, p95, 26, 26);
  line(svg, "pp-thick", p25, Math.max(p75, p25 + 1.5), 26, 26);
}

// data-spent="theirs 2026-10-20 2026-11-02, ours 2026-11-02 2026-11-26, …": whose days they were.
function drawSpent(svg, at, text, hatch) {
  const [whose, start, end] = text.trim().split(/\s+/);
  const [left, right] = [at(start), at(end)];
  const bar = (kind, fill) => add(svg, "rect", { class: kind, x: `${left}%`, width: `${Math.max(0, right - left)}%`, y: 9, height: 8, ...(fill && { fill }) });
  if (right <= left) return;
  bar(`pp-${whose}`);
  if (whose === "ours") bar("pp-run", `url(#${hatch})`);
  add(svg, "rect", { class: "pp-gap", x: `${right}%`, width: 1, y: 9, height: 8, transform: "translate(-1 0)" });
}

// data-legal: the last day that the law allows, with a flag; red once it has passed.
function drawLegal(svg, { at, within, today }, legal) {
  if (!within(legal)) return;
  const kind = Date.parse(legal) < Date.parse(today) ? "is-breached" : "";
  const group = add(svg, "g", { class: kind });
  line(group, "pp-legal", at(legal), at(legal), 5, 31);
  add(group, "rect", { class: "pp-flag", x: `${at(legal)}%`, y: 3, width: 6, height: 6, transform: "translate(-3 0)" });
}

let pictures = 0;
function drawProgress(element) {
  const scale = scaleFor(element);
  const { at, within, today } = scale;
  const svg = canvas(element);
  const hatch = `hatch-${(pictures += 1)}`;
  const pattern = add(svg, "pattern", { id: hatch, width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  add(pattern, "line", { class: "pp-hatch", x1: 1, x2: 1, y1: 0, y2: 5 });
  if (today && within(today)) line(svg, "pp-today", at(today), at(today), 0, 36);
  const { work, shares, spent, predicted, promised, legal, due } = element.dataset;
  if (work) drawWork(svg, at, work, shares.split(" ").map(Number), hatch);
  if (spent) spent.split(",").forEach((text) => drawSpent(svg, at, text, hatch));
  if (predicted) drawWhisker(svg, at, predicted);
  if (promised && within(promised)) line(svg, "pp-promised", at(promised), at(promised), 5, 31);
  if (legal) drawLegal(svg, scale, legal);
  if (due && within(due)) line(svg, "pp-due", at(due), at(due), 5, 31);
}

function drawAxis(element) {
  const { at, within, from, to, today } = scaleFor(element);
  const svg = canvas(element);
  const days = Number(element.dataset.every ?? 14);
  const isLong = to - from > 400 * DAY;
  const label = (time, words, kind) => add(svg, "text", { x: `${at(time)}%`, y: 22, "text-anchor": "middle", class: kind }, words);
  const anchor = within(today) ? Date.parse(today) : from;
  for (let time = anchor + Math.ceil((from - anchor) / DAY / days) * days * DAY; time < to; time += days * DAY) {
    const date = new Date(time).toISOString().slice(0, 10);
    const isNow = time === anchor && within(today);
    if (!isNow && at(date) > 5 && at(date) < 95) label(date, isLong ? date.slice(0, 7) : date.slice(5), "");
  }
  if (within(today)) {
    label(today, element.dataset.now, "now");
    line(svg, "pp-today", at(today), at(today), 27, 36);
  }
}

// data-values="3 4 6 5": a line with a dot at its end.
function drawSpark(element) {
  const values = element.dataset.values.split(/\s+/).map(Number);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const y = (value) => 26 - ((value - low) / (high - low || 1)) * 24;
  const points = values.map((value, index) => `${(index / (values.length - 1)) * 88} ${y(value)}`);
  const svg = canvas(element);
  svg.setAttribute("viewBox", "0 0 88 28");
  add(svg, "path", { d: `M${points.join("L")}` });
  add(svg, "circle", { cx: 88, cy: y(values.at(-1)), r: 2.5 });
}

function drawAll(root = document) {
  const all = (selector, draw) => root.querySelectorAll(`${selector}:not([data-drawn])`).forEach(draw);
  all(".progress-picture", drawProgress);
  all(".progress-axis", drawAxis);
  all(".spark", drawSpark);
}
drawAll();
document.addEventListener("htmx:after:swap", () => drawAll());
