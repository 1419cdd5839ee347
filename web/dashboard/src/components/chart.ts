// Draws a chart with uPlot, in the colours of the page. Fetched when the first chart is shown.
// Before uPlot, which makes a number format of navigator.language as it is loaded.
import "./known-language";
import uPlot from "uplot";
import { locale } from "../strings";

export interface Line {
  label: string;
  /** A colour of the tokens, such as `--accent`. */
  colour: string;
  values: number[];
}

export interface Drawn {
  height: number;
  lines: Line[];
  /** Seconds. */
  span: number;
  format: (value: number) => string;
  isBinary: boolean;
  onpoint: (index: number | null) => void;
}

/** What may lie between two marks: seconds of the time, counts, bytes. */
const TIMES = [60, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600];
const COUNTS = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((one) => one * 10 ** power))
  .flat();
const BYTES = Array.from({ length: 40 }, (_, step) => 2 ** step);
const SMALL = "11px system-ui, sans-serif";

export function draw(place: HTMLElement, drawn: Drawn, data: uPlot.AlignedData): uPlot {
  const { height, lines, span, format, isBinary, onpoint } = drawn;
  const [quiet, edge] = [colourOf(place, "--quiet"), colourOf(place, "--edge")];
  const axis = { stroke: quiet, font: SMALL, ticks: { show: false } };
  const hours = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
  const options: uPlot.Options = {
    width: place.clientWidth,
    height,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: {
      // Where nothing is known nothing is drawn: the axis does not hide it.
      x: { time: true, range: () => [Date.now() / 1_000 - span, Date.now() / 1_000] },
      y: { range: (_, _lowest, highest) => [0, Math.max(highest * 1.1, 1)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        incrs: TIMES,
        size: 22,
        space: 60,
        values: (_, marks) => marks.map((mark) => hours.format(mark * 1_000)),
      },
      {
        ...axis,
        grid: { stroke: edge, width: 1 },
        incrs: isBinary ? BYTES : COUNTS,
        size: 56,
        space: 28,
        values: (_, marks) => marks.map(format),
      },
    ],
    series: [{}, ...lines.map((line) => series(place, line))],
    hooks: { setCursor: [(plot) => onpoint(plot.cursor.idx ?? null)] },
  };
  return new uPlot(options, data, place);
}

/** Tells when the colours of the page change, until what is returned is called. */
export function onColours(change: () => void): () => void {
  const query = matchMedia("(prefers-color-scheme: dark)");
  query.addEventListener("change", change);
  const observer = new MutationObserver(change);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => {
    query.removeEventListener("change", change);
    observer.disconnect();
  };
}

function series(place: HTMLElement, line: Line): uPlot.Series {
  return {
    label: line.label,
    stroke: colourOf(place, line.colour),
    width: 1.5,
    // A value is of the time that ends with its sample: it holds until the next.
    ...(uPlot.paths.stepped && { paths: uPlot.paths.stepped({ align: -1 }) }),
    points: { show: false },
  };
}

/** A token as the canvas knows colours. */
function colourOf(place: HTMLElement, token: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  place.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}
