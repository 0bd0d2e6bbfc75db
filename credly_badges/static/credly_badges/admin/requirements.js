// Brings the page of requirements up to date in place. Without it, the same buttons send the whole page.
"use strict";

(() => {
  const id = "requirements-editor";
  const form = () => document.getElementById(id);
  // For this long after a key, browsers take the next one as part of the same word.
  const wordPause = 1000;
  const inPlace = /^(add-|remove-|refresh|open|pattern)/;
  let queue = Promise.resolve();
  let waiting = 0;
  let typedSince = false;
  let lastKey = -Infinity;

  document.documentElement.classList.add("credly-with-script");

  // One after the other: each sends what the one before it brought.
  function enqueue(task) {
    waiting += 1;
    showWhetherBusy();
    queue = queue.then(task).then(() => {
      waiting -= 1;
      showWhetherBusy();
    });
  }

  function showWhetherBusy() {
    form().setAttribute("aria-busy", String(waiting > 0));
  }

  async function bringUpToDate(action, focus) {
    if (!isOffered(action)) return; // The same button was pressed twice, and the first time it did its work.
    try {
      let fresh;
      do {
        while (choosesByTyping()) await new Promise((done) => { setTimeout(done, 50); });
        typedSince = false;
        fresh = await ask(action, focus);
      } while (typedSince || choosesByTyping()); // Ask again, with what was typed while the answer was on its way.
      show(fresh, action);
    } catch (failure) {
      console.error(failure);
      announce(form().dataset.failed);
      sendAsAWhole(action);
    }
  }

  function isOffered(action) {
    return action === "refresh" || [...form().elements].some((each) => each.name === "do" && each.value === action);
  }

  // Only the words: what is being typed stays untouched.
  async function sayInWords() {
    try {
      const fresh = await ask("refresh", "");
      document.getElementById("preview").replaceWith(fresh.querySelector("#preview"));
      for (const summary of fresh.querySelectorAll(".credly-set")) twinOf(summary)?.replaceChildren(...summary.childNodes);
      for (const typed of fresh.querySelectorAll(".credly-field-scope textarea")) showNotes(typed);
    } catch (failure) {
      console.error(failure); // They are out of date until the next change, and no more than that.
    }
  }

  function twinOf(summary) {
    const { keep } = summary.closest("details").dataset;
    return form().querySelector(`details[data-keep="${keep}"] .credly-set`);
  }

  // Which courses, programs and badges were typed.
  function showNotes(fresh) {
    const here = document.getElementById(fresh.id);
    const field = here?.closest(".credly-field");
    if (!field || field.classList.contains("errors")) return;
    field.querySelector(".credly-note")?.remove();
    const notes = fresh.closest(".credly-field").querySelector(".credly-note");
    if (notes) here.after(notes);
    here.setAttribute("aria-describedby", fresh.getAttribute("aria-describedby"));
  }

  // A select that is replaced would forget the first letters of what is typed into it.
  function choosesByTyping() {
    return Boolean(document.activeElement?.dataset.refresh) && performance.now() - lastKey < wordPause;
  }

  async function ask(action, focus) {
    const data = new FormData(form());
    data.set("do", action);
    data.set("focus", focus);
    const answer = await fetch(form().action, { method: "POST", body: data, credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(id);
    if (!answer.ok || !fresh) throw new Error(`The answer was ${answer.status}.`);
    return fresh;
  }

  function show(fresh, action) {
    const active = action === "refresh" && form().contains(document.activeElement) ? document.activeElement.id : "";
    announce(fresh.querySelector("[data-announce]")?.textContent ?? "");
    for (const { dataset } of form().querySelectorAll("details[open]")) {
      fresh.querySelector(`details[data-keep="${dataset.keep}"]`)?.setAttribute("open", "");
    }
    form().replaceWith(fresh);
    (document.getElementById(active) ?? fresh.querySelector("[autofocus]"))?.focus();
  }

  function announce(sentence) {
    document.getElementById("announcer").textContent = sentence;
  }

  function sendAsAWhole(action) {
    const chosen = document.createElement("input");
    Object.assign(chosen, { type: "hidden", name: "do", value: action });
    form().append(chosen);
    form().submit();
  }

  // Tab ends the word: who goes on to the next field wants to see what it offers now.
  document.addEventListener("keydown", (event) => { lastKey = event.key === "Tab" ? -Infinity : event.timeStamp; });
  document.addEventListener("pointerdown", () => { lastKey = -Infinity; });
  document.addEventListener("input", () => { typedSince = true; });
  document.addEventListener("change", (event) => {
    const { target } = event;
    if (target.form?.id !== id) return;
    enqueue(target.dataset.refresh ? () => bringUpToDate("refresh", target.id) : sayInWords);
  });
  document.addEventListener("submit", (event) => {
    const action = event.submitter?.value ?? "";
    if (event.target.id !== id) return;
    const focus = event.submitter?.id ?? "";
    if (inPlace.test(action)) {
      event.preventDefault();
      enqueue(() => bringUpToDate(action, focus));
    } else if (waiting) {
      event.preventDefault(); // Sent after what is on its way, or that would be lost.
      enqueue(() => sendAsAWhole(action));
    }
  });
})();
