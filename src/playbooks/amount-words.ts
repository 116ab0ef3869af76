const format = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });

/** A rough amount for people, in whole major units: `12,400 EUR`. */
export function amountWords(amount: number, currency: string): string {
  return `${format.format(amount)} ${currency}`;
}
