import { mount } from "svelte";
import App from "./App.svelte";
// Shows the colours that were chosen before anything is drawn.
import "./lib/theme.svelte";
import { isMirrored, tag } from "./strings/language";
import { withWords } from "./strings/translated";
import "./styles/tokens.css";
import "./styles/base.css";

document.documentElement.lang = tag;
document.documentElement.dir = isMirrored ? "rtl" : "ltr";

const target = document.getElementById("app");
function show(): void {
  if (target) mount(App, { target });
}
// Where the words of another language do not come, English ones are better than none.
withWords(Promise.resolve()).then(show, show);
