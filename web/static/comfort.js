/* Comfort where a browser runs scripts; every page does without. Loads nothing, draws nothing that moves. */
"use strict";
{
  const words = document.currentScript.dataset; // in the language of the page
  const MINUTE = 60_000;
  const HOUR = 60 * MINUTE;
  const DAY = 24 * HOUR;
  const LINK = 23; // characters that a link counts, however long it is

  const made = (tag, properties) => Object.assign(document.createElement(tag), properties);

  /* How long ago something was, for a week; when it was exactly stands in its title. */
  const spans = new Intl.RelativeTimeFormat(document.documentElement.lang);
  const now = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" }).format(0, "minute");

  function ago(past) {
    if (past < MINUTE) return now;
    if (past < HOUR) return spans.format(-Math.floor(past / MINUTE), "minute");
    if (past < DAY) return spans.format(-Math.floor(past / HOUR), "hour");
    return spans.format(-Math.floor(past / DAY), "day");
  }

  function tellTimes() {
    for (const time of document.querySelectorAll("time.ago")) {
      time.title ||= time.textContent;
      const past = Date.now() - Date.parse(time.dateTime);
      time.textContent = past >= 0 && past < 7 * DAY ? ago(past) : time.title;
    }
  }

  /* How many characters are left; the server has the last word. */
  function countDown(field) {
    const left = made("span", { className: "hint", id: `${field.id}-left` });
    const tell = () => {
      const text = field.value.replace(/https?:\/\/\S+/gi, "x".repeat(LINK)).replace(/(@\w+)@[\w.-]*\w/g, "$1");
      const warning = field.form.elements.warning?.value ?? "";
      left.textContent = words.left.replace("{count}", field.dataset.longest - [...text, ...warning].length);
    };
    field.after(left);
    field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") ?? ""} ${left.id}`.trim());
    field.form.addEventListener("input", tell);
    tell();
  }

  /* A wrong key loses nothing that was written, also after the form was refused. */
  let sending = null;

  function unsaved(field) {
    const written = field.value !== field.defaultValue || (document.getElementById("problem") && field.value);
    return written && field.form !== sending;
  }

  /* A picture is shown as soon as it is chosen. */
  function preview(input) {
    const [file] = input.files;
    const shown = input.nextElementSibling;
    if (shown?.matches("img.preview")) shown.remove();
    if (!file?.type.startsWith("image/")) return;
    const image = made("img", { className: "preview", alt: "" });
    const reader = new FileReader();
    reader.addEventListener("load", () => { image.src = reader.result; });
    reader.readAsDataURL(file);
    input.after(image);
  }

  /* Who sends a picture without words is asked for them once. */
  function wordless(form) {
    return [...form.querySelectorAll('textarea[name$="[alt]"]')].find((field) => {
      const part = (name) => form.elements[field.name.replace("[alt]", `[${name}]`)];
      return !field.value.trim() && !part("drop")?.checked && (part("id") || part("file")?.files.length);
    });
  }

  function ask(field) {
    const id = `${field.id}-asked`;
    field.form.dataset.asked = "yes";
    field.closest("details").open = true;
    field.closest("p").before(made("p", { className: "problem", role: "alert", id, textContent: words.bare }));
    field.setAttribute("aria-describedby", id);
    field.focus();
  }

  /* How much is new is looked up once a minute, while somebody can see it. */
  const link = document.querySelector("a[data-unread]");
  let looked = Date.now();

  function tellUnread(number) {
    link.querySelector(".count")?.remove();
    if (!number) return;
    const count = made("span", { className: "count", textContent: number < 100 ? number : "99+" });
    count.append(made("span", { className: "unseen", textContent: ` ${words.unread}` }));
    link.append(" ", count);
  }

  async function look() {
    if (!link || document.hidden || Date.now() - looked < MINUTE) return;
    looked = Date.now();
    try {
      const answer = await fetch(link.dataset.unread, { redirect: "manual" });
      if (answer.type === "opaqueredirect") looked = Infinity; // signed out in another tab
      if (answer.ok) tellUnread((await answer.json()).notices);
    } catch {
      // no network: the next minute may have one
    }
  }

  /* Keys that go from answer to answer, only while the focus is among them: so they are in nobody's way. */
  const answers = document.querySelector("[data-walk]");

  function walk(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.target.matches("input, textarea, select, [contenteditable]")) return;
    const keys = answers.querySelector(".keys");
    if (event.key === "?") {
      keys.open = !keys.open;
      keys.querySelector("summary").focus();
    } else if (event.key === "j" || event.key === "k") {
      const open = [...answers.querySelectorAll("article")].filter((each) => !each.closest("details:not([open])"));
      const at = open.indexOf(event.target.closest("article"));
      (event.key === "j" ? open[at + 1] : open[at - 1])?.focus(); // which brings it into view, at once
    } else {
      return;
    }
    event.preventDefault();
  }

  if (answers) {
    answers.querySelector(".keys").hidden = false;
    answers.addEventListener("keydown", walk);
    answers.querySelector("[data-walk-from]").addEventListener("click", (event) => {
      event.preventDefault();
      answers.querySelector("article").focus();
    });
  }

  document.querySelectorAll("textarea[data-longest]").forEach(countDown);
  document.addEventListener("change", (event) => { if (event.target.type === "file") preview(event.target); });
  document.addEventListener("submit", (event) => {
    const field = event.target.dataset.asked ? null : wordless(event.target);
    if (field) event.preventDefault();
    if (field) ask(field);
    else sending = event.target;
  });
  document.addEventListener("visibilitychange", look);
  addEventListener("pageshow", () => { sending = null; });
  addEventListener("beforeunload", (event) => {
    if ([...document.querySelectorAll("main form textarea")].some(unsaved)) event.preventDefault();
  });
  setInterval(tellTimes, MINUTE);
  setInterval(look, MINUTE + 1);
  tellTimes();
}
