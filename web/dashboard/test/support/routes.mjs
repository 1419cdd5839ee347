// Every page of the dashboard, as src/routes.ts lists them.
import { build } from "esbuild";

/** The routes as the dashboard itself knows them. */
export async function allRoutes() {
  const { outputFiles } = await build({
    entryPoints: ["src/routes.ts"],
    bundle: true,
    platform: "node",
    format: "esm",
    external: ["*.svelte"],
    write: false,
  });
  const text = Buffer.from(outputFiles[0].contents).toString("base64");
  const { routes } = await import(`data:text/javascript;base64,${text}`);
  return routes;
}

/** An address for each page. Where a pattern has a parameter, `examples` says what fills it. */
export async function allAddresses(examples) {
  return (await allRoutes()).map(({ pattern }) => {
    const address = pattern.includes(":") ? examples[pattern] : pattern;
    if (address === undefined) throw new Error(`give an example of an address of ${pattern}`);
    return `#/${address}`;
  });
}
