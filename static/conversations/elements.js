// Building the page out of nodes: nothing here ever parses HTML.

import { settings } from "./texts.js";

const SVG = "http://www.w3.org/2000/svg";

/** Return a new element. `properties`: `class`, `on` {event: handler}, `data` {name: value}, else attributes. */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "on") for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    else if (name === "data") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Return an icon of the shared set, hidden from screen readers. */
export function icon(name, size = "") {
  const node = document.createElementNS(SVG, "svg");
  node.setAttribute("class", size ? `icon icon-${size}` : "icon");
  node.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${settings.icons}#${name}`);
  node.append(use);
  return node;
}

/** Change which icon of the set a node shows. */
export function showIcon(node, name) {
  node.querySelector("use").setAttribute("href", `${settings.icons}#${name}`);
}

/** Return a square button that shows an icon only and says `label` to those who cannot see it. */
export function iconButton(name, label, onClick) {
  return element(
    "button",
    { class: "button-icon", type: "button", title: label, "aria-label": label, on: onClick ? { click: onClick } : {} },
    icon(name, "small"),
  );
}

/** Return the element of the page with this id. */
export function byId(id) {
  return document.getElementById(id);
}
