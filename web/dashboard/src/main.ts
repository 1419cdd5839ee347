import { mount } from "svelte";
import App from "./App.svelte";
// Shows the colours that were chosen before anything is drawn.
import "./lib/theme.svelte";
import "./styles/tokens.css";
import "./styles/base.css";

const target = document.getElementById("app");
if (target) mount(App, { target });
