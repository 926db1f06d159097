// Brings parts of a page up to date, and helps the keyboard. Every page works without it.
"use strict";
(() => {
  for (const part of document.querySelectorAll("[data-live]")) {
    const events = new EventSource(part.dataset.live);
    events.addEventListener("part", (event) => {
      // Made by the same station, every text in it escaped there; scripts in it would not run under the page's policy.
      const made = new DOMParser().parseFromString(event.data, "text/html");
      part.replaceChildren(...made.body.childNodes);
    });
    events.addEventListener("over", () => {
      events.close();
      location.reload();
    });
  }
  // What was typed into a form of a visit and not noted yet is noted before another form leaves the page.
  const touched = new Set();
  for (const form of document.querySelectorAll("form[data-noted]")) {
    form.addEventListener("input", () => touched.add(form));
    form.addEventListener("submit", () => touched.delete(form));
  }
  for (const form of document.querySelectorAll("form:not([data-drop])")) {
    form.addEventListener("submit", async (event) => {
      const waiting = [...touched].filter((other) => other !== form);
      if (waiting.length === 0) {
        return;
      }
      event.preventDefault();
      event.stopImmediatePropagation();
      for (const other of waiting) {
        touched.delete(other);
        const fields = new URLSearchParams(new FormData(other));
        const noted = await fetch(other.action, { method: "POST", body: fields, redirect: "manual" })
          .then((answer) => answer.type === "opaqueredirect", () => false);
        if (!noted) {
          // What is wrong with it is told by a page of its own.
          other.requestSubmit();
          return;
        }
      }
      form.requestSubmit(event.submitter);
    });
  }
  // A form is sent once; its page is answered by the next.
  for (const form of document.querySelectorAll("form")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent === "yes") {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "yes";
    });
  }
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form")) {
      delete form.dataset.sent;
    }
  });
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
  // "/" puts the cursor where the next number is typed or scanned.
  document.addEventListener("keydown", (event) => {
    const field = document.getElementById("q");
    if (event.key === "/" && field && !/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) {
      event.preventDefault();
      field.focus();
    }
  });
})();
