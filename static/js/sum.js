// The live sum of a counter, a draft or a count of cash. The server's figures stay the law; this only adds up what is typed.
//
//   <form data-sum>                        the form
//     <input data-price="1000" data-per="1000" data-code="SOY">   fen for so many thousandths of what is typed:
//                                          a kilogram or a piece or a note = 1000 thousandths
//       data-over="1"                      figures of a scale: so many per cent over a step are paid as the step
//     [data-row] [data-line]               the amount of a row
//     [data-total]                         the sum
//     [data-due]                           what the sum should be, in fen, as its value; shows the difference
//     [data-scale] svg[data-segment]       the scale to 100 (components.html)
//     [data-fresh]                         true only for what the server saw: hidden as soon as something changes
//     [data-stale]                         hidden until then
"use strict";

const yuan = (fen) => {
  const [whole, rest] = [Math.floor(Math.abs(fen) / 100), Math.abs(fen) % 100];
  return [`${fen < 0 ? "−" : ""}¥${whole.toLocaleString("en")}`, `.${String(rest).padStart(2, "0")}`];
};

const show = (place, fen) => {
  const [whole, decimals] = yuan(fen);
  const small = document.createElement("i");
  small.textContent = decimals;
  place.replaceChildren(whole, small);
};

// What is paid of what the scale shows; the step is the stepper's.
const billed = (input, amount) => {
  const step = thousandths(input.closest("[data-stepper]")?.dataset.step ?? "") || 1;
  const less = amount - (amount % step);
  return amount * 100 <= less * (100 + Number(input.dataset.over || 0)) ? less : amount;
};

const drawScale = (scale, lines, total) => {
  const goal = Number(scale.dataset.goal);
  const whole = Math.max(goal, total);
  let at = 0;
  for (const segment of scale.querySelectorAll("[data-segment]")) {
    const fen = lines.get(segment.dataset.segment) ?? 0;
    const share = (fen * 100) / whole;
    segment.setAttribute("x", `${at}%`);
    segment.setAttribute("width", `${share}%`);
    const [name, figure] = segment.querySelectorAll("tspan");
    if (figure) figure.textContent = share < 9 ? "" : String(fen % 100 ? (fen / 100).toFixed(2) : fen / 100);
    if (name && share < 20) name.textContent = "";
    at += share;
  }
  scale.classList.toggle("full", total === goal);
  scale.classList.toggle("over", total > goal);
  scale.querySelector(".track").classList.toggle("gap", total < goal);
};

for (const form of document.querySelectorAll("form[data-sum]")) {
  const inside = (selector) => document.querySelectorAll(selector);
  const add = () => {
    const lines = new Map();
    let total = 0;
    for (const input of form.querySelectorAll("[data-price]")) {
      const amount = billed(input, thousandths(input.value || "0"));
      const fen = Number.isNaN(amount) ? 0 : Math.round((amount * Number(input.dataset.price)) / Number(input.dataset.per));
      lines.set(input.dataset.code, (lines.get(input.dataset.code) ?? 0) + fen);
      total += fen;
      const place = input.closest("[data-row]")?.querySelector("[data-line]");
      if (place) show(place, fen);
    }
    for (const place of inside("[data-total]")) show(place, total);
    for (const place of inside("[data-due]")) show(place, total - Number(place.dataset.due));
    for (const scale of inside("[data-scale]")) drawScale(scale, lines, total);
  };
  form.addEventListener("input", (event) => {
    if (!event.target.matches("[data-price]")) return;
    add();
    for (const part of inside("[data-fresh]")) part.hidden = true;
    for (const part of inside("[data-stale]")) part.hidden = false;
  });
}

// The tray says how many are marked.
for (const tray of document.querySelectorAll("[data-tray]")) {
  const count = document.querySelector("[data-cracked]");
  tray.addEventListener("change", () => {
    if (count) count.textContent = String(tray.querySelectorAll(":checked").length);
  });
}
