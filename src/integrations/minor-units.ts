import { currencyDigits } from "../scoring/money.ts";

/**
 * An amount in major units, as vendors write it (`1234.5` or `"1234.50"`), in minor units of its currency, halves away from zero. Shifted
 * as a decimal, so that 1.005 is not 1.00499…; null for what is no number or too large.
 */
export function minorUnitsOf(amount: number | string, currency: string): number | null {
  const text = String(amount).trim();
  if (!/^-?\d+(\.\d+)?$/.test(text)) return null;
  const shifted = Number(`${text}e${currencyDigits(currency)}`);
  const minor = Math.sign(shifted) * Math.round(Math.abs(shifted));
  return Number.isSafeInteger(minor) ? minor + 0 : null;
}
