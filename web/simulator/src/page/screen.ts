// Screen of the page, as far as page libraries read it: the QR code while it is not linked, and
// the frame of the application once it is.
import { pageKey, toBase64 } from "./account";
import { importNamespace } from "./loader";
import { squaresOf } from "./qr";

const SQUARE = 4;
const MARGIN = 4;

/** Draws after every change of the login. */
export function showScreen(): void {
  const conn = importNamespace("WAWebConnModel")["Conn"];
  const socket = importNamespace("WAWebSocketModel")["Socket"];
  const draw = (): void => {
    const frame = document.getElementById("app");
    if (!frame) return;
    switch (socket["state"]) {
      case "UNPAIRED":
        try {
          if (conn["ref"]) frame.replaceChildren(landing(code(conn["ref"]), false));
        } catch {
          // A page with a pairing code has no QR code.
        }
        return;
      case "UNPAIRED_IDLE":
        frame.replaceChildren(landing("", true));
        return;
      case "CONNECTED":
        frame.replaceChildren(application());
        return;
      default:
        return;
    }
  };
  conn.on("change:ref", draw);
  socket.on("change:state", draw);
}

/** The text of the QR code: the network's reference and the page's keys. */
function code(reference: string): string {
  const own = ["noise", "identity"].map((name) => toBase64(pageKey(name).pubKey));
  const secret: string = importNamespace("WAWebUserPrefsMultiDevice")["getADVSecretKey"]();
  const platform: string = importNamespace("WAWebCompanionRegClientUtils")["DEVICE_PLATFORM"];
  return [reference, ...own, secret, platform].join(",");
}

function element(name: string, classes: string, ...children: Element[]): HTMLElement {
  const made = document.createElement(name);
  made.className = classes;
  made.append(...children);
  return made;
}

function landing(text: string, spent: boolean): Element {
  const holder = element("div", "", canvas(text));
  holder.dataset["ref"] = text;
  if (spent) {
    const again = element("button", "");
    again.textContent = "Click to reload QR code";
    again.onclick = () => importNamespace("WAWebCmd")["Cmd"].refreshQR?.();
    holder.append(again);
  }
  return element("div", "", element("div", "landing-wrapper", holder));
}

function canvas(text: string): Element {
  const squares = text ? squaresOf(text) : [];
  const made = document.createElement("canvas");
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", "Scan this QR code to link a device!");
  made.width = made.height = (squares.length + 2 * MARGIN) * SQUARE;
  const brush = made.getContext("2d");
  if (!brush) return made;
  brush.fillStyle = "white";
  brush.fillRect(0, 0, made.width, made.height);
  brush.fillStyle = "black";
  squares.forEach((row, y) =>
    row.forEach((black, x) => {
      if (black) brush.fillRect((x + MARGIN) * SQUARE, (y + MARGIN) * SQUARE, SQUARE, SQUARE);
    }),
  );
  return made;
}

function application(): Element {
  const frame = element("div", "two");
  frame.tabIndex = -1;
  return element("div", "app-wrapper-web", frame);
}
