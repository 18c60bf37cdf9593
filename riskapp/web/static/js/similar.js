// While somebody types what might happen, show the risks that "Check the scores" would show as similar.
// Words reach the page as text alone. Where this does not run, the page works as it does without it.
(() => {
  "use strict";
  const box = document.getElementById("similar");
  const typed = ["title", "event"].map((id) => document.getElementById(id)).filter(Boolean);
  if (!box || !typed.length) return;
  const [count, list, advice] = ["count", "list", "advice"].map((part) => document.getElementById(`similar-${part}`));
  const said = document.getElementById("similar-said");
  const WAIT = 500;
  let timer = 0;
  let before = null;
  let asking = null;

  const made = (tag, text, className) => {
    const node = document.createElement(tag);
    node.textContent = text;
    if (className) node.className = className;
    return node;
  };
  const link = (text, address, className) => {
    const node = made("a", text, className);
    node.href = address;
    node.target = "_blank";
    node.rel = "noopener";
    node.append(made("span", " (opens in a new tab)", "visually-hidden"));
    return node;
  };
  const line = (risk) => {
    const node = made("p", "", "passage");
    node.append(
      link(risk.title, risk.address, "table__title"),
      made("span", `${risk.unit}. ${risk.score}. Shares ${risk.shared.join(", ")}`, "small soft"),
    );
    if (risk.join) node.append(made("br", ""), link("Add what you know to it", risk.join, "small"));
    return node;
  };
  const show = (found) => {
    const words = found.words;
    if (said.textContent !== words) said.textContent = found.risks.length || !box.hidden ? words : "";
    count.textContent = words;
    list.replaceChildren(...found.risks.map(line));
    advice.textContent = found.advice;
    box.hidden = !found.risks.length && box.hidden;
  };
  const ask = async () => {
    const text = typed.map((field) => field.value.trim()).join(" ").trim();
    if (text === before) return;
    before = text;
    asking?.abort();
    asking = new AbortController();
    try {
      const answer = await fetch(`${box.dataset.address}?q=${encodeURIComponent(text)}`, {
        credentials: "same-origin",
        redirect: "error",
        signal: asking.signal,
      });
      if (answer.ok) show(await answer.json());
    } catch {
      // Offline, signed out or asked anew: "Check the scores" says the same.
    }
  };
  for (const field of typed) {
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, WAIT);
    });
  }
})();
