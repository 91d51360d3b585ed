// Before the first paint, so that a dark page never flashes white; a file, because the policy allows no inline script.
let theme = new URLSearchParams(location.search).get("theme");
try {
  theme ??= JSON.parse(localStorage.getItem("tracker.settings") || "{}").theme;
} catch {
  // a frame on a page from elsewhere may be denied the storage
}
if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
