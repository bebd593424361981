// What the portal's pages do beside being read: pick, step, choose columns, and hear what has changed.
const language = document.documentElement.lang;
const shownNumber = (value) => Number(value).toLocaleString(language);

// Column choice: kept in a cookie, so that the server leaves the column out of rows and of the export.
function chooseColumns() {
  each("[data-column-choice]", (box) => box.addEventListener("change", () => {
    each(`[data-column="${box.value}"]`, (cell) => { cell.hidden = !box.checked; });
    const hidden = [...document.querySelectorAll("[data-column-choice]:not(:checked)")].map((other) => other.value);
    document.cookie = `hidden-columns=${hidden.join(".")}; path=/; max-age=31536000; samesite=lax`;
  }));
}

// Selection: the bar appears with how many rows are picked and what they are worth.
function countPicked(list, bar) {
  const picked = [...list.querySelectorAll("tbody tr[data-line]")].filter((row) => row.querySelector("[data-pick]")?.checked);
  each("tbody tr", (row) => row.classList.toggle("is-picked", picked.includes(row)), list);
  bar.hidden = picked.length === 0;
  bar.querySelector("[data-picked-count]").textContent = picked.length;
  bar.querySelector("[data-picked-worth]").textContent = shownNumber(picked.reduce((sum, row) => sum + Number(row.dataset.value), 0));
}

function pickRows() {
  const list = document.querySelector("[data-list]");
  const bar = document.querySelector("[data-bulk]");
  if (!list || !bar) return;
  list.addEventListener("change", () => countPicked(list, bar));
  bar.querySelector("[data-clear]").addEventListener("click", () => {
    each("[data-pick]", (box) => { box.checked = false; }, list);
    countPicked(list, bar);
  });
  countPicked(list, bar);
}

// Stepper: buttons add their data-add to the field, within its limits; "rest" fills it up.
function step(field, button) {
  const most = Number(field.max || Infinity);
  const wanted = button.dataset.add === "rest" ? most : Number(field.value || 0) + Number(button.dataset.add);
  field.value = Math.min(most, Math.max(Number(field.min || 0), wanted));
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function stepQuantities() {
  each("[data-add]", (button) => button.addEventListener("click", () => step(document.getElementById(button.dataset.for), button)));
  each("[data-mirror]", (copy) => {
    const field = document.getElementById(copy.dataset.mirror);
    field.addEventListener("input", () => { copy.textContent = shownNumber(field.value || 0); });
  });
  each("[data-reveals]", (field) => field.addEventListener("input", () => {
    document.getElementById(field.dataset.reveals).hidden = !Number(field.value);
  }));
  each("[data-operation]", (choice) => choice.addEventListener("change", () => {
    const good = document.getElementById("good");
    good.max = choice.dataset.open;
    each("[data-operation-open]", (place) => { place.textContent = shownNumber(choice.dataset.open); });
    each("[data-operation-name]", (place) => { place.textContent = choice.dataset.name; });
    step(good, { dataset: { add: 0 } });
  }));
}

// An order's form: another line, what each line comes to, and the sum.
function writeOrders() {
  const form = document.querySelector("[data-order-form]");
  if (!form) return;
  const lines = form.querySelector("[data-lines]");
  const number = (field) => Number((field?.value ?? "").replaceAll(",", "")) || 0;
  const sum = () => {
    let total = 0;
    each("[data-line-fields]", (line) => {
      const amount = (number(line.querySelector("[data-quantity]")) * number(line.querySelector("[data-price]"))) / (number(line.querySelector("[data-per]")) || 1);
      line.querySelector("[data-line-amount]").textContent = amount ? amount.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 }) : "";
      total += amount;
    }, lines);
    form.querySelector("[data-total]").textContent = total.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  };
  form.addEventListener("input", (event) => { fillItem(event.target); sum(); });
  form.querySelector("[data-add-line]").addEventListener("click", () => { addLine(lines).focus(); sum(); });
  sum();
}

function addLine(lines) {
  const count = lines.children.length;
  const line = lines.lastElementChild.cloneNode(true);
  each("[id]", (field) => { field.id = field.id.replace(/-\d+$/, `-${count}`); }, line);
  each("label[for]", (label) => { label.htmlFor = label.htmlFor.replace(/-\d+$/, `-${count}`); }, line);
  each(".field-error", (error) => error.remove(), line);
  each("[aria-invalid]", (field) => { field.removeAttribute("aria-invalid"); field.removeAttribute("aria-describedby"); }, line);
  each("input", (field) => { if (field.type !== "date") field.value = ""; }, line);
  const position = line.querySelector("[name=line_position]");
  position.value = (Number(lines.lastElementChild.querySelector("[name=line_position]").value) || 0) + 10;
  lines.append(line);
  return line.querySelector("[name=line_item_number]");
}

function fillItem(field) {
  if (field.name !== "line_item_number") return;
  const known = [...document.querySelectorAll("#known-items option")].find((option) => option.value === field.value);
  const line = field.closest("[data-line-fields]");
  if (!known || !line) return;
  const name = line.querySelector("[name=line_item_name]");
  if (!name.value) name.value = known.dataset.name;
  line.querySelector("[name=line_unit]").value = known.dataset.unit;
}

// Live: the server says what has changed, the page asks for it. Nothing moves while somebody points at it.
const live = { source: null, away: 0, rows: new Map(), timer: 0 };

function listen() {
  if (!document.body.dataset.live || document.hidden || live.source) return;
  const source = new EventSource(document.body.dataset.live);
  live.source = source;
  source.addEventListener("hello", () => { connected(live.away > 0); });
  source.addEventListener("beat", () => showLive());
  source.addEventListener("catch-up", () => catchUp());
  source.addEventListener("change", (event) => { showLive(); const told = JSON.parse(event.data); heard(told); tell(told); });
  source.addEventListener("error", () => {
    live.away += 1;
    if (live.away > 1 || source.readyState === EventSource.CLOSED) lost();
    if (source.readyState === EventSource.CLOSED) {
      live.source = null;
      setTimeout(listen, Math.min(30_000, 2_000 * live.away));
    }
  });
}

function connected(again) {
  document.body.classList.remove("is-offline");
  if (again) catchUp();
  live.away = 0;
  showLive();
}

function lost() {
  document.body.classList.add("is-offline");
  each("[data-live-state]", (state) => { state.hidden = true; });
}

function showLive() {
  each("[data-live-state]", (state) => {
    state.hidden = false;
    state.querySelector("[data-live-time]").textContent = new Date().toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: document.body.dataset.zone });
  });
}

function heard({ type, order_id: order, schedule_line_id: line, work_order_id: work }) {
  const page = document.querySelector("[data-order-page]");
  if (page && type.startsWith("orders.") && page.dataset.orderPage === order) { refreshSoon(page); return; }
  const list = document.querySelector("[data-list]");
  if (!list || !type.startsWith("orders.")) return;
  const shown = [...list.querySelectorAll(`tr[data-order="${CSS.escape(order)}"]`)];
  const rows = line ? shown.filter((row) => row.dataset.line === line) : shown;
  if (rows.length) rows.forEach((row) => renewSoon(list, row.dataset.line));
  else tellNews();
}

// Many reports of one line in a second are one look.
function renewSoon(list, line) {
  clearTimeout(live.rows.get(line));
  live.rows.set(line, setTimeout(() => renew(list, line), 120));
}

async function renew(list, line) {
  const row = document.getElementById(`row-${line}`);
  if (!row) return;
  const picked = row.querySelector("[data-pick]")?.checked;
  const held = row.contains(document.activeElement) ? document.activeElement.tagName : null;
  await htmx.ajax("GET", `${list.dataset.rows}/${line}?${list.dataset.rowQuery}`, { target: row, swap: "outerHTML" });
  const fresh = document.getElementById(`row-${line}`);
  if (!fresh) return;
  if (picked) fresh.querySelector("[data-pick]").checked = true;
  if (held) fresh.querySelector(held.toLowerCase())?.focus();
}

function tellNews() {
  const news = document.querySelector("[data-news]");
  if (!news) return;
  const count = Number(news.dataset.news || 0) + 1;
  const words = news.querySelector("[data-news-words]");
  news.dataset.news = count;
  news.hidden = false;
  words.textContent = count === 1 ? words.dataset.one : words.dataset.many.replace("{n}", count);
}

// A page about one order is asked for again as a whole; what somebody types stays where it is.
function refreshSoon(page) {
  clearTimeout(live.timer);
  live.timer = setTimeout(async () => {
    const answer = await fetch(location.pathname, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (page.querySelector("details[open]")) { tellNews(); return; }
    swapPart(page, fresh, ".answer", false);
    swapPart(page, fresh, "#turns", false);
    swapPart(page, fresh, ".story-lines tbody", false);
    swapPart(page, fresh, "#story", true);
    drawAll(page);
  }, 200);
}

function swapPart(page, fresh, selector, glow) {
  const [old, now] = [page.querySelector(selector), fresh.querySelector(selector)];
  if (!old || !now) return;
  const known = new Set([...old.querySelectorAll("[id]")].map((node) => node.id));
  old.replaceChildren(...now.childNodes);
  if (glow) each("li[id]", (node) => node.classList.toggle("is-new", !known.has(node.id)), old);
}

// Other scripts hear it too; `null` says that something may have been missed.
function tell(told) {
  document.dispatchEvent(new CustomEvent("lianqiao:change", { detail: told }));
}

function catchUp() {
  tell(null);
  const list = document.querySelector("[data-list]");
  const page = document.querySelector("[data-order-page]");
  if (page) refreshSoon(page);
  if (list) each("tr[data-line]", (row) => renewSoon(list, row.dataset.line), list);
}

// Figures that have no event of their own are asked for every few seconds, unless a menu is open or a field is being filled.
function refreshFigures() {
  each("[data-refresh]", (place) => setInterval(() => {
    const isBusy = document.hidden || place.querySelector("details[open]") || place.contains(document.activeElement);
    if (!isBusy) htmx.ajax("GET", place.dataset.refresh, { target: place, swap: "innerHTML" });
  }, 5_000));
}

chooseColumns();
pickRows();
stepQuantities();
writeOrders();
refreshFigures();
listen();
document.addEventListener("visibilitychange", () => {
  if (document.hidden) { live.source?.close(); live.source = null; live.away += 1; } else listen();
});
addEventListener("offline", lost);
addEventListener("online", () => { live.source?.close(); live.source = null; live.away += 1; listen(); });
addEventListener("pagehide", () => live.source?.close());
