// Small comforts on every page. Each page does its job without this file: it only wakes buttons that are hidden until then.
"use strict";

// A figure as people type it in whole thousandths, so that 0.1 + 0.2 stays 0.3; NaN where it is no figure.
const thousandths = (text) => {
  const plain = text.trim().replace("，", ".").replace(",", ".");
  return /^\d{1,7}(\.\d{0,3})?$/.test(plain) ? Math.round(Number(plain) * 1000) : NaN;
};
const typed = (value) => String(value / 1000);

for (const stepper of document.querySelectorAll("[data-stepper]")) {
  const input = stepper.querySelector("input");
  const step = thousandths(stepper.dataset.step) || 1000;
  const least = thousandths(stepper.dataset.least || "0");
  const most = stepper.dataset.most ? thousandths(stepper.dataset.most) : Infinity;
  stepper.classList.add("on");
  for (const button of stepper.querySelectorAll("button")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const now = thousandths(input.value) || 0;
      input.value = typed(Math.min(most, Math.max(least, now + Number(button.dataset.by) * step)));
      input.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

if ("speechSynthesis" in window) {
  for (const button of document.querySelectorAll("[data-read]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const speech = new SpeechSynthesisUtterance(button.dataset.read);
      speech.lang = document.documentElement.lang;
      speech.rate = 0.9;
      window.speechSynthesis.cancel();
      window.speechSynthesis.speak(speech);
    });
  }
}

// After a refused form the reader, too, begins at what was wrong.
document.querySelector("[data-problems]")?.focus();

// A form goes out once: a second press within four seconds is held back (the server would answer it like the first).
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 4000);
  });
}
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
