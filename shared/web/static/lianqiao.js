// Behavior shared by all pages. Nothing here is needed to read a page; each part finds its own markup or does nothing.
const each = (selector, act, root = document) => root.querySelectorAll(selector).forEach(act);
const root = document.documentElement;

// Theme: the system's, unless the reader chose one (a cookie, so that the server writes it into the page).
// Runs before the body is parsed, so that nothing flashes.
if (!root.dataset.bsTheme) {
  root.dataset.bsTheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function toggleTheme() {
  root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
  document.cookie = `theme=${root.dataset.bsTheme}; path=/; max-age=31536000; samesite=lax`;
  document.dispatchEvent(new CustomEvent("themechange"));
}

// What takes longer than 0.3 s shows that it works; a form is sent once.
function markBusy(form) {
  const button = form.querySelector("[type=submit]") ?? document.querySelector(`[type=submit][form="${form.id}"]`);
  if (!button) return;
  setTimeout(() => { button.setAttribute("aria-busy", "true"); }, 300);
  form.dataset.sent = "true";
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (question && !window.confirm(question)) { event.preventDefault(); return; }
  if (form.method === "post" && !form.hasAttribute("hx-post")) markBusy(form);
});
addEventListener("pageshow", () => each("form[data-sent]", (form) => { delete form.dataset.sent; }));

document.addEventListener("DOMContentLoaded", () => {
  each("[data-theme-toggle]", (button) => button.addEventListener("click", toggleTheme));
  each("[data-copy]", (button) => button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    button.dataset.copied = "true";
  }));
  each("[data-print]", (button) => button.addEventListener("click", () => window.print()));
  each("[role=alert], [aria-invalid=true]", (first) => first.scrollIntoView({ block: "nearest" }));
});

// A menu closes when one looks elsewhere.
document.addEventListener("click", (event) => {
  each("details.menu[open]", (menu) => { if (!menu.contains(event.target)) menu.open = false; });
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") each("details.menu[open]", (menu) => { menu.open = false; menu.querySelector("summary").focus(); });
});
