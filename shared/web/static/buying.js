// Small things of the buyer's and operator's pages.
// A day or a month that is chosen is looked at, without a button.
each("[data-submits]", (field) => field.addEventListener("change", () => { if (field.value) field.form.requestSubmit(); }));

// What is still being computed is looked at again after a while.
each("[data-reload-after]", (place) => setTimeout(() => location.reload(), Number(place.dataset.reloadAfter)));
