// What pages for suppliers do beside being read: wait for an answer, count what is picked to be shipped.

// A page that waits for somebody else's answer, or first order, looks every few seconds, and is loaded again when it has come.
function awaitAnswer() {
  const place = document.querySelector("[data-polls]");
  if (!place || !["submitted", "draft", "agreed-nothing-ordered"].includes(place.dataset.state)) return;
  const timer = setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch(place.dataset.polls, { headers: { accept: "text/html" } }).catch(() => null);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-polls]");
    if (fresh?.dataset.state !== place.dataset.state) { clearInterval(timer); location.replace(place.dataset.polls); }  // without what was said before
  }, 3_000);
}

awaitAnswer();

// The notice: how many lines are picked stands on its button; a quantity that is written picks its line.
function countNotice() {
  const form = document.querySelector("[data-notice]");
  if (!form) return;
  const count = () => {
    const picked = form.querySelectorAll("[name=line]:checked").length;
    each("[data-picked-lines]", (place) => { place.textContent = picked ? `· ${picked}` : ""; });
  };
  form.addEventListener("input", (event) => {
    const line = event.target.closest("[data-ready-line]");
    if (line && event.target.type === "number" && Number(event.target.value) > 0) line.querySelector("[name=line]").checked = true;
    count();
  });
  count();
}

countNotice();

// An invoice: what the picked receipts come to stands above the list and on the button.
function sumClaim() {
  const form = document.querySelector("[data-claim]");
  if (!form?.querySelector("[name=receipt]")) return;
  const digits = { minimumFractionDigits: Number(form.dataset.digits), maximumFractionDigits: Number(form.dataset.digits) };
  const sum = () => {
    const worth = [...form.querySelectorAll("[name=receipt]:checked")].reduce((total, box) => total + Math.round(Number(box.dataset.worth) * 1e3), 0);
    each("[data-claim-total]", (place) => { place.textContent = (worth / 1e3).toLocaleString("en", digits); });
  };
  form.addEventListener("change", sum);
  sum();
}

sumClaim();
