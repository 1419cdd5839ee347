// How Arabic counts: six forms, of which those for one and two need no digits.
import { inForm } from "../language";

/** A number with its word: one thing, two things, 3 to 10, 11 to 99, and all other numbers. */
export const count = (
  value: number, one: string, two: string, few: string, many: string, other = many,
): string => inForm(value, {
  zero: `# ${other}`,
  one,
  two,
  few: `# ${few}`,
  many: `# ${many}`,
  other: `# ${other}`,
});

export const seconds = (value: number): string =>
  count(value, "ثانية واحدة", "ثانيتين", "ثوانٍ", "ثانية");
export const minutes = (value: number): string =>
  count(value, "دقيقة واحدة", "دقيقتين", "دقائق", "دقيقة");
export const hours = (value: number): string =>
  count(value, "ساعة واحدة", "ساعتين", "ساعات", "ساعة");
export const days = (value: number): string =>
  count(value, "يوم واحد", "يومين", "أيام", "يومًا", "يوم");
