// The page's picture in the tab, with how much there is to do.

const MOST = 9; // more digits cannot be read at the size of a tab
const link = document.querySelector("link[rel=icon]");
const plain = link?.href;

let drawing = null;
let shown = 0;

/** Return an SVG picture 32 units wide with a number in its corner; as it is for 0. */
export function numbered(svg, n) {
  if (!n) return svg;
  const words = n > MOST ? `${MOST}+` : String(n);
  const mark =
    '<circle cx="21" cy="21" r="10.2" fill="#b5341c" stroke="#fff" stroke-width="1.4"/>' +
    `<text x="21" y="${n > MOST ? 25.4 : 26.2}" fill="#fff" font-family="system-ui,sans-serif" font-size="${n > MOST ? 12 : 15}"` +
    ` font-weight="700" text-anchor="middle">${words}</text>`;
  return svg.replace(/<\/svg>\s*$/, `${mark}</svg>`);
}

/** Show a number on the picture; where the picture cannot be fetched it stays as it is. */
export async function badge(n) {
  if (!link || n === shown) return;
  shown = n;
  if (!n) {
    link.href = plain;
    return;
  }
  drawing ??= fetch(plain).then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(String(answer.status)))));
  try {
    const svg = await drawing;
    if (shown === n) link.href = `data:image/svg+xml,${encodeURIComponent(numbered(svg, n))}`;
  } catch {
    drawing = null;
    shown = 0; // the next number tries again
  }
}
