// How a page looks, and in which language: the choices of `kimono/appearance.html`.

const YEAR = 31_536_000;

/** Show light, dark, or what the system has. */
export function chooseTheme(theme) {
  document.dispatchEvent(new CustomEvent("kimono:theme", { detail: theme }));
}

/** Make the choices work. In a frame of another site (`embedded`) no cookie arrives: there the address says the language. */
export function wireAppearance({ embedded = false } = {}) {
  const themes = document.getElementById("theme-choice");
  const kept = themes.querySelector(`[value="${document.documentElement.dataset.themeChoice ?? "system"}"]`);
  if (kept) kept.checked = true;
  themes.addEventListener("change", (event) => chooseTheme(event.target.value));
  const speak = embedded ? speakByAddress : speakByCookie;
  document.getElementById("language-choice").addEventListener("change", (event) => speak(event.target.value));
}

function speakByAddress(language) {
  const here = new URL(window.location.href);
  here.searchParams.set("lang", language === "en" ? "en" : "zh");
  window.location.replace(here);
}

function speakByCookie(language) {
  const secure = window.location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `django_language=${language}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
  window.location.reload();
}
