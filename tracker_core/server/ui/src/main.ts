import "uplot/dist/uPlot.min.css";
import "./app.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { here } from "./lib/base";
import Embed from "./pages/Embed.svelte";

const target = document.getElementById("app")!;
const embedded = /^embed\/run\/([^/]+)\/?$/.exec(here());
if (embedded) mount(Embed, { target, props: { run: decodeURIComponent(embedded[1]!) } });
else mount(App, { target });
