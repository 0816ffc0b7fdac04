/* Keys for a list out of which one chooses, only while the focus is in it; comfort.js goes from one to the next. */
"use strict";
{
  const list = document.querySelector("form[data-walk]");

  function press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.target.matches("input:not([type=checkbox]), textarea, select")) return;
    const here = event.target.closest("article");
    const box = here?.querySelector("input[type=checkbox]");
    if (!box) return;
    const all = [...list.querySelectorAll("article")];
    const button = [...list.querySelectorAll("button[data-key]")].find((each) => each.dataset.key === event.key);
    if (event.key === "x") {
      box.checked = !box.checked;
    } else if (event.key === "Enter" && event.target === here) {
      here.querySelector("a").click();
    } else if (event.target === box && (event.key === "j" || event.key === "k")) {
      all[all.indexOf(here) + (event.key === "j" ? 1 : -1)]?.focus();
    } else if (button) {
      if (!list.querySelector("input:checked")) box.checked = true;
      button.click();
    } else {
      return;
    }
    event.preventDefault();
  }

  list?.addEventListener("keydown", press);
}
