// Names of operations in the reader's language. One that is not known here keeps its technical
// name: the gateway may be newer than the page.
import { locale } from "../../strings";
import { operations } from "../../strings/operations";

const isKnown = (operation: string): operation is keyof typeof operations =>
  Object.hasOwn(operations, operation);

export const nameOfOperation = (operation: string): string =>
  (isKnown(operation) ? operations[operation] : operation);

/** The operations to choose from, in the order of their names; the chosen one in any case. */
export function operationsByName(chosen: string): string[] {
  const { compare } = new Intl.Collator(locale);
  const all = Object.keys(operations);
  const more = chosen && !isKnown(chosen) ? [chosen] : [];
  return [...all, ...more].sort((one, other) =>
    compare(nameOfOperation(one), nameOfOperation(other)));
}
