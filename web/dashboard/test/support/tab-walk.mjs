// A walk over a page by Tab, and what is wrong with it.

/** More stops than any page has. */
const MOST_STOPS = 400;

/**
 * Goes by Tab over what is within an element, and gives the faults: a
 * control that is not reached or is reached twice, an order that is not the order of reading, a
 * focus that is not seen.
 */
export async function walk(page, within) {
  await page.evaluate(prepare, within);
  for (let stop = 0; stop < MOST_STOPS; stop += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(() => globalThis.walk_.step())) {
      return page.evaluate(() => globalThis.walk_.faults());
    }
  }
  return [`the walk does not end after ${MOST_STOPS} stops`];
}

/** In the page: everything that the walk needs to know, in `walk_`. */
function prepare(within) {
  const CONTROLS = "a[href], button, input, select, textarea, summary, video[controls], [tabindex]";
  /** What can be done to a whole row stands in its corner, and comes after what is in the row. */
  const CORNER = "td.silent, .corner";
  const root = document.querySelector(within);
  const isSeen = (element) => element.checkVisibility({ visibilityProperty: true });
  const isControl = (element) => element.tabIndex >= 0 && !element.matches(":disabled")
    && !element.closest("[inert]") && isSeen(element);
  /** One of the radio buttons of a group takes the focus for all. */
  const groupOf = (element) =>
    (element.type === "radio" && element.name ? `radio ${element.name}` : element);
  const controls = () => new Set([...root.querySelectorAll(CONTROLS)].filter(isControl)
    .map(groupOf));
  const nameOf = (element) => {
    const label = element.labels?.[0]?.textContent ?? element.getAttribute("aria-label")
      ?? (element.textContent || element.getAttribute("name") || element.id);
    return `${element.localName} "${label.replace(/\s+/g, " ").trim().slice(0, 40)}"`;
  };
  /** What a focus may change: on the control, or on what is drawn for it. */
  const looksOf = (element) => {
    const around = [element, element.parentElement, element.closest("label"),
      element.nextElementSibling].filter(Boolean);
    return around.map((each) => {
      const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor, backgroundColor,
        transform } = getComputedStyle(each);
      const outline = outlineStyle === "none" ? "" : `${outlineWidth} ${outlineColor}`;
      return [outline, boxShadow, borderColor, backgroundColor, transform].join("; ");
    }).join(" | ");
  };
  const fixedIn = (element) => {
    for (let each = element; each; each = each.parentElement) {
      if (["fixed", "sticky"].includes(getComputedStyle(each).position)) return each;
    }
    return null;
  };
  const isMirrored = document.documentElement.dir === "rtl";
  /** Where an element is on the whole of what scrolls, so that scrolling between is no matter. */
  const placeOf = (element) => {
    const box = element.getBoundingClientRect();
    let [x, y] = [scrollX, scrollY];
    for (let each = element.parentElement; each && each !== document.documentElement;
      each = each.parentElement) {
      [x, y] = [x + each.scrollLeft, y + each.scrollTop];
    }
    const [left, right] = [box.left + x, box.right + x];
    const [start, end] = isMirrored ? [-right, -left] : [left, right];
    return { top: box.top + y, bottom: box.bottom + y, start, end, fixed: fixedIn(element) };
  };
  /** Whether the second one stands before the first one, as one reads. */
  const isBackwards = (first, second) => {
    if (first.fixed !== second.fixed) return false;
    const overlap = Math.min(first.bottom, second.bottom) - Math.max(first.top, second.top);
    const height = Math.min(first.bottom - first.top, second.bottom - second.top);
    if (overlap > height / 2) return second.end <= first.start + 1;
    // The next column begins at its top.
    return second.bottom <= first.top + 1 && second.start < first.end;
  };
  const isCovered = (element) => {
    const { left, right, top, bottom, width, height } = element.getBoundingClientRect();
    if (width < 2 || height < 2) return false;
    const inset = (from, to) => [0.5, 0.1, 0.9].map((part) => from + (to - from) * part);
    return !inset(left, right).some((x) => inset(top, bottom).some((y) => {
      const hit = document.elementFromPoint(x, y);
      return hit && (element.contains(hit) || hit.contains(element) || hit.labels
        || [...element.labels ?? []].some((label) => label.contains(hit)));
    }));
  };

  const faults = [];
  document.activeElement.blur();
  const before = new Map([...controls()]
    .map((each) => (typeof each === "string" ? [each] : [each, looksOf(each)])));
  const reached = new Set();
  let last = null;
  // Tab goes on from there.
  if (!root.hasAttribute("tabindex")) root.tabIndex = -1;
  root.focus({ preventScroll: true });
  globalThis.walk_ = {
    step() {
      const element = document.activeElement;
      if (!root.contains(element) || element === root) return true;
      if (element === last?.element) return false;
      const key = groupOf(element);
      if (reached.has(key)) faults.push(`reached twice: ${nameOf(element)}`);
      reached.add(key);
      const place = placeOf(element);
      if (last && !element.closest(CORNER) && isBackwards(last.place, place)) {
        faults.push(`${nameOf(element)} stands before ${last.name}, and is reached after it`);
      }
      const usual = before.get(key);
      if (usual !== undefined && usual === looksOf(element)) {
        faults.push(`the focus is not seen: ${nameOf(element)}`);
      }
      if (isCovered(element)) faults.push(`hidden while it has the focus: ${nameOf(element)}`);
      last = { element, name: nameOf(element), place };
      return false;
    },
    faults() {
      if (reached.size === 0) faults.push("Tab reaches nothing");
      for (const key of controls()) {
        if (!before.has(key) || reached.has(key)) continue;
        faults.push(`not reached: ${typeof key === "string" ? key : nameOf(key)}`);
      }
      return faults;
    },
  };
}
