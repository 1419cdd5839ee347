// Places as texts and as addresses of a map. Pure.
import type { Location } from "../../lib/api/chat-types";

type Point = Pick<Location, "latitude" | "longitude">;

/** About ten centimetres. */
const DIGITS = 6;

/** As maps and people take it: `52.520008, 13.404954`. */
export function coordinatesOf({ latitude, longitude }: Point): string {
  return [latitude, longitude].map((value) => Number(value.toFixed(DIGITS))).join(", ");
}

export function mapOf({ latitude, longitude }: Point): string {
  const [lat, lon] = [latitude, longitude].map((value) => String(Number(value.toFixed(DIGITS))));
  return `https://www.openstreetmap.org/?mlat=${lat}&mlon=${lon}#map=16/${lat}/${lon}`;
}
