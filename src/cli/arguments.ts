import { InvalidArgumentError } from "commander";

/** Reads an id or a count: a whole number from 1. */
export function parseWholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d{1,15}$/.test(text) || value < 1) throw new InvalidArgumentError("Expected a whole number from 1.");
  return value;
}

/** Reads a calendar day. */
export function parseDay(text: string): string {
  const at = new Date(`${text}T00:00:00Z`);
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
  if (!isDay) throw new InvalidArgumentError("Expected a day such as 2026-01-31.");
  return text;
}
