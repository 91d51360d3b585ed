// Before the first paint, so that a dark page never flashes white; a file, because the policy allows no inline script.
const theme = JSON.parse(localStorage.getItem("tracker.settings") || "{}").theme;
if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
