// Receiving: one field that takes a camera, a keyboard scanner or a hand alike; then counting, with a draft that is not lost.
const scanField = document.querySelector("[data-scan]");
const cameraPlace = document.querySelector("[data-camera]");
const countForm = document.querySelector("[data-count]");

// A keyboard scanner types wherever the cursor is: what is typed outside of a field goes into the scan field.
function catchScanner() {
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, textarea, select, button, a, summary");
    if (!isTyping && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) scanField.focus();
  });
  scanField.form.addEventListener("submit", () => { scanField.value = scanField.value.trim(); stopCamera(); });
}

// Camera: the browser's own detector where there is one, else a decoder that is loaded only then.
const camera = { stream: null, timer: 0 };
const FORMATS = ["qr_code", "code_128", "data_matrix", "ean_13"];

async function detector() {
  if ("BarcodeDetector" in globalThis) {
    const known = await BarcodeDetector.getSupportedFormats();
    const wanted = FORMATS.filter((format) => known.includes(format));
    if (wanted.length) return new BarcodeDetector({ formats: wanted });
  }
  if (!globalThis.QRReader) await loadScript(cameraPlace.dataset.decoder);
  return new globalThis.QRReader();
}

function loadScript(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.nonce = document.querySelector("script[nonce]").nonce;
    script.src = address;
    script.addEventListener("load", resolve);
    script.addEventListener("error", reject);
    document.head.append(script);
  });
}

async function startCamera() {
  const said = cameraPlace.querySelector("[data-camera-said]");
  said.textContent = "";
  try {
    camera.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
  } catch (error) {
    said.textContent = error.name === "NotFoundError" ? cameraPlace.dataset.none : cameraPlace.dataset.denied;
    scanField.focus();
    return;
  }
  const view = cameraPlace.querySelector("video");
  view.srcObject = camera.stream;
  showCamera(true);
  await view.play();
  const reader = await detector();
  const look = async () => {
    if (!camera.stream) return;
    const [code] = await reader.detect(view).catch(() => []);
    if (code) { found(code.rawValue); return; }
    camera.timer = setTimeout(look, 150);
  };
  look();
}

function showCamera(isOn) {
  cameraPlace.querySelector("video").hidden = !isOn;
  cameraPlace.querySelector("[data-camera-start]").hidden = isOn;
  cameraPlace.querySelector("[data-camera-stop]").hidden = !isOn;
}

function stopCamera() {
  clearTimeout(camera.timer);
  camera.stream?.getTracks().forEach((track) => track.stop());
  camera.stream = null;
  if (cameraPlace) showCamera(false);
}

// Our own QR codes hold an address with ?code=…; everything else is the code itself.
function found(text) {
  navigator.vibrate?.(60);
  scanField.value = new URLSearchParams(text.split("?")[1] ?? "").get("code") ?? text;
  scanField.form.requestSubmit();
}

function offerCamera() {
  cameraPlace.hidden = !navigator.mediaDevices?.getUserMedia;
  cameraPlace.querySelector("[data-camera-start]").addEventListener("click", startCamera);
  cameraPlace.querySelector("[data-camera-stop]").addEventListener("click", stopCamera);
  addEventListener("pagehide", stopCamera);
}

// Counting: each line says how it stands, the foot says how all stand.
const amount = (field) => Number(field.value || 0);

function judgeLine(line) {
  const [received, damaged] = [line.querySelector("[data-received]"), line.querySelector("[data-damaged]")];
  const state = line.querySelector("[data-count-state]");
  const isOpen = received.value === "";
  const difference = amount(received) - Number(line.dataset.expected);
  const kind = isOpen ? "is-idle" : difference < 0 || amount(damaged) ? "is-late" : difference > 0 ? "is-risk" : "is-ok";
  damaged.max = received.value || 0;
  const words = isOpen ? state.dataset.open : difference < 0 ? state.dataset.short : difference > 0 ? state.dataset.over : state.dataset.right;
  state.textContent = words.replace("{n}", Math.abs(Math.round(difference * 1e6) / 1e6).toLocaleString());
  state.className = `chip ${kind}`;
  line.classList.remove("is-idle", "is-late", "is-risk", "is-ok");
  line.classList.add(kind);
  return { isOpen, difference: isOpen ? 0 : difference, damaged: amount(damaged) };
}

function judgeAll() {
  const lines = [...countForm.querySelectorAll("[data-count-line]")].map(judgeLine);
  const place = document.querySelector("[data-count-sum]");
  const add = (values) => Math.round(values.reduce((sum, value) => sum + value, 0) * 1e6) / 1e6;
  const short = -add(lines.map(({ difference }) => Math.min(0, difference)));
  const over = add(lines.map(({ difference }) => Math.max(0, difference)));
  const damaged = add(lines.map((line) => line.damaged));
  const words = [place.dataset.words.replace("{done}", lines.filter(({ isOpen }) => !isOpen).length).replace("{all}", lines.length)];
  if (short) words.push(place.dataset.wordsShort.replace("{n}", short.toLocaleString()));
  if (over) words.push(place.dataset.wordsOver.replace("{n}", over.toLocaleString()));
  if (damaged) words.push(place.dataset.wordsDamaged.replace("{n}", damaged.toLocaleString()));
  place.textContent = words.join(" · ");
}

// A draft survives a reload, a dead battery and a lost connection; it goes when the receipt is recorded.
const draftName = () => `count:${countForm.dataset.draft}`;

function keepDraft() {
  const kept = [...new FormData(countForm)].filter(([name, value]) => !["csrf", "key"].includes(name) && typeof value === "string");
  localStorage.setItem(draftName(), JSON.stringify(kept));
}

function takeDraft() {
  const kept = JSON.parse(localStorage.getItem(draftName()) ?? "[]");
  if ([...countForm.querySelectorAll("[data-received]")].some((field) => field.value !== "")) return; // the server sent back what was typed
  for (const [name, value] of kept) {
    const field = countForm.elements.namedItem(name);
    if (field instanceof HTMLInputElement && field.type === "checkbox") field.checked = true;
    else if (field instanceof HTMLInputElement && field.type !== "hidden") field.value = value;
    else if (field instanceof HTMLInputElement && name.startsWith("photo-")) field.value = value;
  }
}

// Photos are made small here, so that a phone with one bar can send them.
const SIDE_MAX = 1600;

async function smallPhoto(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, SIDE_MAX / Math.max(picture.width, picture.height));
  const sheet = Object.assign(document.createElement("canvas"), { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) });
  sheet.getContext("2d").drawImage(picture, 0, 0, sheet.width, sheet.height);
  return new Promise((resolve) => { sheet.toBlob(resolve, "image/jpeg", 0.82); });
}

async function sendPhoto(field) {
  const row = field.closest(".photo-row");
  const said = row.querySelector("[data-photo-said]");
  said.textContent = "…";
  try {
    const body = new FormData();
    body.append("csrf", countForm.elements.csrf.value);
    body.append("photo", await smallPhoto(field.files[0]), "photo.jpg");
    const answer = await fetch(countForm.dataset.photos, { method: "POST", body });
    if (!answer.ok) throw new Error(String(answer.status));
    const { id } = await answer.json();
    row.querySelector("[data-photo-id]").value = id;
    showPhoto(row, id);
    said.textContent = "✓";
    keepDraft();
  } catch {
    said.textContent = countForm.dataset.wordsPhoto;
  }
}

function showPhoto(row, id) {
  const picture = row.querySelector("[data-photo-shown]");
  picture.src = `/photos/${id}`;
  picture.hidden = false;
}

function another(list) {
  const count = list.children.length;
  const row = list.lastElementChild.cloneNode(true);
  each("[id]", (field) => { field.id = field.id.replace(/-\d+$/, `-${count}`); field.value = ""; }, row);
  each("label", (label) => { label.htmlFor = label.htmlFor.replace(/-\d+$/, `-${count}`); }, row);
  list.append(row);
  row.querySelector("input").focus();
}

function count() {
  takeDraft();
  judgeAll();
  countForm.addEventListener("input", () => { judgeAll(); keepDraft(); });
  countForm.querySelector("[data-count-all]").addEventListener("click", () => {
    each("[data-count-line]", (line) => { line.querySelector("[data-received]").value = line.dataset.expected; }, countForm);
    judgeAll();
    keepDraft();
  });
  each("[data-photo]", (field) => field.addEventListener("change", () => { if (field.files.length) sendPhoto(field); }), countForm);
  each("[data-photo-id]", (field) => { if (field.value) showPhoto(field.closest(".photo-row"), field.value); }, countForm);
  countForm.querySelector("[data-add-wrong]").addEventListener("click", () => another(countForm.querySelector("[data-wrong-list]")));
  countForm.addEventListener("submit", () => localStorage.setItem("count:sent", draftName()));
  // Enter in a quantity goes to the next one: it never records half a receipt.
  countForm.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("input")) return;
    event.preventDefault();
    const fields = [...countForm.querySelectorAll("[data-received]")];
    fields[fields.indexOf(event.target) + 1]?.focus();
  });
}

if (scanField) catchScanner();
if (cameraPlace) offerCamera();
if (countForm) count();
if (new URLSearchParams(location.search).get("said") === "received") localStorage.removeItem(localStorage.getItem("count:sent") ?? "");
