// The merchant's colour, made as light or as dark as it takes to be read on this page's grounds.

const ENOUGH = 5; // to one; WCAG asks for 4.5, and grounds are tinted
const GROUNDS = { light: "#f6f6f3", dark: "#1a2127" };
const STEPS = 20;

function channels(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

function luminance(rgb) {
  const [r, g, b] = rgb.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Return the contrast of two colours, 1 to 21. */
export function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** Return `color` (#rrggbb) as a CSS colour that can be read in a theme. */
export function readable(color, theme) {
  const ground = channels(GROUNDS[theme]);
  const end = theme === "dark" ? 255 : 0;
  let rgb = channels(color);
  for (let step = 1; contrast(rgb, ground) < ENOUGH && step <= STEPS; step += 1) {
    rgb = channels(color).map((value) => Math.round(value + ((end - value) * step) / STEPS));
  }
  return `rgb(${rgb.join(" ")})`;
}

/** Show the page in the merchant's colour, whichever theme it is in. */
export function paint(color) {
  const root = document.documentElement;
  const apply = () => root.style.setProperty("--primary", readable(color, root.dataset.theme === "dark" ? "dark" : "light"));
  new MutationObserver(apply).observe(root, { attributeFilter: ["data-theme"] });
  apply();
}
