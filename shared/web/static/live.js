// Pages about one thing, or about a list without rows of its own: the parts that have changed are put in place.
// data-about="shipment_id:UUID …" names what a page is about, data-hears="logistics. …" the kinds of events it follows;
// elements with an id and data-live-part are asked for again, unless somebody has a menu open in them or is filling them in.
function followChanges() {
  const page = document.querySelector("[data-live-parts]");
  if (!page) return;
  const about = (page.dataset.about ?? "").split(/\s+/).filter(Boolean).map((text) => text.split(":"));
  const kinds = (page.dataset.hears ?? "").split(/\s+/).filter(Boolean);
  let timer = 0;
  document.addEventListener("lianqiao:change", ({ detail: told }) => {
    const concerns = !told || about.some(([name, id]) => told[name] === id) || kinds.some((kind) => told.type.startsWith(kind));
    if (!concerns) return;
    clearTimeout(timer);
    timer = setTimeout(() => refreshParts(page), 250);
  });
}

async function refreshParts(page) {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of page.querySelectorAll("[data-live-part][id]")) {
    const now = fresh.getElementById(part.id);
    const isBusy = part.querySelector("details[open]") || (part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea"));
    if (!now || isBusy || part.innerHTML === now.innerHTML || part.dataset.was === now.innerHTML) continue;
    part.dataset.was = now.innerHTML;
    const known = new Set([...part.querySelectorAll("[id]")].map((node) => node.id));
    part.replaceChildren(...now.childNodes);
    for (const node of part.querySelectorAll("li[id], tr[id]")) node.classList.toggle("is-new", !known.has(node.id));
    globalThis.drawAll?.(part);
    globalThis.htmx?.process(part);
    document.dispatchEvent(new CustomEvent("lianqiao:swapped", { detail: part }));
  }
}

followChanges();

// The order's chain follows what logistics and settlement tell.
document.addEventListener("lianqiao:change", ({ detail: told }) => {
  const place = document.querySelector(".chain-panel [hx-get]");
  if (place && (!told || /^(logistics|settlement)\./.test(told.type))) globalThis.htmx?.trigger(document.body, "lianqiao:chain");
});
