/** 15 letters and digits of which the case counts, or 18 that say the same for those who lose the case. */
export function isSalesforceId(text: string): boolean {
  return /^[A-Za-z0-9]{15}([A-Za-z0-9]{3})?$/.test(text);
}

/** The part of an id that tells it from others. */
export function shortId(id: string): string {
  return id.slice(0, 15);
}

/** An id with 18 characters, as the API gives it: the last three tell, for five characters each, which of them are capitals. */
export function longId(id: string): string {
  const short = shortId(id);
  const suffix = [0, 5, 10].map((from) => {
    const bits = [...short.slice(from, from + 5)].map((letter, index) => (/[A-Z]/.test(letter) ? 2 ** index : 0));
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[bits.reduce((sum, bit) => sum + bit, 0)];
  });
  return short + suffix.join("");
}
